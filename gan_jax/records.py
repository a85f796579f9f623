"""Everything that keeps what a run tells: metrics.jsonl and samples/, report.html, TensorBoard if asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ml_collections import ConfigDict

from gan_jax import checkpoint, run, tensorboard
from gan_jax.grids import Sheet
from gan_jax.metrics.score import shown
from gan_jax.monitors import Event
from gan_jax.patient import Patient
from gan_jax.reporting.keeper import Page


class Keeper(Protocol):
    """One of them."""

    def write(self, step: int, values: dict[str, float]) -> None:
        """Numbers of a step."""

    def tell(self, event: Event) -> None:
        """What a monitor noticed."""

    def show(self, step: int, sheet: Sheet) -> None:
        """A sheet of pictures."""

    def drop(self, step: int) -> None:
        """What was told of this step and later ones counts no longer."""

    def flush(self) -> None:
        """Write what waits. Raises UserError when the disk does not take it."""

    def close(self) -> None:
        """There is no more."""


class Records:
    """All keepers as one; none on hosts that do not lead."""

    def __init__(self, keepers: list[Keeper]) -> None:
        """They are told in this order."""
        self._keepers = keepers

    def write(self, step: int, values: dict[str, float]) -> None:
        """Numbers of a step. Raises UserError when the disk does not take them; so does all that follows."""
        for keeper in self._keepers:
            keeper.write(step, values)

    def tell(self, event: Event) -> None:
        """What a monitor noticed."""
        for keeper in self._keepers:
            keeper.tell(event)

    def show(self, step: int, sheet: Sheet) -> None:
        """A sheet of pictures."""
        for keeper in self._keepers:
            keeper.show(step, sheet)

    def drop(self, step: int) -> None:
        """What was told of this step and later ones counts no longer. Raises UserError as `write` does."""
        for keeper in self._keepers:
            keeper.drop(step)

    def flush(self) -> None:
        """Write what waits for room on the disk. Raises UserError when there is none."""
        for keeper in self._keepers:
            keeper.flush()

    def close(self) -> None:
        """There is no more."""
        for keeper in self._keepers:
            keeper.close()


def opened(config: ConfigDict, workdir: Path, step: int | None, say: Callable[[str], None]) -> Records:
    """The records of a run that goes on from `step`, or begins when that is None; `say` is for the console.

    Raises:
        UserError: TensorBoard is asked for and not installed, or the disk takes nothing.
    """
    events: list[Keeper] = [tensorboard.Events(workdir, step)] if config.tensorboard else []
    log: Keeper = run.Log(workdir, step)
    if config.on_full_disk == "wait":
        log = Patient(log, say)
    return Records([*events, log, Page(workdir, say)])  # the page reads what the log wrote


def outcome(checkpoints: Path, metric: str) -> str:
    """ "ssim/back_y: best 0.8934 at step 9,000, last 0.8810 at step 10,000"; "" where none was judged by it."""
    best = checkpoint.best(checkpoints, metric) if metric else None
    if best is None:
        return ""
    last = checkpoint.steps(checkpoints)[-1]
    told = [
        f"{name} {shown(value)} at step {step:,}"
        for name, step in (("best", best), ("last", last))
        if (value := checkpoint.about(checkpoints / str(step)).get("metrics", {}).get(metric)) is not None
    ]
    return f"{metric}: {', '.join(told)}"
