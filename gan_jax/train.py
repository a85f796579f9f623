"""The loop: batch -> round -> log -> look -> checkpoint."""

import contextlib
import time
from collections import deque
from pathlib import Path

import jax
from jaxtyping import Array
from ml_collections import ConfigDict

from gan_jax import (
    agenda,
    compiler,
    data,
    engine,
    finite,
    game,
    neighbours,
    records,
    run,
    settings,
    sharding,
    signals,
    starts,
    warm_start,
)
from gan_jax.checkpoint import Checkpoints
from gan_jax.errors import UserError
from gan_jax.monitors import Event, Watch, not_finite
from gan_jax.progress import Display, Pace, status
from gan_jax.viewer import Viewer

UNCHECKED = 50  # rounds at most between two looks for non-finite losses


def train(config: ConfigDict, workdir: str | Path) -> int:
    """Train the game of a config in a run directory, or go on with the run that is there.

    Returns the exit status: 0 when all steps are done, 128 + the signal after Ctrl-C or SIGTERM, the state saved.

    Raises:
        UserError: unusable data, a directory of another run or in use, a non-finite loss, a full disk or memory.
    """
    workdir, leads = Path(workdir), jax.process_index() == 0
    display = Display(silent=not leads)
    with contextlib.closing(display), signals.watched(display.say) as stop:
        source = data.source(config.data)
        config = settings.complete(agenda.settled(config, source))
        with neighbours.watched(workdir), run.claimed(workdir) if leads else contextlib.nullcontext():
            changes = run.changes(workdir, config)
            display.say(data.describe(source))
            for change in changes:
                display.say(f"config changed since the last start: {change}")
            with (
                compiler.memory(),
                contextlib.closing(Training(config, workdir, source, display)) as training,
            ):
                return training.loop(stop)


