"""Disks that are full, slow, or may only be read: small real ones, which only root can make, on Linux."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import compare, inside, tiny
from experiments.reliability.trial import Try, each

FAULT = (
    "a disk of 6 MB fills up at any moment, for a while or for good; a disk is slow; a disk may only be read"
)
PROMISE = (
    "the run stops with status 2 in one line that names the file, or with `--config.on_full_disk=wait` trains on until "
    "there is room; the last checkpoint is whole, and the same command goes on to an end bit for bit like an "
    "undisturbed run; rounds do not wait while a slow disk takes a checkpoint"
)
TRIES = 20
SIZE = "6m"
KINDS = ("full, stop", "full, wait", "full to the end, wait", "slow", "read-only")
SOME = {"steps": 400, "checkpoint_every": 40, "sample_every": 200, "evaluate_every": 0, "log_every": 10}
SOME |= {"best_metric": ""}
DELAY = 3.0  # seconds that a slow disk takes
SLOW = """
import threading, time
from orbax.checkpoint import v1
plain = v1.save

def save(*given):
    time.sleep(DELAY)
    plain(*given)

v1.save = save
"""


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """The kinds in turn, each at a random moment."""
    rng = np.random.default_rng(seed)
    tiny.whole(scratch, **SOME)

    def one(i: int) -> Try:
        kind = KINDS[i % len(KINDS)]
        if kind == "slow":
            return _slow(scratch, i)
        with _disk(scratch / f"disk{i}") as disk:
            return (
                _read_only(scratch, disk) if kind == "read-only" else _full(scratch, disk, kind, rng.random())
            )

    return each(one, ((f"try {i}", i) for i in range(count)))


def _full(scratch: Path, disk: Path, kind: str, wait: float) -> Try:
    workdir, patient = disk, kind.endswith("wait")
    arguments = tiny.flags(scratch, **SOME, on_full_disk="wait" if patient else "stop")
    with tiny.Run(arguments, workdir) as run:
        run.wait_for("step 1/")
        time.sleep(2 * wait)
        _fill(disk / "filler")
        moment = max(compare.steps(workdir), default=0)
        since = time.monotonic()
        if kind == "full, wait":
            time.sleep(1)
            (disk / "filler").unlink()
        status, seconds = run.end(), time.monotonic() - since
        told = [line for line in run.lines if "in memory" in line or "once a minute" in line]
        said = told[0] if told else run.last()
        done = status == 0 and (not told or kind == "full, wait")
        wrong = [] if done or status == 2 else [f"ended with {status}: {run.last()}"]
        if any("Traceback" in line for line in run.lines) or (
            status and "could not be written" not in run.last()
        ):
            wrong.append(f"said {run.last()!r}")
        if kind == "full, wait" and status:
            wrong.append(f"did not wait: {run.last()}")
    if (disk / "filler").exists():
        (disk / "filler").unlink()
    left = [path.name for path in (workdir / "checkpoints").glob("*") if not path.name.isdecimal()]
    wrong += [f"left behind: {left}"] if left else []
    with tiny.Run(arguments, workdir) as run:
        if status := run.end():
            wrong.append(f"the next start ended with {status}: {run.last()}")
    wrong += _unlike(workdir, scratch / "whole")
    what = f"{kind}, filled after the checkpoint of step {moment}{', too late: done' * (done and not told)}"
    return Try(
        what, "; ".join(wrong[:3]), said, {} if done else {"seconds until it stopped": round(seconds, 1)}
    )


def _read_only(scratch: Path, disk: Path) -> Try:
    workdir, arguments = disk, tiny.flags(scratch, **SOME)
    with tiny.Run(tiny.flags(scratch, **{**SOME, "steps": 100, "decay_fraction": 0.0}), workdir) as run:
        wrong = [f"ended with {status}: {run.last()}"] if (status := run.end()) else []
    before = {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()}
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with tiny.Run(arguments, workdir) as run:
        status, said = run.end(), run.last()
    if status != 2 or "Read-only file system" not in said or len([line for line in run.lines if line]) > 10:
        wrong.append(f"ended with {status}: {said}")
    if before != {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()}:
        wrong.append("files have changed")
    return Try("read-only when it is to go on", "; ".join(wrong), said)


def _slow(scratch: Path, i: int) -> Try:
    """One checkpoint in the middle: the rounds after it are played while it is written."""
    some = {**SOME, "steps": 100, "checkpoint_every": 50}
    still = tiny.whole(scratch, "hundred", **some)
    code = inside.PREPARED + SLOW.replace("DELAY", str(DELAY))
    workdir = scratch / f"run{i}"
    with tiny.Run(
        tiny.flags(scratch, **some), workdir, inside.environment(scratch / f"inside{i}", code)
    ) as run:
        wrong = [f"ended with {status}: {run.last()}"] if (status := run.end()) else []
    wrong += compare.differences(workdir, still)
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    at = {line["step"]: line["seconds"] for line in lines if "seconds" in line}
    took = at[90] - at[50]
    if took > DELAY:
        wrong.append(f"forty rounds took {took:.1f} s")
    return Try(
        f"each checkpoint takes {DELAY:.0f} s longer",
        "; ".join(wrong[:3]),
        "",
        {"seconds of 40 rounds": took},
    )


def _unlike(workdir: Path, whole: Path) -> list[str]:
    """But for sheets of samples, of which some may be left out."""
    found = compare.differences(workdir, whole, same_steps=False)
    return [line for line in found if not line.startswith("samples")]


def _fill(filler: Path) -> None:
    with filler.open("ab", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)


@contextlib.contextmanager
def _disk(place: Path) -> Iterator[Path]:
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
