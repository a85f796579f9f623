"""Pictures at one size, kept in memory while they fit; a neighbour stands in for a broken one."""

import sys
from collections.abc import Sequence

import numpy as np
from PIL import Image

from gan_jax.data.pictures import Pictures
from gan_jax.data.scan import printable
from gan_jax.decoding import Picture, Unreadable
from gan_jax.errors import UserError

BICUBIC = Image.Resampling.BICUBIC


class Resized:
    """`pictures` at (height, width), whatever their shape; read once, while all fit in `limit` bytes."""

    def __init__(self, pictures: Pictures, size: tuple[int, int], limit: int):
        self.pictures, self.size, self.limit = pictures, size, limit
        self.kept: dict[int, Picture] = {}
        self.bytes = 0
        self.broken: set[int] = set()

    def __len__(self) -> int:
        return len(self.pictures)

    def get(self, i: int) -> Picture | None:
        """Picture i, or None where it cannot be read: then it is named on standard error, once."""
        if i in self.kept or i in self.broken:
            return self.kept.get(i)
        try:
            picture = resize(self.pictures[i], self.size)
        except Unreadable as error:
            self.broken.add(i)
            name = printable(self.pictures.names[i])
            print(f"{name}: {printable(error)}; skipped from now on", file=sys.stderr, flush=True)
            return None
        if self.bytes + picture.nbytes <= self.limit:
            self.kept[i] = picture
            self.bytes += picture.nbytes
        return picture


def load_together(readers: Sequence[Resized], i: int) -> list[Picture]:
    """Picture i of every reader, or of the next index at which all of them can be read.

    Raises UserError when there is none.
    """
    count = len(readers[0])
    for at in (*range(i, count), *range(i)):
        pictures = [picture for reader in readers if (picture := reader.get(at)) is not None]
        if len(pictures) == len(readers):
            return pictures
    raise UserError(f"none of the {count} pictures to train on can be read any more; was their folder moved?")


def resize(picture: Picture, size: tuple[int, int]) -> Picture:
    """Pillow's bicubic filter to (height, width), its ratio given up, as in the PyTorch reference.

    The type stays; integers are rounded and clipped to their range, floats clipped to [0, 1].
    """
    if picture.shape[:2] == size:
        return picture
    wide = size[1], size[0]
    eight = picture.dtype == np.uint8
    if eight and picture.shape[-1] == 3:  # the same as channel by channel, but faster
        return np.asarray(Image.fromarray(picture).resize(wide, BICUBIC))
    planes = np.moveaxis(picture if eight else picture.astype(np.float32), -1, 0)
    resized = [Image.fromarray(np.ascontiguousarray(plane)).resize(wide, BICUBIC) for plane in planes]
    stack = np.stack([np.asarray(plane) for plane in resized], axis=-1)
    if picture.dtype.kind == "f":
        return stack.clip(0, 1)
    return stack if eight else np.rint(stack).clip(0, 65535).astype(np.uint16)
