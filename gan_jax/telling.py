"""What a run tells while it goes: lines on the console, metrics.jsonl and its company, and what the monitors notice."""

import copy
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from gan_jax import records
from gan_jax.grids import Sheet
from gan_jax.monitors import Event, Finding, Watch
from gan_jax.progress import Display, Pace, status


class Telling:
    """For one process, from the step at which it begins."""

    def __init__(
        self, config: ConfigDict, workdir: Path, display: Display, step: int, facts: Mapping[str, Any] | None
    ) -> None:
        """`facts` came with the checkpoint of that step: `seconds` already trained, `watch`; None: the run begins.

        Raises:
            UserError: the disk takes no records, or TensorBoard is asked for and not installed.
        """
        self.config, self.display = config, display
        self._begun, self._before = time.monotonic(), (facts or {}).get("seconds", 0.0)
        self.watch, self.pace = Watch(config.get("adversarial", ""), (facts or {}).get("watch")), Pace(step)
        self.heard, self._before_round = step, self.watch.state
        self._skips: list[Event] = []
        leads = jax.process_index() == 0
        since = None if facts is None else step
        self.records = records.opened(config, workdir, since, display.say) if leads else records.Records([])

    def seconds(self) -> float:
        """How long the run has been trained, in all its processes."""
        return float(self._before + time.monotonic() - self._begun)

    def hear(self, step: int, values: dict[str, float]) -> None:
        """The scalars that one round reported, for the monitors."""
        self.heard, self._before_round = step, copy.deepcopy(self.watch.state)
        self.tell(self.watch.hear(step, values))

    def skip(self, event: Event) -> None:
        """A batch is passed over: what was told of its round is dropped, but for others passed over at that step."""
        if self.heard == event.step:
            self.watch = Watch(self.config.get("adversarial", ""), self._before_round)
        self.pace = Pace(event.step - 1)
        self.records.drop(event.step)
        self.display.say(event.line())
        self._skips = [*(other for other in self._skips if other.step == event.step), event]
        for one in self._skips:
            self.records.tell(one)

    def see(self, step: int, findings: list[Finding]) -> None:
        """What a look at the pictures found."""
        self.tell(self.watch.see(step, findings))

    def tell(self, events: list[Event]) -> None:
        """What was noticed: a line on the console, in metrics.jsonl and in the report."""
        for event in events:
            self.display.say(event.line())
            self.records.tell(event)

    def log(self, step: int, values: dict[str, float]) -> None:
        """The scalars of a round, with speed and time."""
        speed = {"images/s": self._rate(), "seconds": self.seconds()}
        self.records.write(step, values | speed)
        self.status(step, values)

    def judged(self, step: int, metrics: dict[str, float]) -> None:
        """Metrics of the test pictures."""
        self.records.write(step, {f"test/{name}": value for name, value in metrics.items()})

    def show(self, step: int, sheet: Sheet) -> None:
        """The test pictures themselves."""
        self.records.show(step, sheet)

    def status(self, step: int, values: dict[str, float]) -> None:
        """One line that comes and goes."""
        steps = self.config.steps
        self.display.update(status(step, steps, values, self._rate(), self.pace.left(steps)))

    def flush(self) -> None:
        """Write what waits for room on the disk. Raises UserError when there is none."""
        self.records.flush()

    def close(self) -> None:
        """There is no more."""
        self.records.close()

    def _rate(self) -> float:
        return self.config.batch_size * self.pace.rate()
