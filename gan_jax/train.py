"""Training from its first line to its last: data, the run directory, signals, and the loop among them."""

import contextlib
import time
from pathlib import Path

import jax
from ml_collections import ConfigDict

from gan_jax import agenda, compiler, data, neighbours, run, settings, signals
from gan_jax.progress import Display
from gan_jax.training import LATE, Training

__all__ = ["LATE", "Training", "train"]


def train(config: ConfigDict, workdir: str | Path, begun: float | None = None, program: bool = False) -> int:
    """Train the game of a config in a run directory, or go on with the run that is there.

    Returns the exit status: 0 when all steps are done; with the state saved, 128 + the signal after Ctrl-C or SIGTERM,
    and LATE after `config.max_hours`, counted from `begun` on the clock `time.monotonic` (default: now). A `program`,
    which does nothing else, ends at once by a signal that comes before its first round is compiled.

    Raises:
        UserError: unusable data, a directory of another run or in use, a non-finite loss, a full disk or memory.
    """
    begun = time.monotonic() if begun is None else begun
    workdir, leads = Path(workdir), jax.process_index() == 0
    display = Display(silent=not leads)
    with contextlib.closing(display), signals.watched(display.say, program) as stop:
        source = data.source(config.data)
        config = settings.complete(agenda.settled(config, source))
        with neighbours.watched(workdir), run.claimed(workdir) if leads else contextlib.nullcontext():
            changes = run.changes(workdir, config)
            display.say(data.describe(source))
            for change in changes:
                display.say(f"config changed since the last start: {change}")
            with (
                compiler.memory(),
                contextlib.closing(Training(config, workdir, source, display, begun)) as training,
            ):
                return training.loop(stop)
