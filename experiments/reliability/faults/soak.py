"""A long run with everything on: what it takes of the machine must not grow."""

import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import tiny
from experiments.reliability.trial import Try

FAULT = "20,000 rounds with samples, evaluation, checkpoints and the report on"
GROWTH_MB, SLOWER = 20.0, 0.15
PROMISE = (
    f"from the second quarter to the last, memory grows by less than {GROWTH_MB:.0f} MB, file handles and threads do "
    f"not, and a round takes at most {SLOWER:.0%} more processor time"
)
TRIES = 1
ROUNDS = 20_000
EVERY = {"log_every": 50, "sample_every": 1000, "evaluate_every": 1000, "checkpoint_every": 500}


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """One run of ROUNDS, or of as many as TORTURE_ROUNDS in the environment says."""
    rounds = int(os.environ.get("TORTURE_ROUNDS", ROUNDS))
    for i in range(count):
        yield _one(scratch, scratch / f"run{i}", rounds)


def _one(scratch: Path, workdir: Path, rounds: int) -> Try:
    often = {name: max(1, every * rounds // ROUNDS) for name, every in EVERY.items()}
    with tiny.Run(tiny.flags(scratch, steps=rounds, **often), workdir) as run:
        run.wait_for("step 1/", 300)
        found = []
        while run.process.poll() is None:
            if (sample := _taken(run.process.pid)) and (step := _step(workdir)):
                found.append((time.monotonic(), step, *sample))
            time.sleep(1.0)
        status = run.end()
    wrong = [f"ended with {status}: {run.last()}"] if status else []
    rows = np.array([row for row in found if row[1] <= rounds - often["log_every"]])  # before the farewell
    early, late = (
        rows[(rows[:, 1] > a * rounds) & (rows[:, 1] <= b * rounds)] for a, b in ((0.25, 0.5), (0.75, 1))
    )
    if min(len(early), len(late)) < 3:
        return Try(f"{rounds} rounds", f"only {len(rows)} samples; {run.last()}")
    numbers = compared(early, late)
    limits = (GROWTH_MB, 0, 0, 100 * SLOWER)
    wrong += [
        f"{name}: {value:.3g}"
        for (name, value), most in zip(numbers.items(), limits, strict=False)
        if value > most
    ]
    some = rows[:: max(1, len(rows) // 12)]
    memory = " ".join(f"{row[2]:.0f}" for row in some)
    cost = " ".join(f"{1000 * (b[5] - a[5]) / max(1, b[1] - a[1]):.1f}" for a, b in itertools.pairwise(some))
    what = f"{rounds} rounds; in the course of them, MB: {memory}; ms of processors a round: {cost}"
    return Try(what, "; ".join(wrong), run.said("done: "), numbers)


def _taken(pid: int) -> tuple[float, int, int, float] | None:
    """Resident memory in MB, open handles, threads and processor seconds of a process; None when it is gone."""
    try:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        handles = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        seconds = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        return int(status["VmRSS"].split()[0]) / 1000, handles, int(status["Threads"]), seconds
    except (OSError, KeyError):
        return None


def _step(workdir: Path) -> int:
    """The newest step in metrics.jsonl, read from its end."""
    path = workdir / "metrics.jsonl"
    if not path.exists():
        return 0
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4000))
        lines = file.read().splitlines()
    return int(lines[-1].partition(b'"step": ')[2].split(b",")[0] or 0) if lines[1:] else 0


def compared(early: np.ndarray, late: np.ndarray) -> dict[str, float]:
    """What grew from one quarter to another: median memory; fewest handles and threads, as a checkpoint that is written
    has some of its own for a while; mean rates.
    """
    fewest = late[:, 3:5].min(axis=0) - early[:, 3:5].min(axis=0)
    costs = [(rows[-1, [0, 5]] - rows[0, [0, 5]]) / (rows[-1, 1] - rows[0, 1]) for rows in (early, late)]
    more = 100 * (costs[1] / costs[0] - 1)  # of the clock, which other programs slow, and of the processors
    return {
        "growth of memory, MB": round(float(np.median(late[:, 2]) - np.median(early[:, 2])), 1),
        "growth of handles": float(fewest[0]),
        "growth of threads": float(fewest[1]),
        "% more processor time a round": round(float(more[1]), 1),
        "% more time a round": round(float(more[0]), 1),
        "memory, MB": round(float(late[:, 2].max()), 0),
        "ms a round": round(1000 * float(costs[1][0]), 2),
    }
