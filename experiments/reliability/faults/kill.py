"""SIGKILL at moments drawn from a seed, one after the other; and the same command until the run is done."""

import contextlib
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import compare, tiny
from experiments.reliability.trial import Try, failure

FAULT = "SIGKILL at any moment, while a checkpoint is written or deleted too"
PROMISE = (
    "the same command goes on from the newest finished checkpoint, and the run ends bit for bit like one that "
    "nothing disturbed: no line of metrics.jsonl lost or doubled"
)
TRIES = 100
STEPS = 200
# How the moment is chosen: over the whole duration; from the first step on; just when files of a checkpoint come or go.
HOW = ("whole", "steps", "checkpoint", "steps", "checkpoint")
COLD = 20  # each so many kills begins without compiled programs, and comes while they are compiled or stored


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """Runs, one after the other, each killed again and again, until there were `count` kills."""
    rng = np.random.default_rng(seed)
    with tiny.Run(tiny.flags(scratch, steps=STEPS), scratch / "first") as run:  # compiles
        run.end(600)
    started = time.monotonic()
    tiny.whole(scratch, steps=STEPS)
    duration, runs, made = time.monotonic() - started, 0, 0
    while made < count:
        found = _run(scratch, scratch / f"run{runs}", rng, range(made, count), duration)
        runs, made = runs + 1, made + len(found)
        yield from found


def _run(scratch: Path, workdir: Path, rng: np.random.Generator, kills: range, duration: float) -> list[Try]:
    """One run, killed until it is done; what is wrong at its end is wrong of all its kills."""
    made, wrong = list[Try](), list[str]()
    try:
        for i in kills:
            kill = _kill(scratch, workdir, rng, i, duration)
            if kill is None:  # it came too late
                break
            made.append(kill)
        before = compare.steps(workdir)
        with tiny.Run(tiny.flags(scratch, steps=STEPS), workdir) as run:
            if status := run.end():
                wrong.append(f"ended with {status}: {run.last()}")
        wrong += _resumed(run, workdir, before)
        wrong += compare.differences(workdir, scratch / "whole")
    except Exception as error:
        wrong.append(failure(error))
        made = made or [Try("the first kill", "not reached")]
    end = f"at the end of {workdir}: " + "; ".join(wrong[:3]) if wrong else ""
    return [one._replace(wrong="; ".join(filter(None, [one.wrong, end]))) for one in made]


def _kill(scratch: Path, workdir: Path, rng: np.random.Generator, i: int, duration: float) -> Try | None:
    before = compare.steps(workdir)
    cold = i % COLD == COLD - 1
    env = tiny.environment(XDG_CACHE_HOME=str(scratch / f"cold{i}")) if cold else None
    how = "whole" if cold else HOW[i % len(HOW)]
    wait = rng.random()
    with tiny.Run(tiny.flags(scratch, steps=STEPS), workdir, env) as run:
        if how == "whole":
            _sleep(run, wait * (4 * duration if cold else duration))
        else:
            with contextlib.suppress(
                RuntimeError
            ):  # the kill before came after the last checkpoint: it is done
                run.wait_for("compiling the first step")
            logged = _logged(workdir)
            while run.process.poll() is None and _logged(workdir) == logged:
                time.sleep(0.002)
            if how == "steps":
                _sleep(run, wait)
            else:
                _await_checkpoint(run, workdir, skip=int(rng.integers(4)))
                _sleep(run, wait * 0.2)
        after = run.seconds()
        run.process.kill()
        run.process.wait()
        where = _phase(run, workdir)
        run.end()
    if run.process.returncode == 0:
        return None
    wrong = _resumed(run, workdir, before)
    if run.process.returncode != -signal.SIGKILL:
        wrong.append(f"it had ended by itself with {run.process.returncode}: {run.last()}")
    what = f"SIGKILL after {after:.2f} s{', nothing compiled before' if cold else ''}, {where}"
    return Try(what, "; ".join(wrong), run.said("going on from step"))


def _sleep(run: tiny.Run, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and run.process.poll() is None:
        time.sleep(0.002)


def _await_checkpoint(run: tiny.Run, workdir: Path, skip: int) -> None:
    """Until files of a checkpoint come or go; those of the first `skip` times are let pass."""
    seen = set[str]()
    while run.process.poll() is None and len(seen) <= skip:
        seen |= {path.name for path in (workdir / "checkpoints").glob("*.passing*")}
        time.sleep(0.001)


def _logged(workdir: Path) -> int:
    path = workdir / "metrics.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _phase(run: tiny.Run, workdir: Path) -> str:
    """Where a process was when it was killed, from what it said and left."""
    passing = sorted(path.name for path in (workdir / "checkpoints").glob("*.passing*"))
    finished = compare.steps(workdir)
    if passing:
        step = int(passing[-1].partition(".")[0])
        written = step > max(finished, default=0)
        return f"in the checkpoint of step {step}" if written else f"while that of step {step} was deleted"
    if not run.lines:
        return "while Python started"
    if not run.said("compiling the first step"):
        return f'at "{run.last()}"'
    return f"after the line of step {_last_step(workdir)} in metrics.jsonl"


def _last_step(workdir: Path) -> int:
    steps = [0]
    for line in (workdir / "metrics.jsonl").read_text().splitlines():
        with contextlib.suppress(ValueError):  # half a line: that is where it was killed
            steps.append(json.loads(line)["step"])
    return steps[-1]


def _resumed(run: tiny.Run, workdir: Path, finished: list[int]) -> list[str]:
    """What is wrong with where a start went on, given the checkpoints that were finished before it."""
    said = run.said("going on from step")
    wrong = [f"said {line!r}" for line in run.lines if "set aside" in line or "Traceback" in line]
    if finished and run.said("compiling the first step") and not said:
        wrong.append(f"did not go on, though there were checkpoints {finished}")
    if said and said != f"going on from step {max(finished, default=0):,} in {workdir}":
        wrong.append(f"said {said!r}, though there were checkpoints {finished}")
    return wrong
