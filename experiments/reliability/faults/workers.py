"""A process that reads data for a run is killed, as the kernel does when memory runs out."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import tiny
from experiments.reliability.trial import Try, each

WITHIN = 30.0
FAULT = "a data worker is killed (`--config.data.workers=2`), or the program above the workers is"
PROMISE = (
    f"within {WITHIN:.0f} s the run is saved and stops in one line that names the cause, status 2, and the same "
    "command goes on to an end bit for bit like an undisturbed one; killed itself, it leaves no worker behind"
)
TRIES = 10
SOME = {
    "data__workers": 2,
    "steps": 2000,
    "checkpoint_every": 1000,
    "sample_every": 1000,
    "evaluate_every": 0,
}
SOME |= {"best_metric": "", "log_every": 100}


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """Workers are killed in two tries of three, the program in the third."""
    rng = np.random.default_rng(seed)
    tiny.whole(scratch, **{**SOME, "data__workers": 0})

    def one(i: int) -> Try:
        return _parent(scratch, i) if i % 3 == 2 else _worker(scratch, i, rng)

    return each(one, ((f"try {i}", i) for i in range(count)))


def workers(pid: int) -> list[int]:
    """The processes that multiprocessing began for another, as /proc tells; not its resource tracker."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            found += (
                [int(child)] if b"multiprocessing" in command and b"resource_tracker" not in command else []
            )
    return sorted(found)


def _began(run: tiny.Run) -> list[int]:
    run.wait_for("step 1/", 300)
    return workers(run.process.pid)


def _worker(scratch: Path, i: int, rng: np.random.Generator) -> Try:
    workdir, arguments = scratch / f"run{i}", tiny.flags(scratch, **SOME)
    with tiny.Run(arguments, workdir) as run:
        found = _began(run)
        wrong = [f"{len(found)} workers"] if len(found) != 2 else []
        which = int(rng.integers(len(found)))
        os.kill(found[which], signal.SIGKILL)
        since = time.monotonic()
        status = run.end(4 * WITHIN)
        seconds = time.monotonic() - since
    if seconds > WITHIN:
        wrong.append(f"stopped after {seconds:.0f} s")
    if status != 2 or "worker" not in run.last() or any("Traceback" in line for line in run.lines):
        wrong.append(f"ended with {status}: {run.lines[-2:]}")
    with tiny.Run(arguments, workdir) as again:
        if status := again.end(300):
            wrong.append(f"the next start ended with {status}: {again.last()}")
    wrong += tiny.differences(workdir, scratch / "whole", same_steps=False)
    said = {"seconds until it stopped": round(seconds, 1)}
    return Try(f"worker {which} of {len(found)} killed", "; ".join(wrong[:3]), run.last(), said)


def _parent(scratch: Path, i: int) -> Try:
    with tiny.Run(tiny.flags(scratch, **SOME), scratch / f"run{i}") as run:
        found = _began(run)
        run.process.kill()
        since, left = time.monotonic(), found
        while left and time.monotonic() - since < WITHIN:
            time.sleep(0.05)
            left = [pid for pid in found if _alive(pid)]
        seconds = time.monotonic() - since
    wrong = f"{len(left)} of {len(found)} workers live on" if left or not found else ""
    return Try(
        "the program killed, its workers told nothing",
        wrong,
        "",
        {"seconds until no worker is left": round(seconds, 1)},
    )


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
