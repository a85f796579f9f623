"""A process that reads data for a run is killed, as the kernel does when memory runs out."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import compare, tiny
from experiments.reliability.trial import Try, each

WITHIN = 30.0
FAULT = (
    "with `--config.data.workers=2`: one is killed, or the program above them is; Ctrl-C reaches all of them"
)
PROMISE = (
    f"within {WITHIN:.0f} s the run is saved and stops in one line that names the cause (status 2) or the signal "
    "(130), and the same command goes on to an end bit for bit like an undisturbed one; killed itself, it leaves "
    "neither a worker nor their shared memory behind"
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
    """In turns: a worker is killed, Ctrl-C reaches the workers too, and the program is killed."""
    rng = np.random.default_rng(seed)
    tiny.whole(scratch, **{**SOME, "data__workers": 0})

    def one(i: int) -> Try:
        return _parent(scratch, i) if i % 3 == 2 else _workers(scratch, i, rng, ctrl_c=i % 3 == 1)

    return each(one, ((f"try {i}", i) for i in range(count)))


def children(pid: int) -> tuple[list[int], list[int]]:
    """What multiprocessing began for a process, as /proc tells: workers, and the tracker of their shared memory."""
    found: dict[bool, list[int]] = {True: [], False: []}
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"multiprocessing" in command:
                found[b"resource_tracker" in command].append(int(child))
    return sorted(found[False]), sorted(found[True])


def _began(run: tiny.Run) -> tuple[list[int], list[int]]:
    run.wait_for("step 1/", 300)
    return children(run.process.pid)


def _workers(scratch: Path, i: int, rng: np.random.Generator, ctrl_c: bool) -> Try:
    workdir, arguments = scratch / f"run{i}", tiny.flags(scratch, **SOME)
    with tiny.Run(arguments, workdir) as run:
        found, _ = _began(run)
        wrong = [f"{len(found)} workers"] if len(found) != 2 else []
        which = int(rng.integers(len(found)))
        if ctrl_c:
            os.killpg(run.process.pid, signal.SIGINT)
        else:
            os.kill(found[which], signal.SIGKILL)
        since = time.monotonic()
        status = run.end(4 * WITHIN)
        seconds = time.monotonic() - since
    if seconds > WITHIN:
        wrong.append(f"stopped after {seconds:.0f} s")
    expected = (
        (130, "stopped and saved at step") if ctrl_c else (2, "a process that reads pictures was ended")
    )
    if (
        status != expected[0]
        or expected[1] not in run.last()
        or any("Traceback" in line for line in run.lines)
    ):
        wrong.append(f"ended with {status}: {run.lines[-2:]}")
    with tiny.Run(arguments, workdir) as again:
        if status := again.end(300):
            wrong.append(f"the next start ended with {status}: {again.last()}")
    wrong += compare.differences(workdir, scratch / "whole", same_steps=False)
    said = {"seconds until it stopped": round(seconds, 1)}
    what = "SIGINT to the program and its workers" if ctrl_c else f"worker {which} of {len(found)} killed"
    return Try(what, "; ".join(wrong[:3]), run.last(), said)


def _parent(scratch: Path, i: int) -> Try:
    before = _shared()
    with tiny.Run(tiny.flags(scratch, **SOME), scratch / f"run{i}") as run:
        found, trackers = _began(run)
        run.process.kill()
        since, left = time.monotonic(), [*found, *trackers]
        while left and time.monotonic() - since < WITHIN:
            time.sleep(0.05)
            left = [pid for pid in left if _alive(pid)]
        seconds = time.monotonic() - since
    wrong = [f"{len(left)} processes live on"] if left or not found else []
    if memory := _shared() - before:
        wrong.append(f"{len(memory)} blocks of shared memory are left")
    numbers = {"seconds until no worker is left": round(seconds, 1)}
    return Try("the program killed, its workers told nothing", "; ".join(wrong), "", numbers)


def _shared() -> set[str]:
    """Python's blocks of shared memory that no process has open."""
    found = {path.name for path in Path("/dev/shm").glob("psm_*")}
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            text = maps.read_text()
        except OSError:  # it has just ended
            continue
        found = {name for name in found if name not in text}
    return found


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
