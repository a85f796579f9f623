"""Finds the picture files below a folder, checks them, and says in words what is there."""

import os
import stat
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gan_jax.data.pictures import Pictures
from gan_jax.decoding import Picture, Unreadable, read

EXTENSIONS = frozenset(".png .jpg .jpeg .jpe .jfif .webp .tif .tiff .bmp .gif .npy".split())
CHECK_FILES = 5_000  # a set of more files, or of more bytes, is checked while training
CHECK_BYTES = 512 * 2**20
NAMED = 5  # so many skipped files are named for each reason


class Listing(NamedTuple):
    """Picture files below `folder`: their names in order, those skipped with the reason, and what else lies there."""

    folder: Path
    names: tuple[str, ...]
    bytes: int
    skipped: dict[str, str]
    other: Counter


class Decode(NamedTuple):
    """Loads picture `i` of a folder; a plain value, so that worker processes can have it too."""

    folder: str
    names: tuple[str, ...]
    channels: int
    bits: int

    def __call__(self, i: int) -> Picture:
        return read(os.path.join(self.folder, self.names[i]), self.channels, self.bits)


def printable(name: str) -> str:
    """A file name as one line of text, whatever bytes it has."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)


def scan(folder: Path) -> Listing:
    """Lists a folder and its sub-folders by name, through links too, each real folder once. Hidden files are left out."""
    files, skipped, other, seen, total = [], {}, Counter(), set(), 0
    for place, below, here in os.walk(folder, followlinks=True, onerror=partial(_denied, folder, skipped)):
        real = os.path.realpath(place)
        if real in seen:  # a loop of links
            below.clear()
            continue
        seen.add(real)
        below[:] = sorted(name for name in below if not name.startswith("."))
        for file in here:
            path = os.path.join(place, file)
            name = Path(path).relative_to(folder).as_posix()
            extension = os.path.splitext(file)[1].lower()
            if file.startswith("."):
                continue
            if extension not in EXTENSIONS:
                other[extension or "no extension"] += 1
                continue
            size, why = _size(path)
            total += size
            if why:
                skipped[name] = why
            else:
                files.append(name)
    return Listing(folder, tuple(sorted(files)), total, skipped, other)


def _denied(folder: Path, skipped: dict[str, str], error: OSError) -> None:
    name = os.path.relpath(os.fsdecode(error.filename), folder)
    skipped[name] = (error.strerror or "cannot be opened").lower()


def _size(path: str) -> tuple[int, str]:
    try:
        about = os.stat(path)
    except OSError as error:
        return 0, "broken link" if os.path.islink(path) else (error.strerror or str(error)).lower()
    if not stat.S_ISREG(about.st_mode):
        return 0, "not a regular file"
    return about.st_size, "" if about.st_size else "empty file"


def load(listing: Listing, channels: int, bits: int) -> tuple[Pictures, dict[str, str], str]:
    """The pictures that decode, those that do not with the reason, and a line about sizes and kinds.

    A set of at most 5,000 files and 512 MiB is decoded whole. Of a larger one, 200 files spread over it are looked at
    for the line, and a broken one is met, named and replaced while training.
    """
    pictures = Pictures(listing.names, Decode(str(listing.folder), listing.names, channels, bits))
    whole = len(pictures) <= CHECK_FILES and listing.bytes <= CHECK_BYTES
    chosen = range(len(pictures)) if whole else np.linspace(0, len(pictures) - 1, 200).astype(int).tolist()
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
        looks = list(threads.map(partial(_look, pictures), chosen))
    sizes = [look for look in looks if not isinstance(look, str)]
    if not whole:
        return pictures, dict(listing.skipped), _sizes(sizes) + f" (of {len(sizes)} looked at)"
    broken = {pictures.names[i]: look for i, look in zip(chosen, looks, strict=True) if isinstance(look, str)}
    good = pictures.select([i for i, name in enumerate(pictures.names) if name not in broken]) if broken else pictures
    return good, listing.skipped | broken, _sizes(sizes)


def _look(pictures: Pictures, i: int) -> tuple[int, int, str] | str:
    try:
        picture = pictures[i]
    except Unreadable as error:
        return str(error)
    return picture.shape[1], picture.shape[0], str(picture.dtype)


def _sizes(looks: list[tuple[int, int, str]]) -> str:
    if not looks:
        return "none that can be read"
    ordered = sorted(looks, key=lambda look: (look[0] * look[1], look))
    small, large = ordered[0], ordered[-1]
    span = f"{small[0]}x{small[1]}" + (f" to {large[0]}x{large[1]}" if small[:2] != large[:2] else "")
    return f"{span} pixels"


def skipped_lines(skipped: dict[str, str]) -> list[str]:
    """One line for each reason: how many files, and the names of the first few."""
    by_reason: dict[str, list[str]] = {}
    for name, why in sorted(skipped.items()):
        by_reason.setdefault(why, []).append(printable(name))
    return [
        f"skipped {len(names)}, {printable(why)}: {', '.join(names[:NAMED])}" + (" ..." if len(names) > NAMED else "")
        for why, names in by_reason.items()
    ]
