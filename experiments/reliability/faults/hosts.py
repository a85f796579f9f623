"""One of several processes of a run dies or hangs, and the others must neither wait for ever nor guess."""

import contextlib
import random
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from experiments.reliability import compare, tiny
from experiments.reliability.faults.determinism import RATE, TOLERANCE, WITHOUT
from experiments.reliability.trial import Try, each

WITHIN = 60.0  # seconds
FAULT = "one of 2 or 4 processes of a run is killed, or hangs"
PROMISE = (
    f"the others stop within {WITHIN:.0f} s, and with a line that names it unless it was process 0; the run goes on "
    "from the newest checkpoint with 1, 2 or 4 processes and ends like an undisturbed one, as near as on other devices"
)
TRIES = 12
# Processes, which of them, what happens to it, and with how many the run goes on.
CASES = (
    (2, 1, "killed", 2),
    (2, 1, "hangs", 1),
    (4, 2, "killed", 2),
    (2, 0, "killed", 2),
    (4, 3, "hangs", 4),
    (2, 0, "hangs", 2),
)
SOME = {
    "batch_size": 4,
    "steps": 30,
    "checkpoint_every": 5,
    "log_every": 1,
    "best_metric": "",
    "learning_rate": RATE,
}


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """CASES in turn."""
    tiny.whole(scratch, **SOME)
    return each(
        lambda case: _one(scratch, *case),
        ((f"try {i}", (i, *CASES[i % len(CASES)])) for i in range(count)),
    )


def _one(scratch: Path, i: int, processes: int, which: int, how: str, then: int) -> Try:
    workdir = scratch / f"run{i}"
    with _together(scratch, workdir, processes) as runs:
        _await_step(runs, workdir, 6)
        victim, others = runs[which], [run for j, run in enumerate(runs) if j != which]
        victim.process.send_signal(signal.SIGKILL if how == "killed" else signal.SIGSTOP)
        since = time.monotonic()
        wrong, seconds = [], 0.0
        for run in others:
            status = run.end(3 * WITHIN)
            seconds = max(seconds, time.monotonic() - since)
            wrong += _judged(run, status, which)
        said = others[0].said("gan_jax: stopped") or others[0].said("Terminating process")
        if seconds > WITHIN:
            wrong.append(f"stopped after {seconds:.0f} s")
        if how == "hangs":  # it comes back, and finds the others gone
            victim.process.send_signal(signal.SIGCONT)
            if not victim.end(3 * WITHIN):
                wrong.append(f"the one that hung ended with 0: {victim.last()}")
    wrong += _goes_on(scratch, workdir, then)
    what = f"process {which} of {processes} {how}, then {then}"
    return Try(what, "; ".join(wrong[:3]), said, {"seconds until all have stopped": round(seconds, 1)})


def _judged(run: tiny.Run, status: int, which: int) -> list[str]:
    if which == 0:  # JAX itself ends the others, in its own words
        return [] if status else ["ended with 0"]
    wrong = []
    if status != 3:
        wrong.append(f"ended with {status}, not 3")
    if f"gan_jax: stopped, as host {which} ({socket.gethostname()})" not in "\n".join(run.lines):
        wrong.append(f"said {run.lines[-2:]}")
    return wrong


def _goes_on(scratch: Path, workdir: Path, processes: int) -> list[str]:
    newest = compare.steps(workdir)[-1]
    with _together(scratch, workdir, processes) as runs:
        wrong = [
            f"the next start ended with {status}: {run.last()}" for run in runs if (status := run.end(300))
        ]
        if f"going on from step {newest} " not in runs[0].said("going on"):
            wrong.append(f"did not go on from step {newest}: {runs[0].said('going on')!r}")
    return wrong + compare.differences(workdir, scratch / "whole", TOLERANCE, without=WITHOUT)


@contextlib.contextmanager
def _together(scratch: Path, workdir: Path, processes: int) -> Iterator[list[tiny.Run]]:
    """So many processes as one run, each with one device; leaving ends them all."""
    address = f"--coordinator=127.0.0.1:{free_port()}"
    many = [address, f"--processes={processes}"] if processes > 1 else []
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                tiny.Run(
                    [*tiny.flags(scratch, **SOME), *many, *([f"--process={j}"] if many else [])], workdir
                )
            )
            for j in range(processes)
        ]


def free_port() -> int:
    """Below those that systems hand out by themselves, or another program may have it by the time it is asked for."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


def _await_step(runs: list[tiny.Run], workdir: Path, step: int) -> None:
    """Until there is a checkpoint and that step is in metrics.jsonl."""
    end = time.monotonic() + 240
    while time.monotonic() < end and all(run.process.poll() is None for run in runs):
        path = workdir / "metrics.jsonl"
        if path.exists() and f'"step": {step},' in path.read_text() and compare.steps(workdir):
            return
        time.sleep(0.005)
    raise RuntimeError(f"step {step} was not reached; the last words: {[run.last() for run in runs]}")
