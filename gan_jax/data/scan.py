"""Finds the picture files below a folder: names, sizes, and what had to be left out."""

import os
import stat
from collections import Counter
from functools import partial
from pathlib import Path
from typing import NamedTuple

EXTENSIONS = frozenset(
    (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".npy")
)


class Listing(NamedTuple):
    """Picture files below `folder` by name, those skipped and why, and the suffixes of other files."""

    folder: Path
    names: tuple[str, ...]
    bytes: int
    skipped: dict[str, str]
    other: Counter[str]


def printable(name: object) -> str:
    """A file name as one line of text that any terminal takes, whatever bytes it has."""
    text = str(name)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def scan(folder: Path) -> Listing:
    """Lists a folder and its sub-folders, through links too, each real one once, hidden files left out."""
    found = Listing(folder, (), 0, {}, Counter())
    names, total, seen = [], 0, set()
    for place, below, files in os.walk(folder, followlinks=True, onerror=partial(_denied, found)):
        real = os.path.realpath(place)
        below[:] = [] if real in seen else sorted(name for name in below if not name.startswith("."))
        if real in seen:  # links that lead back up
            continue
        seen.add(real)
        for path in (os.path.join(place, file) for file in files if not file.startswith(".")):
            name, extension = Path(path).relative_to(folder).as_posix(), os.path.splitext(path)[1].lower()
            if extension not in EXTENSIONS:
                found.other[extension or "no suffix"] += 1
                continue
            size, why = _size(path)
            if why:
                found.skipped[name] = why
            else:
                names.append(name)
                total += size
    return found._replace(names=tuple(sorted(names)), bytes=total)


def _denied(found: Listing, error: OSError) -> None:
    name = os.path.relpath(os.fsdecode(error.filename), found.folder)
    found.skipped[name] = (error.strerror or "cannot be opened").lower()


def _size(path: str) -> tuple[int, str]:
    try:
        about = os.stat(path)
    except OSError as error:
        return 0, "broken link" if os.path.islink(path) else (error.strerror or str(error)).lower()
    if not stat.S_ISREG(about.st_mode):
        return 0, "not a regular file"
    return about.st_size, "" if about.st_size else "empty file"
