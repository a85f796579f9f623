"""The run directory: it holds everything and explains itself. config.json, metrics.jsonl, samples/, checkpoints/."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from ml_collections import ConfigDict

from gan_jax import disk, images, settings
from gan_jax.errors import UserError
from gan_jax.grids import Sheet
from gan_jax.monitors import Event

LAYOUT = "gan_jax layout"
# What may change when a run goes on: how long, and how often to look. Everything else would make it another experiment.
FREE = frozenset(
    [
        *("steps", "epochs", "log_every", "sample_every", "checkpoint_every", "evaluate_every"),
        *("sample_pictures", "keep", "best_metric", "tensorboard", "data.workers", "data.test_pictures"),
        "init_from",  # looked at when a run begins, and not again
        *settings.HOW,  # the same gradients, however the work is done
    ]
)


@contextmanager
def claimed(workdir: Path) -> Iterator[None]:
    """Hold a run directory for one process; the lock goes with the process, however it ends.

    Raises:
        UserError: a live process holds it, or it cannot be made.
    """
    lock = FileLock(workdir / ".lock")
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UserError(
            f"--workdir={workdir} is in use by a running process: wait for it, stop it, or name another directory"
        ) from error
    except OSError as error:
        raise UserError(
            f"--workdir={workdir} cannot be used: {error.strerror}; name another directory"
        ) from error
    try:
        yield
    finally:
        lock.release()


def changes(workdir: Path, config: ConfigDict) -> list[str]:
    """Hold a config against the config.json of a run that is there: the permitted changes, a line each.

    Keys that the run had not yet count as what it did without them.

    Raises:
        UserError: the directory holds a run with another config; the message shows the difference.
    """
    path = workdir / "config.json"
    if not path.exists():
        return []
    try:
        before = settings.complete(settings.from_json(path.read_text(encoding="utf-8")))
    except (UserError, OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): restore it or name another --workdir") from error
    config = settings.complete(config)
    different = settings.difference(before, config, ignore=FREE)
    if different:
        raise UserError(
            f"--workdir={workdir} holds a run with another config ({'; '.join(different)}): "
            "repeat that config, or name another directory"
        )
    return settings.difference(before, config)


def remember(workdir: Path, config: ConfigDict) -> None:
    """Write config.json. Raises UserError when the disk does not take it."""
    write(workdir / "config.json", settings.to_json(config))


def set_aside(workdir: Path) -> None:
    """Keep the metrics of a run whose checkpoints are all broken, as metrics.jsonl.broken."""
    log = workdir / "metrics.jsonl"
    if log.exists():
        log.replace(workdir / "metrics.jsonl.broken")


def write(path: Path, text: str) -> None:
    """Write a whole text file or nothing: a reader never sees half of it.

    Raises:
        UserError: the disk does not take it.
    """
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):  # half of it takes what little room there is
            unfinished.unlink(missing_ok=True)
        raise _unwritten(path, error) from error


class Log:
    """metrics.jsonl, one JSON object a line, each with its step; and samples/, a picture for each step shown."""

    def __init__(self, workdir: Path, step: int | None) -> None:
        """Go on from `step`: later lines, left by a run that was stopped, are dropped and will be written again.

        `step` None is a new run: nothing is kept. What a process that was killed has half written goes too.
        """
        self._path, self._samples = workdir / "metrics.jsonl", workdir / "samples"
        for half in (*workdir.glob(".*.part"), *self._samples.glob(".*.part")):
            with suppress(OSError):
                half.unlink()
        self._file = self._upto(-1 if step is None else step)

    def write(self, step: int, values: dict[str, float]) -> None:
        """Append one line; what is not finite becomes null, as JSON asks.

        Raises:
            UserError: the disk does not take it.
        """
        self._append({"step": step, **values})

    def tell(self, event: Event) -> None:
        """Append a line of what a monitor noticed: "warning" is its name. Raises UserError as `write` does."""
        self._append({"step": event.step, **event.record()})

    def _append(self, record: Mapping[str, Any]) -> None:
        finite = {name: _finite(value) for name, value in record.items()}
        line = json.dumps(finite).encode() + b"\n"
        written = 0
        try:
            while written < len(line):  # a disk that is nearly full takes a part, and only then says so
                written += self._file.write(line[written:])
        except OSError as error:
            with suppress(OSError):  # half a line is none, and the whole may be tried again
                self._file.truncate(self._file.tell() - written)
            raise _unwritten(self._path, error) from error

    def show(self, step: int, sheet: Sheet) -> None:
        """Write samples/step_<step>.png, its layout among the texts of the file, as JSON under LAYOUT.

        Raises UserError when the disk does not take it.
        """
        about = {LAYOUT: json.dumps(sheet.layout)} if sheet.layout else {}
        images.write(self._samples / f"step_{step:07d}.png", sheet.pixels, about=about)

    def drop(self, step: int) -> None:
        """Drop the lines of this step and later ones: it is played again. Raises UserError as `write` does."""
        self._file.close()
        self._file = self._upto(step - 1)

    def flush(self) -> None:
        """Nothing waits: each line is in the file when `write` returns."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _upto(self, step: int) -> FileIO:
        kept = [line for line in _lines(self._path) if _step(line) <= step]
        write(self._path, "".join(f"{line}\n" for line in kept))
        return self._path.open("ab", buffering=0)  # a line is in the file, whole, when `write` returns


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []


def _step(line: str) -> float:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf  # half a line, of a process that was killed while writing it


def _unwritten(path: Path, error: OSError) -> UserError:
    message = f"{path} could not be written ({error.strerror}): the run's checkpoints are kept; "
    return disk.unwritten(message + "make room and give the same command again", error)
