"""16-bit colour PNG, which Pillow reads and writes at 8 bits (PNG specification, second edition, 2003)."""

import io
import struct
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import UInt8, UInt16
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 4: 2, 6: 4}  # by the colour type in the header
NAMES = {2: "RGB", 4: "LA", 6: "RGBA"}
PIECE = 2**20
# Interlaced files hold seven pictures: from row a and column b on, every c-th row and d-th column (section 8.2).
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by the number of channels


def is_colour16(data: bytes) -> bool:
    """Whether these bytes begin like a 16-bit PNG of more than one channel."""
    header = data.startswith(SIGNATURE) and len(data) > 33
    return header and data[24] == 16 and data[25] in CHANNELS


def size(data: bytes) -> tuple[int, int]:
    """Height and width."""
    width, height = struct.unpack(">II", data[16:24])
    return height, width


def decode(data: bytes) -> UInt16[np.ndarray, "height width channels"]:
    """The samples of a file for which `is_colour16` holds. Raises ValueError, OSError, ...: damaged.

    Pillow undoes compression and row filters, bytewise whatever the depth, and can be asked for either byte.
    """
    _check(data)
    if data[25] == 4:  # grey and alpha of 16 bits lie there as RGB and alpha of 8
        header = data[16:24] + b"\x08\x06" + data[26:29]
        eight = data[:8] + _chunk(b"IHDR", header) + data[33:]
        return _bytes(eight, "RGBA").view(">u2").astype(np.uint16)
    mode = NAMES[data[25]]
    samples = _bytes(data, f"{mode};16B").astype(np.uint16)
    samples <<= 8
    samples |= _bytes(data, f"{mode};16L")
    return samples


def _bytes(data: bytes, layout: str) -> UInt8[np.ndarray, "height width channels"]:
    """The upper bytes of samples that are called big-endian, the lower ones where they are called little-endian."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        tiles: Any = image.tile
        tiles[:] = [(*tile[:3], layout) for tile in tiles]
        image.load()
        return np.asarray(image)


def encode(pixels: UInt16[np.ndarray, "height width channels"]) -> bytes:
    """A PNG file of 1 (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGB and alpha) channels."""
    height, width, channels = pixels.shape
    rows = np.ascontiguousarray(pixels.astype(">u2")).view(np.uint8).reshape(height, -1)
    raw = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _check(data: bytes) -> None:
    """Raises ValueError or zlib.error where a chunk is damaged, or the rows end early, which Pillow lets pass."""
    inflate, at, found = zlib.decompressobj(), len(SIGNATURE), 0
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if data[at : at + 12 + length] != _chunk(kind, body):  # cut short, or its checksum differs
            raise ValueError("a chunk is damaged")
        while kind == b"IDAT" and body and not inflate.eof:
            found += len(inflate.decompress(body, PIECE))  # a few bytes can inflate to gigabytes
            body = inflate.unconsumed_tail
        at += 12 + length
    if found < _promised(*size(data), 2 * CHANNELS[data[25]], ADAM7 if data[28] else ((0, 0, 1, 1),)):
        raise ValueError("image data ends early")


def _promised(height: int, width: int, depth: int, passes: Iterable[tuple[int, int, int, int]]) -> int:
    """Bytes of all rows, each with one for its filter."""
    sides = [(-((top - height) // down), -((left - width) // right)) for top, left, down, right in passes]
    return sum(rows * (1 + columns * depth) for rows, columns in sides if columns > 0)
