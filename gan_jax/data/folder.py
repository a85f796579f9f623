"""Pictures in folders: the PyTorch reference's layouts, or two folders of one's own."""

import os
from pathlib import Path
from typing import Any

from gan_jax.data.advice import advise
from gan_jax.data.pairs import pair
from gan_jax.data.pictures import Domains, Pictures, Source
from gan_jax.data.scan import EXTENSIONS, printable, scan
from gan_jax.data.survey import Part, skipped_lines, survey
from gan_jax.decoding import Picture
from gan_jax.errors import UserError

HELD_OUT, MOST_HELD_OUT = 10, 100  # of two plain folders one picture in ten is for testing, at most 100
BORROWED = 8  # so many training pictures are shown where there are no test pictures


def source(data: Any) -> Source:
    """The folders that `config.data` names: `x` and `y`, else `root` in one of the reference's layouts.

    * `x` and `y`: two folders (below `root`, if that is given); a fixed share is held out for testing.
    * `root` with trainA, trainB and, for testing, testA, testB.
    * `root` with train and, for testing, test or val, whose pictures are two halves: left is x, right is y.

    Sub-folders are read too. Raises UserError when a folder is missing, or has no picture that can be read.
    """
    if data.x or data.y:
        return _two_folders(data)
    root = Path(data.root).expanduser()
    if os.path.isdir(root / "train") and not os.path.isdir(root / "trainA"):
        return halves(root, data)
    return letters(root, data)


def letters(root: Path, data: Any, name: str = "") -> Source:
    """`root` with trainA and trainB, and with testA and testB if there are test pictures."""
    advise(root)
    lines: list[str] = []
    train, test = [], []
    for side, channels in (("A", data.x_channels), ("B", data.y_channels)):
        pictures = read_folder(root / f"train{side}", channels, data.bits, lines)
        folder = root / f"test{side}"
        train.append(pictures)
        test.append(read_folder(folder, channels, data.bits, lines, needed=False))
        if not len(test[-1]):
            test[-1] = pictures.select(range(min(BORROWED, len(pictures))))
            lines.append(f"test{side}: none, so the first {len(test[-1])} of train{side} are shown instead")
    shown = name or f"the folder {printable(root)}"
    return pair(Source(shown, Domains(*train), Domains(*test), False, tuple(lines)), data.paired)


def halves(root: Path, data: Any) -> Source:
    """`root` with train, and with test or val if there are test pictures: x left and y right in each."""
    lines: list[str] = []
    held = root / ("test" if os.path.isdir(root / "test") else "val")
    train, test = [], []
    sides: tuple[tuple[Part, int], ...] = (("left", data.x_channels), ("right", data.y_channels))
    for part, channels in sides:
        train.append(read_folder(root / "train", channels, data.bits, lines, part))
        test.append(read_folder(held, channels, data.bits, lines, part, needed=False))
    if not (len(test[0]) and len(test[1])):
        test = [pictures.select(range(min(BORROWED, len(pictures)))) for pictures in train]
        lines.append(f"{held.name}: none, so the first {len(test[0])} of train are shown instead")
    found = Source(f"the folder {printable(root)}", Domains(*train), Domains(*test), False, tuple(lines))
    return pair(found, required=True)


def _two_folders(data: Any) -> Source:
    if not (data.x and data.y):
        lacking = "x" if data.y else "y"
        raise UserError(
            f"config.data.{lacking} is empty: name a folder of pictures for config.data.x and for y"
        )
    base = Path(data.root).expanduser()
    lines: list[str] = []
    x, y = (base / Path(folder).expanduser() for folder in (data.x, data.y))
    whole = Domains(
        read_folder(x, data.x_channels, data.bits, lines), read_folder(y, data.y_channels, data.bits, lines)
    )
    shown = f"the folders {printable(x)} and {printable(y)}"
    found = Source(shown, whole, whole, False, tuple(lines))
    if data.paired:
        found = pair(found, True)
    (train_x, test_x), (train_y, test_y) = (hold_out(pictures) for pictures in found.train)
    line = f"held out for testing, evenly by name: {len(test_x)} of x and {len(test_y)} of y"
    found = found._replace(
        train=Domains(train_x, train_y), test=Domains(test_x, test_y), found=(*found.found, line)
    )
    return found if data.paired else pair(found, False)


def hold_out(pictures: Pictures) -> tuple[Pictures, Pictures]:
    """For training and for testing: every tenth by name, at most 100, is for testing; a lone one is both."""
    count = len(pictures)
    if count == 1:
        return pictures, pictures
    test = range(0, count, max(HELD_OUT, -(-count // MOST_HELD_OUT)))
    return pictures.select([i for i in range(count) if i not in test]), pictures.select(test)


def read_folder(
    folder: Path, channels: int, bits: int, lines: list[str], part: Part = "whole", needed: bool = True
) -> Pictures:
    """The pictures below a folder, and lines about them added to `lines`.

    Raises UserError when there are none, unless they are not `needed`.
    """
    if not os.path.isdir(folder):
        if not needed:
            return Pictures([], _nothing)
        raise UserError(
            f"{printable(folder)}: no such folder; expected a folder of pictures that may be entered"
        )
    listing = scan(folder)
    checked = survey(listing, channels, bits, part)
    skips = skipped_lines(checked.skipped)
    if needed and not len(checked.pictures):
        why = "; ".join(skips) or f"{sum(listing.other.values())} files of other kinds"
        kinds = " ".join(sorted(EXTENSIONS))
        raise UserError(
            f"{printable(folder)}: no picture that can be read ({why}); expected files of {kinds}"
        )
    if len(checked.pictures) or skips:
        halves = "" if part == "whole" else f" {part} halves"
        lines.append(f"{printable(folder.name)}: {len(checked.pictures)} pictures{halves}, {checked.summary}")
    if listing.other:
        kinds = ", ".join(f"{printable(kind)} {n}" for kind, n in listing.other.most_common(5))
        skips.append(f"files of other kinds: {kinds}")
    lines.extend(f"  {line}" for line in skips)
    return checked.pictures


def _nothing(i: int) -> Picture:
    raise IndexError(i)
