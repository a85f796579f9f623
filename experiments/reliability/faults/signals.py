"""SIGTERM and Ctrl-C in every phase of a run, once and twice."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import compare, tiny
from experiments.reliability.trial import Try, each

FAULT = "SIGTERM, Ctrl-C and a closed terminal in every phase; a second one"
PROMISE = (
    "within 30 s the state is saved and the process has ended with 128 + the signal; the same command goes on to "
    "an end bit for bit like that of an undisturbed run; a second signal ends it within 2 s"
)
TRIES = 36
WITHIN, AT_ONCE = 30.0, 2.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STEPS = 100
# Where the signal comes: words on the console, or a file that appears; and seconds after that, at random up to.
PHASES = {
    "reading the data": ("pictures to train on", 0.1),
    "compiling the networks": ("compiling the networks", 1.0),
    "the first sample and evaluation": ("samples/step_0000000.png", 0.2),
    "compiling the first step": ("compiling the first step", 2.0),
    "compiling it, nothing compiled before": ("compiling the first step", 5.0),
    "the first steps": ("step 1/", 0.1),
    "a later step": ("samples/step_0000020.png", 1.0),
    "a sample and evaluation": ("samples/step_0000030.png", 0.02),
    "a checkpoint": ("checkpoints/*.passing*", 0.05),
}


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """Phase by phase, the signals in turns; every fourth is sent twice."""
    rng = np.random.default_rng(seed)
    tiny.whole(scratch, steps=STEPS)
    names = list(PHASES)

    def one(i: int) -> Try:
        number, phase = SIGNALS[(i + i // len(names)) % len(SIGNALS)], names[i % len(names)]
        return _one(scratch, i, phase, number, twice=i % 4 == 3, wait=rng.random())

    return each(one, ((f"try {i}", i) for i in range(count)))


def _one(scratch: Path, i: int, phase: str, number: signal.Signals, twice: bool, wait: float) -> Try:
    workdir, arguments = scratch / f"run{i}", tiny.flags(scratch, steps=STEPS)
    sign, longest = PHASES[phase]
    cold = "nothing compiled" in phase
    env = tiny.environment(XDG_CACHE_HOME=str(scratch / f"cold{i}")) if cold else None
    with tiny.Run(arguments, workdir, env) as run:
        _await(run, workdir, sign)
        time.sleep(wait * longest)
        status, seconds, again = _signalled(run, number, twice)
        said = run.last()
    done = status == 0 and bool(run.said("done: "))  # it was too late
    wrong = _wrong(run, status, seconds, number, again, workdir) if not done else []
    with tiny.Run(arguments, workdir) as run:
        if status := run.end():
            wrong.append(f"the next start ended with {status}: {run.last()}")
    wrong += compare.differences(workdir, scratch / "whole", same_steps=False)
    what = f"{number.name}{' twice' if again else ''} in {phase}{', too late: done' if done else ''}"
    kind = "seconds after a second signal" if again else "seconds until the end"
    return Try(what, "; ".join(wrong[:3]), said, {} if done else {kind: round(seconds, 2)})


def _await(run: tiny.Run, workdir: Path, sign: str) -> None:
    if "/" not in sign or sign.endswith("1/"):
        run.wait_for(sign)
        return
    end = time.monotonic() + 180
    while not any(workdir.glob(sign)) and run.process.poll() is None and time.monotonic() < end:
        time.sleep(0.001)


def _signalled(run: tiny.Run, number: signal.Signals, twice: bool) -> tuple[int, float, bool]:
    """The exit status, seconds since the last signal, and whether a second one reached a process that still ran."""
    os.kill(run.process.pid, number)
    since = time.monotonic()
    again = False
    if twice:
        while run.process.poll() is None and not run.said(number.name) and time.monotonic() - since < 10:
            time.sleep(0.001)
        again = run.process.poll() is None
        if again:
            since = time.monotonic()
            os.kill(run.process.pid, number)
    return run.end(120), time.monotonic() - since, again


def _wrong(run: tiny.Run, status: int, seconds: float, number: int, again: bool, workdir: Path) -> list[str]:
    wrong = []
    if status != 128 + number:
        wrong.append(f"ended with {status}, not {128 + number}: {run.last()}")
    if seconds > (AT_ONCE if again else WITHIN):
        wrong.append(f"ended after {seconds:.1f} s")
    if any("Traceback" in line for line in run.lines):
        wrong.append(f"a traceback: {run.last()}")
    if not again:
        newest = max(compare.steps(workdir), default=0)
        expected = f"stopped and saved at step {newest:,}:" if newest else "stopped before the first step:"
        if not run.last().startswith(expected):
            wrong.append(f"said {run.last()!r}, expected {expected!r}")
    return wrong
