"""Weight files of strangers: pickles that would run code, archives that would fill the disk, sizes that lie."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability.fenced import Fence
from experiments.reliability.trial import Try
from experiments.reliability.weight_archives import archives
from experiments.reliability.weight_files import (
    LIES,
    STOP,
    File,
    generator,
    old,
    programs,
    saved,
    saved_old,
    wrapped,
)

FAULT = "PyTorch weights from strangers: harmful pickles, bombs, sizes that lie, and valid ones damaged"
SECONDS, MEGABYTES, TIMES = 10.0, 200.0, 4.0
PROMISE = (
    "refused in one line that names the file, or read; nothing is run and nothing written; 10 s of processor, and "
    "memory of 200 MB and four times the file"
)
TRIES = 1_000
QUICK = 60
PATIENCE, SPACE = 300.0, 4096
WHOLE = ("weights that are whole", "weights that are whole, of old")


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """Every file that was made to harm, in both layouts; then valid ones, damaged."""
    rng, canary = np.random.default_rng(seed), scratch / "canary"
    made = crafted(str(canary))
    if count < len(made):
        made = [made[i] for i in sorted(rng.choice(len(made), count, replace=False).tolist())]
    made += [damaged(rng) for _ in range(count - len(made))]
    with Fence("experiments.reliability.weight_reader:ask", SPACE, {"JAX_PLATFORMS": "cpu"}) as fence:
        for file in made:
            yield one(fence, scratch / "given", file, canary)


def crafted(canary: str) -> list[File]:
    """Whole weights first, which must be read; not one of the others may be."""
    weights = generator()
    spoilt = weights | {"model.1.weight": np.full_like(weights["model.1.weight"], np.nan)}
    endless = weights | {"model.1.bias": np.full_like(weights["model.1.bias"], np.inf)}
    files = [File(WHOLE[0], saved(weights)), File(WHOLE[1], saved_old(weights))]
    files += [File("numbers that are no number", saved(spoilt)), File("infinite numbers", saved(endless))]
    for what, program in programs(canary):
        bare = program + STOP
        files += [
            File(f"bare pickle: {what}", bare),
            File(f"pickle in an archive: {what}", wrapped(bare, data__0=bytes(24))),
        ]
        files += [File(f"pickle in an old file: {what}", old(bare, numbers=bytes(32)))]
    for what, program in LIES.items():
        length = (6).to_bytes(8, "little")
        files += [File(f"sizes that lie, archive: {what}", wrapped(program, data__0=bytes(24)))]
        files += [File(f"sizes that lie, old: {what}", old(program, numbers=length + bytes(24)))]
    return [*files, *(File(f"archive: {what}", data) for what, data in archives())]


def damaged(rng: np.random.Generator) -> File:
    """Valid weights with bits flipped, cut short, or with parts repeated or written over."""
    weights = generator(blocks=int(rng.integers(1, 4)))
    layout = int(rng.integers(2))
    data = (saved, saved_old)[layout](weights)
    kind = ["bits flipped", "cut short", "a part repeated", "bytes written over"][int(rng.integers(4))]
    # Half of it where the description lies, which is far smaller than the numbers.
    reach = len(data) if rng.integers(2) else min(len(data), 6000)
    at = int(rng.integers(reach))
    raw = bytearray(data)
    if kind == "bits flipped":
        for place in rng.integers(reach, size=int(rng.integers(1, 9))).tolist():
            raw[place] ^= 1 << int(rng.integers(8))
    elif kind == "cut short":
        raw = raw[:at]
    elif kind == "a part repeated":
        raw[at:at] = raw[max(0, at - int(rng.integers(1, 500))) : at] * int(rng.integers(1, 50))
    else:
        raw[at : at + 8] = [b"\xff" * 8, bytes(8), b"\x7f" * 8, rng.bytes(8)][int(rng.integers(4))]
    return File(f"valid ones damaged: {kind} near byte {at}, {'old' if layout else 'archive'}", bytes(raw))


def one(fence: Fence, place: Path, file: File, canary: Path) -> Try:
    """What came of one file."""
    place.mkdir(exist_ok=True)
    path = place / "latest_net_G.pth"
    path.write_bytes(file.data)
    found = fence.ask({"path": str(path)}, PATIENCE)
    most = MEGABYTES + TIMES * len(file.data) / 2**20
    numbers = {
        "seconds of processor": found.seconds,
        "MB beyond 4 times the file": found.megabytes - most + MEGABYTES,
    }
    if found.failed:
        return Try(file.what, found.failed, "", numbers)
    said, status = found.value["said"].strip(), found.value["status"]
    wrong = _wrong(file, status, said, str(path))
    if canary.exists() or Path("/tmp/canary").exists() or [*place.iterdir()] != [path]:
        wrong = "something was run or written"
    elif found.seconds > SECONDS or found.megabytes > most:
        wrong = f"it took {found.seconds:.1f} s of processor and {found.megabytes:.0f} MB"
    return Try(file.what, wrong, said if file.what.startswith("pickle in an archive") else "", numbers)


def _wrong(file: File, status: int, said: str, path: str) -> str:
    if file.what in WHOLE:
        return "" if status == 0 else f"refused, though they are whole: {said}"
    if status == 0:
        return "" if file.what.startswith("valid ones damaged") else "taken"
    if status != 2 or "\n" in said or path not in said:
        return f"exit status {status}, {said[:300]!r}"
    return "" if len(said) < 1000 else f"a line of {len(said)} letters"
