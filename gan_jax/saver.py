"""Checkpoints while a run goes on: on a full disk it stops, or waits for room, as the config says."""

import time
from collections.abc import Callable
from typing import Any

from gan_jax.checkpoint import Checkpoints
from gan_jax.errors import FullDisk
from gan_jax.game import State

AGAIN = 60.0  # seconds until a checkpoint that did not fit is tried again


class Saver:
    """What does not fit is not kept: the newest state is what is saved as soon as there is room."""

    def __init__(
        self, checkpoints: Checkpoints, step: int, patient: bool, say: Callable[[str], None]
    ) -> None:
        """`step` is that of the newest checkpoint, if any; `patient` runs wait for room."""
        self.checkpoints, self.step = checkpoints, step
        self._patient, self._say = patient, say
        self._again: float | None = None  # when to try, on a disk that was full

    def save(self, state: State, facts: dict[str, Any], metrics: dict[str, float]) -> None:
        """Start to write, once what was started before is done. Raises UserError when that could not be written."""
        self._bear(self.checkpoints.wait)
        self.step = state.step
        self.checkpoints.save(state, facts, metrics)

    def check(self) -> None:
        """Raises UserError when what was started could not be written, and does not wait for that."""
        self._bear(self.checkpoints.check)

    def wait(self) -> None:
        """Wait until what was started is on disk. Raises UserError when it could not be written, patient or not."""
        self.checkpoints.wait()
        self._tell()

    def due(self) -> bool:
        """Whether it is time to try again what did not fit."""
        return self._again is not None and self.step < 0 and time.monotonic() >= self._again

    def _bear(self, write: Callable[[], None]) -> None:
        try:
            write()
        except FullDisk as error:
            if not self._patient:
                raise
            if self._again is None:
                self._say(f"{str(error).partition(';')[0]}: training goes on, and tries again once a minute")
            self.step, self._again = -1, time.monotonic() + AGAIN
        self._tell()

    def _tell(self) -> None:
        if self._again is not None and self.step >= 0 and self.checkpoints.idle:
            self._again = None
            self._say(f"there is room again: saved at step {self.step:,}")
