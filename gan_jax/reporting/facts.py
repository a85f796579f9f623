"""What a run directory says, read so that nothing in it can be too broken to make a page of the rest."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gan_jax import settings
from gan_jax.errors import UserError

CONFIGS = Path(__file__).parents[2] / "configs"
BESIDE = 6  # pictures of one part of an evaluation
HUGE = 1e30  # of a loss: not a number that a curve can show


class Point(NamedTuple):
    """A number at a step; nan where it was none."""

    step: int
    value: float


class Facts(NamedTuple):
    """All that a page is made of. `notes` are lines about what could not be read."""

    name: str
    config: dict[str, Any]
    default: dict[str, Any] | None
    series: dict[str, list[Point]]
    warnings: list[dict[str, Any]]
    sheets: list[tuple[int, Path]]
    evaluation: Mapping[str, Any] | None
    beside: dict[str, list[Path]]  # pictures of the evaluation, in folders named like its parts
    starts: list[Mapping[str, Any]]
    notes: list[str]

    @property
    def step(self) -> int:
        """The last step that anything is known of."""
        told = [points[-1].step for points in self.series.values()]
        return max([*told, *(step for step, _ in self.sheets)], default=0)


def read(workdir: Path) -> Facts:
    """The facts of a run that is finished, training, or broken in parts.

    Raises:
        UserError: there is no such directory.
    """
    if not workdir.is_dir():
        raise UserError(f"--workdir={workdir}: there is no such directory; name a --workdir of training")
    notes: list[str] = []
    config = _config(workdir / "config.json", notes)
    series, warnings = _metrics(workdir / "metrics.jsonl", notes)
    evaluation = _evaluation(workdir / "evaluation.json", notes)
    return Facts(
        name=workdir.resolve().name or str(workdir),
        config=config,
        default=_default(config),
        series=series,
        warnings=warnings,
        sheets=_sheets(workdir / "samples"),
        evaluation=evaluation,
        beside={key: _beside(workdir / key) for key in evaluation or {} if key.isidentifier()},
        starts=[line for line in _lines(workdir / "starts.jsonl", notes) if isinstance(line, dict)],
        notes=notes,
    )


def _config(path: Path, notes: list[str]) -> dict[str, Any]:
    try:
        return settings.leaves(settings.from_json(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        notes.append("config.json is not there: training writes it before its first step")
    except (UserError, OSError, ValueError, RecursionError) as error:
        notes.append(f"config.json cannot be read: {error}")
    return {}


def _default(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """What configs/<gan>.py says without a variant, where these files are installed."""
    name = config.get("gan")
    path = CONFIGS / f"{name}.py"
    if not isinstance(name, str) or not name.isidentifier() or not path.is_file():
        return None
    try:
        return settings.leaves(settings.load(str(path)))
    except UserError:
        return None


def _lines(path: Path, notes: list[str]) -> list[Any]:
    """Each line as JSON; those that are none are counted in a note."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        notes.append(f"{path.name} cannot be read: {error.strerror}")
        return []
    found, broken = [], 0
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            broken += 1
    if broken:
        notes.append(f"{path.name}: {broken} of {broken + len(found)} lines cannot be read and are left out")
    return found


def _metrics(path: Path, notes: list[str]) -> tuple[dict[str, list[Point]], list[dict[str, Any]]]:
    series: dict[str, list[Point]] = {}
    warnings = []
    for line in _lines(path, notes):
        if not isinstance(line, dict) or not _is_step(line.get("step")):
            continue
        if "warning" in line:
            warnings.append(line)
            continue
        for name, value in line.items():
            if name != "step" and (value is None or _is_number(value)):
                sound = value is not None and abs(value) < HUGE  # false for nan too
                series.setdefault(name, []).append(Point(line["step"], float(value) if sound else math.nan))
    return {name: sorted(points) for name, points in series.items()}, warnings


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_step(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15


def _sheets(folder: Path) -> list[tuple[int, Path]]:
    found = []
    for path in folder.glob("step_*.png"):
        digits = path.stem.removeprefix("step_")
        if digits.isdecimal() and path.is_file():
            found.append((int(digits), path))
    return sorted(found)


def _evaluation(path: Path, notes: list[str]) -> Mapping[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        notes.append(f"evaluation.json cannot be read: {error}")
        return None
    return found if isinstance(found, dict) else None


def _beside(folder: Path) -> list[Path]:
    """The newest pictures of a folder, by name."""
    return sorted(path for path in folder.glob("*.png") if path.is_file())[-BESIDE:]
