"""The newest checkpoint cut short, changed by a bit, half deleted, another run's; its facts too; all of them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import compare, tiny
from experiments.reliability.trial import Try, each

FAULT = (
    "the newest checkpoint cut short, changed by one bit, half deleted, another run's; its `about.json` too"
)
PROMISE = (
    "it is named and kept as `<step>.broken`, the run goes on from the checkpoint before it and ends bit for bit like "
    "an undisturbed one; a checkpoint of another config is refused in one line, status 2, and nothing is touched"
)
TRIES = 40
Damage = Callable[[Path, np.random.Generator], str]  # what it does to a checkpoint, and says of it


def _files(path: Path) -> list[Path]:
    """The files that hold what Orbax wrote, those with something in them."""
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and file.stat().st_size and file.name != "about.json"
    )


def _pick(path: Path, rng: np.random.Generator) -> Path:
    found = _files(path)
    return found[int(rng.integers(len(found)))]


def _cut(file: Path, rng: np.random.Generator) -> str:
    data = file.read_bytes()
    kept = int(rng.integers(len(data)))
    file.write_bytes(data[:kept])
    return f"{file.name} cut to {kept} of {len(data)} bytes"


def _flip(file: Path, rng: np.random.Generator) -> str:
    data = bytearray(file.read_bytes())
    at, bit = int(rng.integers(len(data))), int(rng.integers(8))
    data[at] ^= 1 << bit
    file.write_bytes(data)
    return f"bit {bit} of byte {at} of {file.name} flipped"


def truncated(path: Path, rng: np.random.Generator) -> str:
    """One file is shorter."""
    return _cut(_pick(path, rng), rng)


def flipped(path: Path, rng: np.random.Generator) -> str:
    """One bit is another."""
    return _flip(_pick(path, rng), rng)


def deleted(path: Path, rng: np.random.Generator) -> str:
    """Half of the files are gone."""
    found = _files(path)
    for i in rng.permutation(len(found))[: -(-len(found) // 2)]:
        found[i].unlink()
    return f"{-(-len(found) // 2)} of {len(found)} files deleted"


def emptied(path: Path, rng: np.random.Generator) -> str:
    """The directory is there, and nothing in it: as after a crash of the whole machine."""
    for found in path.iterdir():
        shutil.rmtree(found) if found.is_dir() else found.unlink()
    return "everything in it deleted"


def facts_truncated(path: Path, rng: np.random.Generator) -> str:
    """about.json is shorter."""
    return _cut(path / "about.json", rng)


def facts_flipped(path: Path, rng: np.random.Generator) -> str:
    """One bit of about.json is another; not of the name of its own sum, without which it counts as an old one."""
    file = path / "about.json"
    data, what = file.read_bytes(), ""
    while not what or b'"crc32":' not in file.read_bytes():
        file.write_bytes(data)
        what = _flip(file, rng)
    return what


def facts_gone(path: Path, rng: np.random.Generator) -> str:
    """about.json is not there."""
    (path / "about.json").unlink()
    return "about.json deleted"


def facts_other(path: Path, rng: np.random.Generator) -> str:
    """about.json is JSON of something else."""
    text = ["[]", "{}", '{"batches": 1}', "null", '"about"', "12"][int(rng.integers(6))]
    (path / "about.json").write_text(text)
    return f"about.json is {text}"


DAMAGES: tuple[Damage, ...] = (
    truncated, flipped, deleted, facts_truncated, facts_flipped, facts_gone, facts_other, emptied,
)  # fmt: skip


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """Each of DAMAGES in turn, all checkpoints at once, and one of another config."""
    rng = np.random.default_rng(seed)
    tiny.whole(scratch)

    def one(i: int) -> Try:
        if i % 10 == 8:
            return _all(scratch, i, rng)
        if i % 10 == 9:
            return _another_config(scratch, i)
        return _newest(scratch, i, DAMAGES[i % 10], rng)

    return each(one, ((f"try {i}", i) for i in range(count)))


def _again(scratch: Path, workdir: Path) -> tuple[tiny.Run, list[str]]:
    with tiny.Run(tiny.flags(scratch), workdir) as run:
        status = run.end()
    wrong = [f"ended with {status}: {run.last()}"] if status else []
    if any("Traceback" in line for line in run.lines):
        wrong.append(f"a traceback: {run.last()}")
    return run, wrong


def _copied(scratch: Path, i: int) -> Path:
    return Path(shutil.copytree(scratch / "whole", scratch / f"run{i}"))


def _newest(scratch: Path, i: int, damage: Damage, rng: np.random.Generator) -> Try:
    workdir = _copied(scratch, i)
    before, newest = compare.steps(workdir)[-2:]
    what = damage(workdir / "checkpoints" / str(newest), rng)
    run, wrong = _again(scratch, workdir)
    said = run.said("set aside")
    if f"checkpoints/{newest}.broken" not in said:
        wrong.append(f"did not name it: {run.lines[:12]}")
    if not (workdir / "checkpoints" / f"{newest}.broken").is_dir():
        wrong.append("did not keep it")
    if f"going on from step {before}" not in run.said("going on"):
        wrong.append(f"did not go on from step {before}: {run.said('going on')!r}")
    wrong += compare.differences(workdir, scratch / "whole")
    return Try(f"checkpoint {newest}: {what}", "; ".join(wrong[:3]), said)


def _all(scratch: Path, i: int, rng: np.random.Generator) -> Try:
    workdir = _copied(scratch, i)
    found = compare.steps(workdir)
    for step in found:
        DAMAGES[int(rng.integers(len(DAMAGES)))](workdir / "checkpoints" / str(step), rng)
    run, wrong = _again(scratch, workdir)
    said = run.said("begins anew")
    if not said:
        wrong.append(f"did not say that it begins anew: {run.lines[:12]}")
    wrong += [f"did not name {step}" for step in found if not run.said(f"checkpoints/{step}.broken")]
    wrong += compare.differences(workdir, scratch / "whole")
    return Try(f"all of {found} damaged", "; ".join(wrong[:3]), said)


def _another_config(scratch: Path, i: int) -> Try:
    workdir, other = _copied(scratch, i), tiny.whole(scratch, "other", generator__width=8)
    step = compare.steps(workdir)[-1]
    shutil.rmtree(workdir / "checkpoints" / str(step))
    shutil.copytree(other / "checkpoints" / str(step), workdir / "checkpoints" / str(step))
    before = _content(workdir)
    with tiny.Run(tiny.flags(scratch), workdir) as run:
        status = run.end()
    wrong = [f"ended with {status}, not 2"] if status != 2 else []
    if "does not fit the config" not in run.last():
        wrong.append(f"said {run.last()!r}")
    changed = [name for name, data in _content(workdir).items() if before.get(name) != data]
    wrong += [f"{changed[0]} was changed"] if changed else []
    return Try("the newest checkpoint taken from a run of width 8", "; ".join(wrong), run.last())


def _content(workdir: Path) -> dict[str, bytes]:
    return {
        path.relative_to(workdir).as_posix(): path.read_bytes()
        for path in sorted(workdir.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
