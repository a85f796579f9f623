"""Runs cut into many by `max_hours`, under clocks that jump."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import compare, inside, tiny
from experiments.reliability.trial import Try, each

FAULT = (
    "`--config.max_hours` of some seconds, again and again; the clock on the wall jumps by years, to and fro"
)
PROMISE = (
    "each start saves, says so and ends with status 75, however the clock jumps; with the last one the run is bit for "
    "bit like an undisturbed one"
)
TRIES = 10
STEPS, MOST = 400, 4  # the fifth start has no limit
# Every few seconds the clock that programs and people read is somewhere else; the one that counts seconds is not.
JUMPING = """
import random, time
draw, clock, counter = random.Random(SEED), time.time, time.monotonic
since, off = counter(), 0.0

def jumping():
    global since, off
    if counter() - since > 2:
        since, off = counter(), draw.choice([-1, 0, 1]) * draw.random() * 1e9
    return clock() + off

time.time, time.time_ns = jumping, lambda: int(jumping() * 1e9)
"""
SOME = {"steps": STEPS, "checkpoint_every": 100, "sample_every": 100, "evaluate_every": 100, "log_every": 50}


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """Limits about as long as a start takes, every other one under a jumping clock."""
    rng = np.random.default_rng(seed)
    tiny.whole(scratch, **SOME)
    with tiny.Run(tiny.flags(scratch, **SOME), scratch / "start") as run:
        run.wait_for("step 1/")
        start = run.seconds()

    def one(i: int) -> Try:
        return _one(scratch, i, start + float(rng.uniform(-1, 3)), jumps=i % 2 == 1)

    return each(one, ((f"try {i}", i) for i in range(count)))


def _one(scratch: Path, i: int, seconds: float, jumps: bool) -> Try:
    workdir = scratch / f"run{i}"
    env = inside.environment(scratch / f"inside{i}", JUMPING.replace("SEED", str(i))) if jumps else None
    starts, said, wrong, over = 0, "", [], 0.0
    status = 75
    while status == 75:
        hours = seconds / 3600 if starts < MOST else 0.0
        with tiny.Run(tiny.flags(scratch, **SOME, max_hours=hours), workdir, env) as run:
            run.wait_for(" images/s")  # the status line of its first round
            begun = run.seconds()
            status = run.end()
            starts, newest = starts + 1, max(compare.steps(workdir), default=0)
            if status == 75:
                said, over = run.last(), max(over, run.seconds() - max(seconds, begun))
                if f"reached: saved at step {newest:,}; the same command goes on" not in said:
                    wrong.append(f"said {said!r}")
            elif status:
                wrong.append(f"start {starts} ended with {status}: {run.last()}")
    wrong += compare.differences(workdir, scratch / "whole", same_steps=False)
    last = json.loads((workdir / "starts.jsonl").read_text().splitlines()[-1])
    what = f"{starts} starts of {seconds:.1f} s, the last from step {last['step']}{', under a jumping clock' * jumps}"
    return Try(
        what,
        "; ".join(wrong[:3]),
        said,
        {"seconds from the limit, or the first round, to the end": round(over, 1)},
    )