class Training:
    """A run in progress: what the loop holds between steps."""

    def __init__(self, config: ConfigDict, workdir: Path, source: data.AnySource, display: Display) -> None:
        """Build the game, place the state on the devices, and restore the newest checkpoint where there is one."""
        self.config, self.workdir, self.source, self.display = config, workdir, source, display
        self.leads = jax.process_index() == 0
        self.game, self.mesh = engine.made(config), engine.mesh(config)
        initial, self.key, show_key = jax.random.split(jax.random.key(config.seed), 3)
        self.viewer = Viewer(self.game, config, source, show_key, sharding.replicated(self.mesh))
        display.say("compiling the networks ...")
        self.state = engine.placed(self.mesh, config, game.init(self.game, initial))
        fixed = set(self.game.players).difference(*(move.players for move in game.moves(self.game)))
        self.checkpoints = Checkpoints(workdir / "checkpoints", config.keep, config.best_metric, fixed)
        self.watch = Watch(config.get("adversarial", ""))
        self.before = self._restore()  # seconds already trained; None for a run that begins
        if self.before is None:
            self.state = warm_start.begin(config, self.state, display.say)
        self.saved = self.state.step
        self.started, self.pace = time.monotonic(), Pace(self.state.step)
        step = None if self.before is None else self.state.step
        self.records = (
            records.opened(config, workdir, step, display.say) if self.leads else records.Records([])
        )
        self.unchecked: deque[tuple[int, dict[str, Array]]] = deque()
        self.judged: tuple[int, dict[str, float]] = (-1, {})

    def _restore(self) -> float | None:
        restored = self.checkpoints.restore(self.state)
        if restored is None:
            return None
        for aside in restored.broken:
            self.display.say(f"a checkpoint could not be read and was set aside: {aside}")
        if not restored.facts:
            if self.leads:
                run.set_aside(self.workdir)
            self.display.say(f"no checkpoint in {self.workdir} can be read: the run begins anew")
            return None
        self.state = restored.state
        self.watch = Watch(self.config.get("adversarial", ""), restored.facts.get("watch"))
        self.display.say(f"going on from step {self.state.step:,} in {self.workdir}")
        return restored.facts.get("seconds", 0.0)

    def loop(self, stop: signals.Stop) -> int:
        """Play rounds until the last step or a signal."""
        if stop.signal is None:
            self._begin()
        play = engine.play(self.mesh, self.config, self.state)
        batches = engine.batches(self.mesh, self.config, self.source, self.state.step)
        while self.state.step < self.config.steps and not stop.asked():
            try:
                batch = next(batches)
            except UserError:  # the pictures are gone
                if jax.process_count() == 1:  # other hosts save together or not at all
                    self._keep()
                raise
            self.state, log = play(self.state, batch, self.key)
            self._after(self.state.step, log)
        return self._finish(stop)

    def _begin(self) -> None:
        """Before the first round: what can be found wrong is found now; how things look at the start."""
        config = self.config
        self.viewer.check_metric(self.state, config.best_metric)
        if self.before is None:
            self._look(sample=True, evaluate=config.evaluate_every > 0)
        if self.leads:
            run.remember(self.workdir, config)
        if self.state.step < config.steps:
            if self.leads:
                starts.note(self.workdir, self.state.step)
            self.display.say("compiling the first step ...")

    def _after(self, step: int, log: dict[str, Array]) -> None:
        """What follows a round: the log, the pictures, the metrics, the checkpoint."""
        todo = agenda.after(step, self.config)
        self.unchecked.append((step, log))
        if todo.log:
            self._log()
        elif len(self.unchecked) >= UNCHECKED or step <= self.pace.first + 5:
            self._status(self._check())
        self._look(todo.sample, todo.evaluate)
        if todo.save:
            self._save()

    def _finish(self, stop: signals.Stop) -> int:
        self._keep()
        step = self.state.step
        if stop.signal is not None:
            saved = f"and saved at step {step:,}" if step else "before the first step"
            self.display.say(f"stopped {saved}: the same command goes on from there")
            return 128 + stop.signal
        if self.leads and (outcome := records.outcome(self.checkpoints.directory, self.config.best_metric)):
            self.display.say(outcome)
        self.display.say(f"done: {step:,} steps, everything is in {self.workdir}")
        return 0

    def close(self) -> None:
        """Let what is being written be finished; an error on the way here is not hidden by another."""
        with contextlib.suppress(UserError):
            self.checkpoints.wait()
        self.records.close()

    def _seconds(self) -> float:
        return (self.before or 0.0) + time.monotonic() - self.started

    def _check(self) -> dict[str, float]:
        """The log of the newest round.

        Raises:
            UserError: a loss or gradient since the last look is not finite, or a checkpoint could not be written.
        """
        values: dict[str, float] = {}
        steps, logs = [step for step, _ in self.unchecked], [log for _, log in self.unchecked]
        for step, log in zip(steps, jax.device_get(logs), strict=True):
            values = {name: float(log[name]) for name in sorted(log)}
            self._tell(self.watch.hear(step, values))
            losses_first = sorted(values, key=lambda name: name.startswith("gradient/"))
            self._stop_if(finite.bad({name: values[name] for name in losses_first}), step)
        if steps:
            self.unchecked.clear()
            self.pace.mark(steps[-1])
        self.checkpoints.check()
        return values

    def _stop_if(self, wrong: str, step: int) -> None:
        if wrong:
            with contextlib.suppress(UserError):
                self.checkpoints.wait()
            kept = self.checkpoints.steps()
            stopped = "training stopped" + (f", the checkpoint of step {kept[-1]:,} is kept" if kept else "")
            advice = "begin another --workdir with a lower --config.learning_rate"
            self.records.tell(not_finite(step, f"{wrong}: {stopped}", advice))
            raise UserError(f"{wrong} at step {step:,}: {stopped}; {advice}")

    def _tell(self, events: list[Event]) -> None:
        """What the monitors noticed: a line on the console, in metrics.jsonl and in the report."""
        for event in events:
            self.display.say(event.line())
            self.records.tell(event)

    def _log(self) -> None:
        values = self._check()
        speed = {"images/s": self.config.batch_size * self.pace.rate(), "seconds": self._seconds()}
        self.records.write(self.state.step, values | speed)
        self._status(values)

    def _status(self, values: dict[str, float]) -> None:
        step, steps = self.state.step, self.config.steps
        rate = self.config.batch_size * self.pace.rate()
        self.display.update(status(step, steps, values, rate, self.pace.left(steps)))

    def _look(self, sample: bool, evaluate: bool) -> None:
        """Show the test pictures as the networks make them now: as a sheet, as metrics, or both."""
        if not (sample or evaluate):
            return
        self._check()
        step = self.state.step
        view = self.viewer.look(self.state, None if evaluate else self.config.sample_pictures)
        shown = view.shown.items()
        self._stop_if(finite.bad({f"the picture {name}": images for name, images in shown}), step)
        if step:  # before the first round, networks are as they were drawn
            self._tell(self.watch.see(step, self.viewer.findings(view)))
        if evaluate:
            self.judged = step, self.viewer.judge(view)
            self.records.write(step, {f"test/{name}": value for name, value in self.judged[1].items()})
        if sample:
            self.records.show(step, self.viewer.sheet(view))

    def _save(self) -> None:
        self._check()
        step, state = self.state.step, self.state
        trained = finite.named(params=state.params, optimizer=state.optimizer, average=state.average)
        self._stop_if(finite.bad(trained), step)
        metrics = self.judged[1] if self.judged[0] == step else {}
        facts = {"seconds": self._seconds(), "batches": step, "watch": self.watch.state}
        self.saved = step
        self.checkpoints.save(state, facts, metrics)

    def _keep(self) -> None:
        """Make sure that this very state is on disk; the one before the first step need not be."""
        self._check()
        if self.state.step != self.saved:
            self._save()
        self.checkpoints.wait()
