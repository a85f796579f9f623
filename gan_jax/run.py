"""The run directory: it holds everything and explains itself. config.json, metrics.jsonl, samples/, checkpoints/."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from ml_collections import ConfigDict

from gan_jax import settings
from gan_jax.errors import UserError

# What may change when a run goes on: how long, and how often to look. Everything else would make it another experiment.
FREE = frozenset(
    [
        *(
            "steps",
            "epochs",
            "log_every",
            "sample_every",
            "sample_pictures",
            "checkpoint_every",
            "evaluate_every",
        ),
        *("keep", "best_metric", "data.workers", "data.test_pictures"),
    ]
)


@contextmanager
def claimed(workdir: Path) -> Iterator[None]:
    """Hold a run directory for one process; the lock goes with the process, however it ends.

    Raises:
        UserError: a live process holds it, or it cannot be made.
    """
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(workdir / ".lock")
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


def remember_config(workdir: Path, config: ConfigDict) -> list[str]:
    """Write config.json, or hold the config against the one there; returns the permitted changes, a line each.

    Raises:
        UserError: the directory holds a run with another config; the message shows the difference.
    """
    path = workdir / "config.json"
    changes = []
    if path.exists():
        try:
            before = settings.from_json(path.read_text())
        except (UserError, UnicodeDecodeError) as error:
            raise UserError(
                f"{path} cannot be read ({error}): restore it or name another --workdir"
            ) from error
        different = settings.difference(before, config, ignore=FREE)
        if different:
            raise UserError(
                f"--workdir={workdir} holds a run with another config ({'; '.join(different)}): "
                "repeat that config, or name another directory"
            )
        changes = settings.difference(before, config)
    write(path, settings.to_json(config))
    return changes


def write(path: Path, text: str) -> None:
    """Write a whole text file or nothing: a reader never sees half of it."""
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.write_text(text)
    unfinished.replace(path)


class Log:
    """metrics.jsonl: one JSON object a line, each with its step."""

    def __init__(self, path: Path, step: int) -> None:
        """Go on from `step`: later lines, left by a run that was stopped, are dropped and will be written again."""
        lines = path.read_text().splitlines() if path.exists() else []
        kept = [line for line in lines if _step(line) <= step]
        write(path, "".join(f"{line}\n" for line in kept))
        self._file = path.open("a")

    def write(self, step: int, values: dict[str, Any]) -> None:
        """Append one line, at once on disk for readers."""
        self._file.write(json.dumps({"step": step, **values}) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _step(line: str) -> float:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")  # half a line, of a process that was killed while writing it
