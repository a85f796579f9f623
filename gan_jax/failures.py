"""A round that made a number that is none: played up to again, and kept with all that it takes to play it once more."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.experimental import multihost_utils
from jaxtyping import PyTree

from gan_jax import disk, run, warm_start
from gan_jax.checkpoint import Checkpoints
from gan_jax.errors import UserError
from gan_jax.finite import NotFinite
from gan_jax.monitors import Event, Finding, not_finite
from gan_jax.rounds import Rounds

FOLDER = "failed"
KEPT = 3  # failed rounds of a run
# So many batches may be passed over within so many: more are no accident, and the parameters are what is wrong.
SKIPS, WITHIN = 3, 100


class Failed(NamedTuple):
    """A failed round as it lies in a folder: what became what, the step it ended at, the number of its batch."""

    wrong: str
    step: int
    batch: int


def go_back(
    rounds: Rounds,
    checkpoints: Checkpoints,
    step: int,
    say: Callable[[str], None] = lambda line: None,
    asked: Callable[[], bool] = lambda: False,
) -> bool:
    """Play again from the newest checkpoint to this step, as it was played before; whether that was reached.

    Batches and random numbers follow from their numbers, so nothing has to be kept while all goes well. Where there is
    no checkpoint it is from the start. `asked` says when to give up.
    """
    restored = checkpoints.restore(rounds.state)
    if restored is not None and restored.facts:
        rounds.go_to(restored.state, rounds.skipped)
    else:
        rounds.go_to(warm_start.begin(rounds.config, rounds.initial(), lambda line: None), rounds.skipped)
    if rounds.state.step < step:
        again, since = step - rounds.state.step, rounds.state.step
        say(
            f"playing {again:,} rounds again from step {since:,}, to keep the one that failed; Ctrl-C leaves it out"
        )
    while rounds.state.step < step:
        if asked():
            return False
        rounds.play(rounds.batches(step - rounds.state.step))
    return rounds.state.step == step


def kept(
    workdir: Path,
    rounds: Rounds,
    checkpoints: Checkpoints,
    failure: NotFinite,
    say: Callable[[str], None],
    asked: Callable[[], bool],
) -> Path | None:
    """Go back to before the round that failed, and `keep` it; None where that cannot be, or is not waited for."""
    if not failure.step or not go_back(rounds, checkpoints, failure.step - 1, say, asked):
        return None
    try:
        return keep(workdir, rounds, failure)
    except UserError as error:
        say(f"the round that failed could not be kept: {error}")
        return None


def keep(workdir: Path, rounds: Rounds, failure: NotFinite) -> Path:
    """Write the round that comes next as <workdir>/failed/step_<n>: a run directory of one checkpoint, and the batch.

    Raises:
        UserError: the disk does not take it, or there is no batch any more.
    """
    folder, batch = workdir / FOLDER / f"step_{failure.step}", rounds.batch()
    if jax.process_count() > 1:
        batch = multihost_utils.process_allgather(batch, tiled=True)
    if jax.process_index() == 0:
        shutil.rmtree(folder, ignore_errors=True)
        for old in list_of(workdir)[: 1 - KEPT]:
            shutil.rmtree(old)
    checkpoints = Checkpoints(folder / "checkpoints", fixed=rounds.fixed)
    checkpoints.save(rounds.state, {}, {})
    checkpoints.wait()
    if jax.process_index() == 0:
        run.remember(folder, rounds.config)
        about = Failed(failure.wrong, failure.step, rounds.number(rounds.state.step))
        try:
            np.savez(folder / "batch.npz", **jax.device_get(batch))
        except OSError as error:
            raise UserError(f"{folder}/batch.npz could not be written ({disk.reason(error)})") from error
        run.write(folder / "failed.json", json.dumps(about._asdict(), indent=2) + "\n")
    return folder


def list_of(workdir: Path) -> list[Path]:
    """The folders of failed rounds of a run, by their steps."""
    there = [
        path for path in (workdir / FOLDER).glob("step_*") if path.name.removeprefix("step_").isdecimal()
    ]
    return sorted(there, key=lambda path: int(path.name.removeprefix("step_")))


def read(folder: Path) -> tuple[Failed, PyTree]:
    """What `keep` wrote but for the state: what failed, and the batch. Raises UserError where it is not whole."""
    try:
        about: dict[str, Any] = json.loads((folder / "failed.json").read_text(encoding="utf-8"))
        with np.load(folder / "batch.npz", allow_pickle=False) as batch:
            return Failed(**about), dict(batch)
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{folder} holds no failed round that can be read ({error})") from error


def may_skip(skipped: list[int], number: int) -> bool:
    """Whether one more batch may be passed over: there are less than SKIPS among the last WITHIN."""
    return sum(number - WITHIN < other for other in skipped) < SKIPS


def skipped(failure: NotFinite, number: int) -> Event:
    """What is told of a batch that is passed over."""
    message = f"{failure.wrong}: batch {number:,} is passed over"
    advice = "python -m gan_jax.replay shows where it began"
    found = Finding("skipped_batch", f"batch {number}", float(number), 0.0, True, False, message, advice)
    return Event(failure.step, found, passed=False)


def end(failure: NotFinite, checkpoints: list[int], on_failure: str) -> Event:
    """What is told of the failure that ends a run with checkpoints of these steps."""
    why = f", as {SKIPS} of the last {WITHIN} batches were passed over" if on_failure == "skip" else ""
    there = f", the checkpoint of step {checkpoints[-1]:,} is kept" if checkpoints else ""
    advice = "begin another --workdir with a lower --config.learning_rate"
    if on_failure != "skip" and failure.step:
        advice += ", or pass over such batches with --config.on_failure=skip"
    return not_finite(failure.step, f"{failure.wrong}: training stopped{why}{there}", advice)


def words(event: Event, folder: Path | None, workdir: Path) -> str:
    """One line about an `end`, with the command that shows the round in `folder`."""
    wrong, _, stopped = event.finding.message.partition(": ")
    shows = f"python -m gan_jax.replay --workdir={workdir} shows where it began; " if folder else ""
    return f"{wrong} at step {event.step:,}: {stopped}; {shows}{event.finding.advice}"
