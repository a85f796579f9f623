"""Pictures in folders: trainA, trainB, testA, testB as the PyTorch reference has them, or two folders of one's own."""

import os
import re
from pathlib import Path
from typing import Any

from gan_jax.data import scan
from gan_jax.data.pictures import Domains, Pictures, Source
from gan_jax.errors import UserError

LAYOUT = "trainA and trainB (with testA and testB if there are test pictures)"
HELD_OUT = 10  # of two plain folders, one picture in so many is kept for testing
BORROWED = 8  # so many training pictures are shown when there are no test pictures


def source(data: Any) -> Source:
    """The folders that `config.data` names: `x` and `y`, else `root` in the reference's layout.

    Raises UserError when a folder is missing or empty, or the pictures that can be read are too few.
    """
    if data.x or data.y:
        return _two_folders(data)
    return reference_layout(Path(data.root).expanduser(), data)


def reference_layout(root: Path, data: Any, name: str = "") -> Source:
    """A folder with trainA, trainB and, if there, testA and testB."""
    _check_root(root)
    lines: list[str] = []
    train = Domains(*(_domain(root / f"train{d}", c, data, lines) for d, c in _domains(data)))
    if all((root / f"test{d}").is_dir() for d in "AB"):
        test = Domains(*(_domain(root / f"test{d}", c, data, lines) for d, c in _domains(data)))
    else:
        test = Domains(*(pictures.select(range(min(BORROWED, len(pictures)))) for pictures in train))
        lines.append(f"no testA and testB: the first {BORROWED} training pictures are shown instead")
    return paired(Source(name or f"folder {root}", train, test, False, tuple(lines)), data.paired)


def _domains(data: Any) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("A", data.x_channels), ("B", data.y_channels)


def _two_folders(data: Any) -> Source:
    if not (data.x and data.y):
        missing = "x" if data.y else "y"
        raise UserError(f"config.data.{missing} is empty: name a folder of pictures for each of config.data.x and config.data.y")
    lines: list[str] = []
    base = Path(data.root).expanduser()
    folders = (base / Path(data.x).expanduser(), data.x_channels), (base / Path(data.y).expanduser(), data.y_channels)
    whole = Domains(*(_domain(folder, channels, data, lines) for folder, channels in folders))
    pairs = paired(Source("", whole, whole, False, ()), data.paired)
    train, test = zip(*(hold_out(pictures) for pictures in pairs.train), strict=True)
    lines.append(f"every {HELD_OUT}th picture by name is held out as a test picture")
    found = Source(f"folders {folders[0][0]} and {folders[1][0]}", Domains(*train), Domains(*test), False, tuple(lines))
    return paired(found, data.paired)


def hold_out(pictures: Pictures) -> tuple[Pictures, Pictures]:
    """Training and test pictures: every tenth by name, beginning with the first, is for testing. One alone is for both."""
    if len(pictures) == 1:
        return pictures, pictures
    test = range(0, len(pictures), HELD_OUT)
    return pictures.select([i for i in range(len(pictures)) if i not in test]), pictures.select(test)


def _domain(folder: Path, channels: int, data: Any, lines: list[str]) -> Pictures:
    if not folder.is_dir():
        raise UserError(f"{scan.printable(str(folder))}: no such folder; a folder of pictures is expected there")
    listing = scan.scan(folder)
    pictures, skipped, sizes = scan.load(listing, channels, data.bits)
    skips = scan.skipped_lines(skipped)
    if not len(pictures):
        why = "; ".join(skips) or f"it holds {sum(listing.other.values())} other files"
        kinds = " ".join(sorted(scan.EXTENSIONS))
        raise UserError(f"{scan.printable(str(folder))}: no picture that can be read ({why}); put some there ({kinds})")
    lines.append(f"{scan.printable(str(folder))}: {len(pictures)} pictures, {sizes}, read with {channels} channels")
    lines.extend(f"  {line}" for line in skips)
    return pictures


def _check_root(root: Path) -> None:
    """Says what is wrong with a root that is not in the reference's layout, and what to do."""
    shown = scan.printable(str(root))
    if not root.is_dir():
        raise UserError(f"config.data.root={shown}: no such folder; give a folder that holds {LAYOUT}")
    missing = [name for name in ("trainA", "trainB") if not (root / name).is_dir()]
    if missing:
        raise UserError(f"config.data.root={shown}: {' and '.join(missing)} missing; {_advice(root)}")


def _advice(root: Path) -> str:
    return f"a folder that holds {LAYOUT} is expected"


def paired(found: Source, required: bool) -> Source:
    """Marks true pairs. With `required`, both training and test pictures are cut down to those with a partner.

    Otherwise the test pictures are taken for pairs when both sides have the same stems, and these are not mere numbers.
    """
    if required:
        train, alone = match(found.train)
        test, _ = match(found.test)
        if not len(train.x):
            raise UserError(f"{found.name}: config.data.paired=True, but no file of one side has the stem of one of the other")
        if not len(test.x):
            test = Domains(*(pictures.select(range(min(BORROWED, len(train.x)))) for pictures in train))
        lines = (f"skipped {alone} training pictures without a partner",) if alone else ()
        return found._replace(train=train, test=test, paired_test=True, found=found.found + lines)
    test, alone = match(found.test)
    if alone or not len(test.x) or all(stem(name).isdigit() for name in test.x.names):
        return found
    return found._replace(test=test, paired_test=True, found=found.found + ("test pictures of one name are taken for true pairs",))


def match(domains: Domains) -> tuple[Domains, int]:
    """The pairs of one stem in name order, and how many pictures of either side have no partner."""
    places = [{stem(name): i for i, name in reversed(list(enumerate(pictures.names)))} for pictures in domains]
    common = sorted(places[0].keys() & places[1].keys())
    chosen = (pictures.select([place[s] for s in common]) for pictures, place in zip(domains, places, strict=True))
    return Domains(*chosen), sum(len(pictures) for pictures in domains) - 2 * len(common)


def stem(name: str) -> str:
    """A name without its extension and without a last _A or _B: what the two pictures of a pair have in common."""
    return re.sub(r"[_-][AB]$", "", os.path.splitext(name)[0])
