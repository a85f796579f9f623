"""The loop: batch -> round -> log -> sample -> evaluate -> checkpoint."""

import math
import time
from collections import deque
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import jax
from jaxtyping import Array
from ml_collections import ConfigDict

from gan_jax import compiler, data, game, images, run, sharding, signals
from gan_jax.checkpoint import Checkpoints, Restored
from gan_jax.errors import UserError
from gan_jax.metrics.judge import judge
from gan_jax.progress import Display, status
from gan_jax.show import grid, shower

UNCHECKED = 50  # rounds at most between two looks for non-finite losses


def train(config: ConfigDict, workdir: str | Path) -> int:
    """Train the game of a config in a run directory, or go on with the run that is there.

    Returns the exit status: 0 when all steps are done, 128 + the signal after Ctrl-C or SIGTERM, the state saved.

    Raises:
        UserError: unusable data, a directory of another run or in use, a non-finite loss, a disk that is full.
    """
    workdir = Path(workdir)
    source = data.source(config.data)
    config = settled(config, source)
    with run.claimed(workdir), signals.watched() as stop:
        changes = run.remember_config(workdir, config)
        try:
            return Training(config, workdir, source, changes).loop(stop)
        except OSError as error:
            raise UserError(
                f"{error.filename or workdir} could not be written ({error.strerror}): the checkpoints in "
                f"{workdir / 'checkpoints'} are kept; make room and give the same command again"
            ) from error


def settled(config: ConfigDict, source: data.Source) -> ConfigDict:
    """The config with `steps` known: `steps` of 0 means `epochs`, whose learning rate then falls once an epoch."""
    config = config.copy_and_resolve_references()
    if not config.steps:
        epoch = data.steps_per_epoch(source, config)
        config.update({"steps": config.epochs * epoch, "rate_every": epoch})
    return config.lock()


class Training:
    """A run in progress: what the loop holds between steps."""

    def __init__(self, config: ConfigDict, workdir: Path, source: data.Source, changes: list[str]) -> None:
        """Build the game, place the state on the devices, and restore the newest checkpoint where there is one."""
        self.config, self.workdir, self.source = config, workdir, source
        self.display = Display()
        self.display.say(data.describe(source))
        for change in changes:
            self.display.say(f"config changed since the last start: {change}")
        self.game = import_module(f"gan_jax.gans.{config.gan}").game(config)
        self.test = data.test_pictures(source, config)
        self.mesh = sharding.mesh(config.batch_size)
        initial, self.key, self.show_key = jax.random.split(jax.random.key(config.seed), 3)
        self.state = sharding.replicate(self.mesh, game.init(self.game, initial)._replace(step=()))._replace(
            step=0
        )
        self.checkpoints = Checkpoints(workdir / "checkpoints", config.keep, config.best_metric)
        self.before = self._restore()
        self.log = run.Log(workdir / "metrics.jsonl", self.state.step)
        self.show = shower(self.game)
        self.unchecked: deque[tuple[int, dict[str, Array]]] = deque()
        self.metrics: dict[str, float] = {}

    def _restore(self) -> float:
        """Seconds already trained."""
        restored: Restored | None = self.checkpoints.restore(self.state)
        if restored is None:
            return 0.0
        for aside in restored.broken:
            self.display.say(f"a checkpoint could not be read and was set aside: {aside}")
        self.state = restored.state
        self.display.say(f"going on from step {self.state.step:,} in {self.workdir}")
        return restored.facts.get("seconds", 0.0)

    def loop(self, stop: signals.Stop) -> int:
        """Play rounds until the last step or a signal."""
        config, play = self.config, game.play(self.game, compiler_options=compiler.options())
        self.started, self.first = time.monotonic(), self.state.step
        if self.state.step == 0:
            self._sample()
        batches = self._batches()
        while self.state.step < config.steps and stop.signal is None:
            self.state, log = play(self.state, next(batches), self.key)
            step = self.state.step
            self.unchecked.append((step, log))
            if due(config.log_every, step) or step == config.steps:
                self._log(log)
            elif len(self.unchecked) >= UNCHECKED or step < self.first + 5:
                self._check()
                self._show_status(log)
            if due(config.evaluate_every, step) or (step == config.steps and config.evaluate_every):
                self._evaluate()
            if due(config.sample_every, step) or step == config.steps:
                self._sample()
            if due(config.checkpoint_every, step):
                self._save()
        return self._finish(stop)

    def _batches(self) -> Iterator[Any]:
        """Batches on the devices, one ahead, so that copying one overlaps with the round that plays the other."""
        ahead: deque[Any] = deque()
        share = {"process_index": jax.process_index(), "process_count": jax.process_count()}
        for batch in data.batches(self.source, self.config, start=self.state.step, **share):
            ahead.append(sharding.split(self.mesh, batch))
            if len(ahead) > 1:
                yield ahead.popleft()

    def _finish(self, stop: signals.Stop) -> int:
        self._check()
        if self.state.step not in self.checkpoints.steps():
            self._save()
        self.checkpoints.close()
        self.log.close()
        if stop.signal is not None:
            self.display.say(
                f"stopped and saved at step {self.state.step:,}: the same command goes on from there"
            )
            return 128 + stop.signal
        self.display.say(f"done: {self.config.steps:,} steps, everything is in {self.workdir}")
        return 0

    def _seconds(self) -> float:
        return self.before + time.monotonic() - self.started

    def _rate(self) -> float:
        """Rounds per second of this process, over all of its rounds."""
        return (self.state.step - self.first) / (time.monotonic() - self.started)

    def _check(self) -> None:
        """Raises UserError for a loss or gradient since the last look that is not finite; no later state is saved."""
        while self.unchecked:
            step, log = self.unchecked.popleft()
            for name, value in jax.device_get(log).items():
                if not math.isfinite(value):
                    self.checkpoints.close()
                    kept = self.checkpoints.steps()
                    raise UserError(
                        f"{name} became {value} at step {step:,}: training stopped"
                        + (f", the checkpoint of step {kept[-1]:,} is kept" if kept else "")
                        + "; try a lower --config.learning_rate, or look at the pictures of that step"
                    )

    def _log(self, log: dict[str, Array]) -> None:
        self._check()
        values = {name: float(value) for name, value in sorted(jax.device_get(log).items())}
        speed = {"images/s": self.config.batch_size * self._rate(), "seconds": self._seconds()}
        self.log.write(self.state.step, values | speed)
        self._show_status(log)

    def _show_status(self, log: dict[str, Array]) -> None:
        rate, steps = self._rate(), self.config.steps
        values = {name: float(value) for name, value in sorted(jax.device_get(log).items())}
        left = (steps - self.state.step) / rate
        self.display.update(status(self.state.step, steps, values, self.config.batch_size * rate, left))

    def _shown(self) -> dict[str, Any]:
        self._check()
        return self.show(self.state, self.test, self.show_key, self.config.batch_size)

    def _evaluate(self) -> None:
        self.metrics = judge(self._shown(), self.test, self.source.paired_test)
        self.log.write(self.state.step, {f"test/{name}": value for name, value in self.metrics.items()})

    def _sample(self) -> None:
        picture = grid(self.game, self.config, self.test, self._shown(), self.config.sample_pictures)
        images.write(self.workdir / "samples" / f"step_{self.state.step:07d}.png", picture)

    def _save(self) -> None:
        self._check()
        position = {"seconds": self._seconds(), "batches": self.state.step}
        self.checkpoints.save(self.state, position, self.metrics)


def due(every: int, step: int) -> bool:
    """Whether something done every so many steps is done after this one; 0 is never."""
    return every > 0 and step % every == 0
