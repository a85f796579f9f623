"""Decodes what was found before training relies on it, and says in words what is there."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from gan_jax.data.pictures import Pictures
from gan_jax.data.scan import Listing, printable
from gan_jax.decoding import Picture, Unreadable, decode, kind, read_bytes

FILES = 5_000  # a folder of more files, or of more bytes, is checked while training
BYTES = 512 * 2**20
SAMPLE = 200  # of such a folder so many files are looked at, to describe it
NAMED = 5  # so many skipped files are named for each reason

Part = Literal["whole", "left", "right"]


@dataclass(frozen=True)
class File:
    """Loads picture `i` of a listing, or its left or right half."""

    folder: str
    names: tuple[str, ...]
    channels: int
    bits: int
    part: Part

    def __call__(self, i: int) -> Picture:
        return self.decode(self.read(i))

    def decode(self, data: bytes) -> Picture:
        """The picture in these bytes."""
        picture = decode(data, self.channels, self.bits)
        height, width, _ = picture.shape
        if self.part == "whole":
            return picture
        if width <= height:
            raise Unreadable(f"{width}x{height}: not two pictures side by side")
        return picture[:, : width // 2] if self.part == "left" else picture[:, width - width // 2 :]

    def read(self, i: int) -> bytes:
        """The file as it is."""
        return read_bytes(os.path.join(self.folder, self.names[i]))


class Look(NamedTuple):
    """What one file is like; `broken` says why it cannot be used."""

    broken: str = ""
    height: int = 0
    width: int = 0
    kind: str = ""


class Checked(NamedTuple):
    """Pictures that can be used, those skipped with the reason, and a line about sizes and kinds."""

    pictures: Pictures
    skipped: dict[str, str]
    summary: str


def survey(listing: Listing, channels: int, bits: int, part: Part = "whole") -> Checked:
    """Decodes every file of at most 5,000 with 512 MiB; of more, 200 spread over all of them.

    A file that does not decode is left out. One that was not looked at is named and replaced while training.
    """
    load = File(str(listing.folder), listing.names, channels, bits, part)
    count, whole = len(listing.names), len(listing.names) <= FILES and listing.bytes <= BYTES
    chosen = range(count) if whole else sorted(set(np.linspace(0, count - 1, SAMPLE).astype(int).tolist()))
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
        looks = dict(zip(chosen, threads.map(partial(look, load), chosen), strict=True))
    broken = {i: seen.broken for i, seen in looks.items() if seen.broken}
    good = [seen for seen in looks.values() if not seen.broken]
    summary = describe(good) + ("" if whole else f" (of {len(good)} looked at; the others while training)")
    kept = Pictures(listing.names, load).select([i for i in range(count) if i not in broken])
    return Checked(kept, listing.skipped | {listing.names[i]: why for i, why in broken.items()}, summary)


def look(load: File, i: int) -> Look:
    """Decodes one file, to see whether it can be."""
    try:
        data = load.read(i)
        height, width, _ = load.decode(data).shape
    except Unreadable as error:
        return Look(broken=str(error))
    return Look("", height, width, kind(data))


def describe(looks: list[Look]) -> str:
    """Sizes from the smallest to the largest picture, and kinds, the commonest first."""
    if not looks:
        return "none that can be read"
    ordered = sorted(looks, key=lambda seen: (seen.height * seen.width, seen.width))
    ends = dict.fromkeys(f"{seen.width}x{seen.height}" for seen in (ordered[0], ordered[-1]))
    kinds = Counter(seen.kind for seen in looks).most_common()
    shown = kinds[0][0] if len(kinds) == 1 else ", ".join(f"{name} {n}" for name, n in kinds)
    return f"{' to '.join(ends)}, {shown}"


def skipped_lines(skipped: dict[str, str]) -> list[str]:
    """One line for each reason: how many files, and the names of the first few."""
    by_reason: dict[str, list[str]] = {}
    for name, why in sorted(skipped.items()):
        by_reason.setdefault(why, []).append(printable(name))
    return [
        f"skipped {len(names)}, {printable(why)}: {', '.join(names[:NAMED])}{' ...' * (len(names) > NAMED)}"
        for why, names in by_reason.items()
    ]
