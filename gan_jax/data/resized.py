"""Pictures at one size, kept in memory while they fit; a broken one has a neighbour in its place."""

import sys
from collections.abc import Sequence

import numpy as np
from PIL import Image

from gan_jax.data.pictures import Pictures
from gan_jax.data.scan import printable
from gan_jax.decoding import Picture, Unreadable
from gan_jax.errors import UserError


class Resized(Sequence[np.ndarray]):
    """`pictures` at (height, width), whatever their shape, by Pillow's bicubic filter, as in the reference.

    Each is decoded and resized once while all that is kept is under `limit` bytes. A picture that cannot be read raises
    `Unreadable`, and is named on standard error the first time.
    """

    def __init__(self, pictures: Pictures, size: tuple[int, int], limit: int):
        self.pictures, self.size, self.limit = pictures, size, limit
        self.kept: dict[int, Picture] = {}
        self.bytes = 0
        self.broken: set[int] = set()

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, i):
        if i in self.kept:
            return self.kept[i]
        try:
            picture = resize(self.pictures[i], self.size)
        except Unreadable as error:
            if i not in self.broken:
                self.broken.add(i)
                name = printable(self.pictures.names[i])
                print(f"skipped {name}: {error}; another picture takes its place", file=sys.stderr, flush=True)
            raise
        if self.bytes + picture.nbytes <= self.limit:
            self.kept[i] = picture
            self.bytes += picture.nbytes
        return picture


def load_together(readers: Sequence[Resized], i: int) -> list[Picture]:
    """Picture `i` of every reader, or the next index at which all of them can be read. Raises UserError when none can."""
    count = len(readers[0])
    for k in range(count):
        at = (i + k) % count
        if any(at in reader.broken for reader in readers):
            continue
        try:
            return [reader[at] for reader in readers]
        except Unreadable:
            continue
    raise UserError(f"none of the {count} training pictures can be read any more; was the folder moved or unmounted?")


def resize(picture: Picture, size: tuple[int, int]) -> Picture:
    """Bicubic to (height, width) with the same type; integers are rounded and clipped, floats clipped to [0, 1]."""
    if picture.shape[:2] == size:
        return picture
    wide = size[1], size[0]
    if picture.dtype == np.uint8 and picture.shape[-1] in (1, 3):
        image = Image.fromarray(picture.squeeze(-1) if picture.shape[-1] == 1 else picture)
        return np.asarray(image.resize(wide, Image.Resampling.BICUBIC)).reshape(*size, -1)
    planes = [Image.fromarray(plane.astype(np.float32)) for plane in np.moveaxis(picture, -1, 0)]
    stack = np.stack([np.asarray(plane.resize(wide, Image.Resampling.BICUBIC)) for plane in planes], axis=-1)
    if picture.dtype.kind == "f":
        return stack.clip(0, 1)
    return np.rint(stack).clip(0, np.iinfo(picture.dtype).max).astype(picture.dtype)
