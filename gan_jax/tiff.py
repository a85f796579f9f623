"""TIFF files that Pillow cannot hold (five channels, 16-bit colour), by the optional package tifffile."""

import io
import logging
import math
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Shaped
from PIL import Image


def is_tiff(data: bytes) -> bool:
    """Whether these bytes begin like a TIFF or a BigTIFF."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def beyond_pillow(data: bytes) -> bool:
    """Whether Pillow cannot open it, or would read it at 8 bits though it has more."""
    try:
        with Image.open(io.BytesIO(data), formats=("TIFF",)) as image:
            tags: Any = image.tag_v2  # type: ignore[attr-defined]
            return tags.get(277, 1) > 1 and max(tags.get(258, (1,))) > 8
    except Image.UnidentifiedImageError:
        return True


def size(data: bytes) -> tuple[int, int]:
    """Height and width of the first page."""
    with _tifffile().TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        return page.imagelength, page.imagewidth


def memory(data: bytes) -> int:
    """Bytes that the first page takes, or a single one of its tiles or strips, if that is more."""
    with _tifffile().TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        return max(page.nbytes, math.prod(page.chunks) * page.dtype.itemsize)


def decode(data: bytes) -> tuple[Shaped[np.ndarray, "height width channels"], bool]:
    """The first page, and whether its last channel is opacity."""
    with _tifffile().TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        pixels = page.asarray()
        if page.samplesperpixel > 1 and page.planarconfig == 2:  # one plane after the other
            pixels = np.moveaxis(pixels, 0, -1)
        alpha = page.samplesperpixel in (2, 4) and bool(page.extrasamples) and page.extrasamples[-1] in (1, 2)
    return pixels.reshape(*pixels.shape[:2], -1), alpha


def encode(pixels: Shaped[np.ndarray, "height width channels"]) -> bytes:
    """Any depth, any number of channels, not compressed."""
    stream = io.BytesIO()
    colour = pixels.shape[-1] in (3, 4)
    _tifffile().imwrite(
        stream,
        pixels,
        photometric="rgb" if colour else "minisblack",
        planarconfig="contig" if pixels.shape[-1] > 1 else None,
        extrasamples=["unassalpha"] if pixels.shape[-1] in (2, 4) else None,
    )
    return stream.getvalue()


def _tifffile() -> ModuleType:
    try:
        import tifffile
    except ImportError as error:
        raise ImportError(
            "a TIFF that Pillow cannot hold needs the package tifffile: pip install tifffile"
        ) from error
    logging.getLogger("tifffile").setLevel(
        logging.CRITICAL
    )  # what is wrong is told by who asked, in one line
    return tifffile
