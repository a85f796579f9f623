"""The loop: batch -> round -> log -> look -> checkpoint."""

import contextlib
import time
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from gan_jax import agenda, data, failures, finite, game, records, run, sharding, signals, starts, warm_start
from gan_jax.checkpoint import Checkpoints
from gan_jax.errors import UserError
from gan_jax.finite import NotFinite
from gan_jax.play import Logs
from gan_jax.progress import Display, duration
from gan_jax.rounds import Rounds
from gan_jax.saver import Saver
from gan_jax.telling import Telling
from gan_jax.unchecked import Unchecked
from gan_jax.viewer import Viewer

UNCHECKED = 50  # rounds at most between two looks for non-finite losses
LATE = 75  # the exit status when the time is over: what BSD calls a temporary failure, so try again


class Training:
    """A run in progress: what the loop holds between steps."""

    def __init__(
        self, config: ConfigDict, workdir: Path, source: data.AnySource, display: Display, begun: float
    ) -> None:
        """Build the game, place the state on the devices, and restore the newest checkpoint where there is one."""
        self.config, self.workdir, self.display = config, workdir, display
        self.leads = jax.process_index() == 0
        self.end = begun + 3600 * (config.max_hours or float("inf"))
        display.say("compiling the networks ...")
        self.rounds = Rounds(config, source)
        placed = sharding.replicated(self.rounds.mesh)
        self.viewer = Viewer(self.rounds.game, config, source, self.rounds.show_key, placed)
        fixed = self.rounds.fixed
        self.checkpoints = Checkpoints(workdir / "checkpoints", config.keep, config.best_metric, fixed)
        facts = self._restore()
        self.begins = facts is None
        self.telling = Telling(config, workdir, display, self.state.step, facts)
        self.first = self.state.step
        # Hosts write a checkpoint together, so they cannot wait each for its own disk.
        patient = config.on_full_disk == "wait" and jax.process_count() == 1
        self.saver = Saver(self.checkpoints, self.first, patient, display.say)
        self.unchecked = Unchecked()
        self.judged: tuple[int, dict[str, float]] = (-1, {})
        self.ready = False

    @property
    def state(self) -> game.State:
        """As the last round left it."""
        return self.rounds.state

    def _restore(self) -> dict[str, Any] | None:
        """Go to the newest checkpoint, and give the facts saved with it; None where the run begins."""
        restored = self.checkpoints.restore(self.state)
        for aside in restored.broken if restored else []:
            self.display.say(f"a checkpoint could not be read and was set aside: {aside}")
        if restored and restored.facts:
            self.rounds.go_to(restored.state, restored.facts.get("skipped", []))
            self.display.say(f"going on from step {self.state.step:,} in {self.workdir}")
            return restored.facts
        if restored:
            if self.leads:
                run.set_aside(self.workdir)
            self.display.say(f"no checkpoint in {self.workdir} can be read: the run begins anew")
        self.rounds.go_to(warm_start.begin(self.config, self.state, self.display.say), [])
        return None

    def loop(self, stop: signals.Stop) -> int:
        """Play rounds until the last step, a signal, or the end of the time; what fails on the way is dealt with."""
        while True:
            try:
                return self._played(stop)
            except NotFinite as failure:
                self._recover(failure, stop)

    def _played(self, stop: signals.Stop) -> int:
        if not self.ready and not stop.asked():
            if jax.process_count() == 1:  # nothing is unsaved, compiling may take minutes, and no host waits
                stop.at_once = self._stopped()
            self._begin()
        while self.state.step < self.config.steps and not stop.asked(self._late()):
            try:
                batches = self.rounds.batches(self._ahead())
            except UserError:  # the pictures are gone
                if jax.process_count() == 1:  # other hosts save together or not at all
                    self._keep()
                raise
            played = range(self.state.step + 1, self.state.step + 1 + len(batches))
            logs = self.rounds.play(batches)
            stop.at_once = ""
            self._after(played, logs)
        return self._finish(stop)

    def _recover(self, failure: NotFinite, stop: signals.Stop) -> None:
        """Keep the round that failed; then go on without its batch.

        Raises:
            UserError: that is not asked for, or helps no longer; it says what can be done.
        """
        self.unchecked.clear()
        self.judged = (-1, {})
        with contextlib.suppress(UserError):
            self.checkpoints.wait()
        rounds, step = self.rounds, failure.step - 1
        number = rounds.number(step)
        skip = self.config.on_failure == "skip" and step >= 0 and failures.may_skip(rounds.skipped, number)
        if not skip:
            event = failures.end(failure, self.checkpoints.steps(), self.config.on_failure)
            self.telling.records.tell(event)
        asked, say = lambda: stop.asked(self._late()), self.display.say
        folder = failures.kept(self.workdir, rounds, self.checkpoints, failure, say, asked)
        if not skip:
            raise UserError(failures.words(event, folder, self.workdir))
        if rounds.state.step < step:  # asked to stop on the way: the next start will come by here again
            failures.go_back(rounds, self.checkpoints, 0)
            self.saver.step = self.state.step
            return
        rounds.go_to(rounds.state, [*rounds.skipped, number])
        self.telling.skip(failures.skipped(failure, number))

    def _late(self) -> bool:
        """Whether what is left of the time is only enough to save. One round is always played: starts must get on."""
        return self.state.step > self.first and self._left() <= 0

    def _left(self) -> float:
        """Seconds until it is late."""
        return self.end - time.monotonic() - self.checkpoints.slowest

    def _ahead(self) -> int:
        """How many rounds may be played before the next look at what else there is to do, a signal for instance."""
        step = self.state.step
        in_time = agenda.together(self.telling.pace.rate(), self._left())
        return min(in_time, UNCHECKED - len(self.unchecked), agenda.until(step, self.config) - step)

    def _begin(self) -> None:
        """Before the first round: what can be found wrong is found now; how things look at the start."""
        config = self.config
        self.viewer.check_metric(self.state, config.best_metric)
        if self.state.step < config.steps:
            self.rounds.compile()
        if self.begins:
            self._look(sample=True, evaluate=config.evaluate_every > 0)
        if self.leads:
            run.remember(self.workdir, config)
        if self.state.step < config.steps:
            if self.leads:
                starts.note(self.workdir, self.state.step)
            self.display.say("compiling the first step ...")
        self.ready = True

    def _after(self, steps: range, logs: Logs) -> None:
        """What follows rounds that ended at these steps: the log, the pictures, the metrics, the checkpoint."""
        step = steps[-1]
        todo = agenda.after(step, self.config)
        self.unchecked.add(steps, logs)
        if todo.log:
            self.telling.log(step, self._check())
        elif len(self.unchecked) >= UNCHECKED or step <= self.first + 5:
            self.telling.status(step, self._check())
        self._look(todo.sample, todo.evaluate)
        if todo.save or self.saver.due():
            self._save()

    def _finish(self, stop: signals.Stop) -> int:
        self._keep()
        step = self.state.step
        if stop.signal is not None:
            self.display.say(self._stopped())
            return 128 + stop.signal
        if stop.late:
            limit = f"time limit of {duration(3600 * self.config.max_hours)} (config.max_hours) reached"
            self.display.say(f"{limit}: saved at step {step:,}; the same command goes on from there")
            return LATE
        if self.leads and (outcome := records.outcome(self.checkpoints.directory, self.config.best_metric)):
            self.display.say(outcome)
        self.display.say(f"done: {step:,} steps, everything is in {self.workdir}")
        return 0

    def _stopped(self) -> str:
        saved = f"and saved at step {self.state.step:,}" if self.state.step else "before the first step"
        return f"stopped {saved}: the same command goes on from there"

    def close(self) -> None:
        """Let what is being written be finished; an error on the way here is not hidden by another."""
        with contextlib.suppress(UserError):
            self.checkpoints.wait()
        self.telling.close()

    def _check(self) -> dict[str, float]:
        """The log of the newest round.

        Raises:
            NotFinite: a loss or gradient since the last look is not finite.
            UserError: a checkpoint could not be written.
        """
        step, values = 0, dict[str, float]()
        for step, values in self.unchecked.checked():
            self.telling.hear(step, values)
        if step:
            self.telling.pace.mark(step)
        self.saver.check()
        return values

    def _look(self, sample: bool, evaluate: bool) -> None:
        """Show the test pictures as the networks make them now: as a sheet, as metrics, or both."""
        if not (sample or evaluate):
            return
        self._check()
        step = self.state.step
        view = self.viewer.look(self.state, None if evaluate else self.config.sample_pictures)
        shown = view.shown.items()
        finite.check({f"the picture {name}": images for name, images in shown}, step)
        if step:  # before the first round, networks are as they were drawn
            self.telling.see(step, self.viewer.findings(view))
        if evaluate:
            self.judged = step, self.viewer.judge(view)
            self.telling.judged(*self.judged)
        if sample:
            self.telling.show(step, self.viewer.sheet(view))

    def _save(self) -> None:
        self._check()
        step, state = self.state.step, self.state
        finite.check(finite.named(**state._replace(step=())._asdict()), step)
        metrics = self.judged[1] if self.judged[0] == step else {}
        facts = {"seconds": self.telling.seconds(), "watch": self.telling.watch.state}
        facts |= {"batches": self.rounds.number(step), "skipped": self.rounds.skipped}
        self.saver.save(state, facts, metrics)

    def _keep(self) -> None:
        """Make sure that this very state is on disk; the one before the first step need not be."""
        self._check()
        if self.state.step != self.saver.step:
            self._save()
        self.saver.wait()
        self.telling.flush()
