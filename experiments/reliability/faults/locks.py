"""Two runs in one directory, and the lock of a run that was killed."""

from collections.abc import Iterator
from pathlib import Path

from experiments.reliability import compare, tiny
from experiments.reliability.trial import Try, each

FAULT = "a second run in the same directory; the lock of a run that was killed"
PROMISE = (
    "the second is refused in one line, status 2, and the first ends bit for bit as if alone; "
    "a lock left by SIGKILL is taken over without a word"
)
TRIES = 20
QUICK = 1
MOMENTS = ("compiling the networks", "compiling the first step", "step ")


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """In turns: a second run at each of MOMENTS, and a first one killed there."""
    tiny.whole(scratch)

    def one(i: int) -> Try:
        return _second(scratch, i) if i % 2 == 0 else _stale(scratch, i)

    return each(one, ((f"try {i}", i) for i in range(count)))


def _moment(i: int) -> str:
    return MOMENTS[i // 2 % len(MOMENTS)]


def _second(scratch: Path, i: int) -> Try:
    workdir, arguments = scratch / f"run{i}", tiny.flags(scratch)
    with tiny.Run(arguments, workdir) as first:
        first.wait_for(_moment(i))
        with tiny.Run(arguments, workdir) as second:
            status = second.end()
        wrong = [f"the second ended with {status}, not 2: {second.last()}"] if status != 2 else []
        if len(second.lines) != 1 or "is in use by a running process" not in second.last():
            wrong.append(f"the second said {second.lines[-3:]}")
        if status := first.end():
            wrong.append(f"the first ended with {status}: {first.last()}")
    wrong += compare.differences(workdir, scratch / "whole")
    return Try(f'a second run at "{_moment(i)}"', "; ".join(wrong[:3]), second.last())


def _stale(scratch: Path, i: int) -> Try:
    workdir, arguments = scratch / f"run{i}", tiny.flags(scratch)
    with tiny.Run(arguments, workdir) as first:
        first.wait_for(_moment(i))
        first.kill()
    wrong = [] if (workdir / ".lock").exists() else ["there was no lock"]
    with tiny.Run(arguments, workdir) as second:
        if status := second.end():
            wrong.append(f"the next ended with {status}: {second.last()}")
    if any(word in line for line in second.lines for word in (".lock", "in use")):
        wrong.append(f"the next spoke of the lock: {second.lines}")
    wrong += compare.differences(workdir, scratch / "whole")
    return Try(f'SIGKILL at "{_moment(i)}"', "; ".join(wrong[:3]))
