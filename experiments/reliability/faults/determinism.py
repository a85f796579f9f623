"""The same seed in fresh processes, and on other numbers of devices."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import compare, tiny
from experiments.reliability.trial import Try, each

# Sums over a batch are made in another order: rounding, 6e-8 in float32. At the default learning rate a GAN is
# chaotic: that grows a thousandfold in ten rounds. At this one it does not, and the rounds together still move what
# they train by more than the tolerance. Biases in front of an instance norm, which takes them away, have no gradient
# but rounding, and Adam's steps are as large even so: they are left out.
RATE, TOLERANCE, WITHOUT = 1e-5, 1e-4, "['bias']"
FAULT = "the same seed once more, in a fresh process; on 2 and 4 devices"
PROMISE = (
    "the same bits on one device; on 2 and 4 (simulated) devices losses, metrics, weights and averages "
    f"within {TOLERANCE:g} (1 + |x|), pictures in the pool within a level of eight bits and Adam's moments within "
    f"{compare.KINKS:.0%} of their largest, but for biases, after 20 rounds of 8 pictures at a learning rate of "
    f"{RATE:g}"
)
TRIES = 20
BATCH = {
    "batch_size": 8,
    "steps": 20,
    "checkpoint_every": 10,
    "log_every": 1,
    "best_metric": "",
    "learning_rate": RATE,
}


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """Again with one device, again with one, with 2, and with 4 devices."""

    def one(i: int) -> Try:
        return _again(scratch, i, seed + i) if i % 4 < 2 else _devices(scratch, i, 2 ** (i % 4 - 1))

    return each(one, ((f"try {i}", i) for i in range(count)))


def _again(scratch: Path, i: int, seed: int) -> Try:
    """With PYTHONHASHSEED of its own, as every process has."""
    tiny.whole(scratch)
    env = tiny.environment(PYTHONHASHSEED=str(seed + 1))
    found = compare.differences(tiny.whole(scratch, f"run{i}", env), scratch / "whole")
    return Try("the same command in a fresh process", "; ".join(found[:3]))


def _devices(scratch: Path, i: int, devices: int) -> Try:
    tiny.whole(scratch, "batch", **BATCH)
    workdir = tiny.whole(scratch, f"run{i}", tiny.environment(devices), **BATCH)
    found = compare.differences(workdir, scratch / "batch", TOLERANCE, without=WITHOUT)
    return Try(
        f"{devices} devices in place of one", "; ".join(found[:3]), "", _largest(workdir, scratch / "batch")
    )


def _largest(workdir: Path, whole: Path) -> dict[str, float]:
    step = compare.steps(whole)[-1]
    a, b = compare.state(workdir, step), compare.state(whole, step)
    off = max(
        float(np.max(np.abs(a[name] - b[name]) / (1 + np.abs(b[name])), initial=0))
        for name in b
        if WITHOUT not in name and not compare.share(name)
    )
    return {"difference of weights on several devices, 1e-6 (1 + |x|)": 1e6 * off}
