"""TIFF files that Pillow cannot hold (five channels, 16-bit colour), by the optional package tifffile."""

import contextlib
import io
import logging
import math
import threading
from collections.abc import Iterator
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
    with _first_page(data) as page:
        return page.imagelength, page.imagewidth


def memory(data: bytes) -> int:
    """Bytes that the first page takes, or a single one of its tiles or strips, if that is more."""
    with _first_page(data) as page:
        return max(page.nbytes, math.prod(page.chunks) * page.dtype.itemsize)


def decode(data: bytes) -> tuple[Shaped[np.ndarray, "height width channels"], bool]:
    """The first page, and whether its last channel is opacity."""
    with _first_page(data) as page:
        pixels = page.asarray()
        if page.samplesperpixel > 1 and page.planarconfig == 2:  # one plane after the other
            pixels = np.moveaxis(pixels, 0, -1)
        alpha = page.samplesperpixel in (2, 4) and bool(page.extrasamples) and page.extrasamples[-1] in (1, 2)
    return pixels.reshape(*pixels.shape[:2], -1), alpha


@contextlib.contextmanager
def _first_page(data: bytes) -> Iterator[Any]:
    """Raises ValueError where tifffile logs that a tag cannot be read, and goes on as if it were not there."""
    tifffile = _tifffile()
    complaints = _Complaints()
    logger = logging.getLogger("tifffile")
    logger.addFilter(complaints)
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            yield file.pages[0]
            if complaints.errors:
                raise ValueError(complaints.errors[0])
    finally:
        logger.removeFilter(complaints)


class _Complaints(logging.Filter):
    """Keeps what this thread's tifffile complains of; who asked tells it, in one line."""

    def __init__(self) -> None:
        super().__init__()
        self.thread, self.errors = threading.get_ident(), list[str]()

    def filter(self, record: logging.LogRecord) -> bool:
        """False: not to be shown."""
        if record.thread != self.thread:
            return True
        if record.levelno >= logging.ERROR:
            self.errors.append(record.getMessage())
        return False


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
    return tifffile
