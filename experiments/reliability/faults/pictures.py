"""Picture files of every kind, damaged in every way, given to what reads a folder to train on."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import picture_damage, picture_reader, tiny
from experiments.reliability.fenced import Fence, Outcome
from experiments.reliability.picture_damage import SHARES, Case, Damage
from experiments.reliability.picture_files import valid
from experiments.reliability.trial import Try

FAULT = "picture files damaged, forged, huge, endless, oddly named, or gone after they were found"
PROMISE = (
    "skipped and named in one line, or read to the right pixels; no crash and no hang; 2 s of "
    "processor and 300 MB a file, for one with as many pixels as are let in (89 million) 60 s and 2.2 GB"
)
TRIES = 10_000
QUICK = 60
SECONDS, MEGABYTES = 2.0, 300.0
LARGE_SECONDS, LARGE_MEGABYTES = 60.0, 2200.0
PATIENCE, SPACE = 600.0, 8192  # seconds on the clock until a file counts as hung, MB of address space
FOLDERS, HELD = 2500, 150  # for so many files one folder of so many of them is given to the commands


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """So many damaged files, each in a folder beside a good picture, read in a process under limits."""
    rng = np.random.default_rng(seed)
    files = valid(rng)
    if unread := [file.kind for file in files if not picture_reader.whole(file.data, file.pixels, file.off)]:
        raise RuntimeError(f"files without damage are not read as they are: {unread}")
    folders = count // FOLDERS
    cases = [damage(rng, files) for damage in drawn(rng, count - 2 * folders, large=folders > 0)]
    told: set[str] = set()
    with Fence("experiments.reliability.picture_reader:look", SPACE, {"JAX_PLATFORMS": "cpu"}) as fence:
        for case in cases:
            later = str(rng.choice(["", "", "", "gone", "changed"]))
            found = one(fence, scratch / "folder", case, later)
            yield found._replace(said="" if case.damage in told else found.said)
            told |= {case.damage} if found.said else set()
    for i in range(folders):
        yield from commands(scratch, cases[i * FOLDERS :][:HELD])


def drawn(rng: np.random.Generator, count: int, large: bool) -> list[Damage]:
    """So many kinds of damage: each once, as far as that goes, and then by its share."""
    kinds = [damage for damage in SHARES if large or damage is not picture_damage.large]
    shares = np.array([SHARES[damage] for damage in kinds]) / sum(SHARES[damage] for damage in kinds)
    rest = rng.choice(len(kinds), max(0, count - len(kinds)), p=shares)
    return [kinds[i] for i in [*rng.permutation(len(kinds)), *rest][:count]]


def commands(scratch: Path, cases: list[Case]) -> Iterator[Try]:
    """A folder of damaged files given to the commands: training, and translating with what was trained."""
    root, place = scratch / "hostile", scratch / "trained"
    for old in (root, place, scratch / "out"):
        shutil.rmtree(old, ignore_errors=True)
    tiny.pictures(root)
    for i, case in enumerate(cases):
        if case.damage not in ("as large as let in", "odd name"):
            case.make(root / "trainA" / f"{i:03}{Path(case.name).suffix}")
        elif case.damage == "odd name" and not os.path.lexists(root / "trainA" / case.name):
            case.make(root / "trainA" / case.name)
    changes = {"steps": 4, "checkpoint_every": 4, "best_metric": "", "evaluate_every": 0, "sample_every": 4}
    with tiny.Run(tiny.flags(scratch, data__root=root, **changes), place) as run:
        status = run.end(600)
        yield Try(f"training: a folder of {len(cases)} damaged files", _wrong(status, (0,), run.lines))
    flags = [f"--workdir={place}", f"--input={root / 'trainA'}", f"--output={scratch / 'out'}"]
    command = [sys.executable, "-m", "gan_jax.translate", *flags]
    done = subprocess.run(command, cwd=tiny.ROOT, env=tiny.environment(), capture_output=True, timeout=600)
    lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()
    yield Try(f"translating: a folder of {len(cases)} damaged files", _wrong(done.returncode, (0, 1), lines))


def _wrong(status: int, expected: tuple[int, ...], lines: list[str]) -> str:
    if status not in expected:
        return f"exit status {status}: {lines[-1:]}"
    return "a traceback" if any("Traceback" in line for line in lines) else ""


def one(fence: Fence, folder: Path, case: Case, later: str = "") -> Try:
    """What came of one file."""
    shutil.rmtree(folder, ignore_errors=True)
    picture_reader.beside(folder)
    case.make(folder / case.name)
    truth = folder.parent / "truth.npy"
    if case.pixels is not None:
        np.save(truth, case.pixels)
    request = {
        "folder": str(folder),
        "name": case.name,
        "expected": case.expected,
        "off": case.off,
        "later": later,
    }
    request["truth"] = str(truth) if case.pixels is not None else ""
    found = fence.ask(request, PATIENCE)
    value = found.value or {"wrong": found.failed, "said": ""}
    wrong = value["wrong"] or _slow(found, case.damage == "as large as let in")
    what = f"{case.damage}: {case.what}" + (f", then {later}" if later else "")
    size = "large: " if case.damage == "as large as let in" else ""
    numbers = {f"{size}seconds of processor": found.seconds, f"{size}MB": found.megabytes}
    return Try(what, wrong, value["said"], numbers)


def _slow(found: Outcome, large: bool) -> str:
    seconds, most = (LARGE_SECONDS, LARGE_MEGABYTES) if large else (SECONDS, MEGABYTES)
    if found.seconds > seconds:
        return f"it took {found.seconds:.1f} s of processor"
    return f"it took {found.megabytes:.0f} MB" if found.megabytes > most else ""
