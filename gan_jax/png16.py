"""16-bit colour PNG files, which Pillow reads and writes at 8 bits only (PNG specification, second edition, W3C 2003)."""

import struct
import zlib

import numpy as np
from jaxtyping import UInt16

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 4: 2, 6: 4}  # the colour type of the header: RGB, grey and alpha, RGB and alpha
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def is_tiff(data: bytes) -> bool:
    """Whether these bytes begin like a TIFF or a BigTIFF."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_colour16(data: bytes) -> bool:
    """Whether these bytes begin like a 16-bit PNG with more than one channel, not interlaced."""
    return data.startswith(SIGNATURE) and len(data) > 33 and data[24] == 16 and data[25] in CHANNELS and data[28] == 0


def size(data: bytes) -> tuple[int, int]:
    """Width and height."""
    return struct.unpack(">II", data[16:24])


def decode(data: bytes) -> UInt16[np.ndarray, "height width channels"]:
    """The samples of a file for which `is_colour16` holds. Raises ValueError or zlib.error when it is damaged."""
    width, height = size(data)
    channels = CHANNELS[data[25]]
    bytes_per_row = 1 + width * channels * 2
    inflate = zlib.decompressobj()
    raw = inflate.decompress(_image_data(data), height * bytes_per_row)
    if len(raw) < height * bytes_per_row:
        raise ValueError("image data ends early")
    rows = np.frombuffer(raw, np.uint8).reshape(height, bytes_per_row)
    samples = unfilter(rows[:, 0], rows[:, 1:].reshape(height, width, channels * 2))
    return np.ascontiguousarray(samples).view(">u2").astype(np.uint16)


def encode(pixels: UInt16[np.ndarray, "height width channels"]) -> bytes:
    """A PNG file of 1 (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGB and alpha) channels."""
    height, width, channels = pixels.shape
    rows = np.ascontiguousarray(pixels.astype(">u2")).view(np.uint8).reshape(height, -1)
    raw = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def _image_data(data: bytes) -> bytes:
    parts, at = [], len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(body) < length or zlib.crc32(kind + body) != struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]:
            raise ValueError("a chunk is damaged")
        if kind == b"IDAT":
            parts.append(body)
        at += 12 + length
    return b"".join(parts)


def unfilter(kinds: np.ndarray, filtered: np.ndarray) -> np.ndarray:
    """Undoes PNG's row filters (section 9): 0 none, 1 sub, 2 up, 3 average, 4 Paeth.

    A byte needs those to its left, above it and above to the left. So all pixels of one anti-diagonal can be done at once.
    """
    if kinds.max(initial=0) > 4:
        raise ValueError("unknown row filter")
    height, width, depth = filtered.shape
    out = np.zeros((height + 1, width + 1, depth), np.int16)  # a border of zeros above and to the left
    for diagonal in range(height + width - 1):
        r = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        c = diagonal - r
        left, up, corner = out[r + 1, c], out[r, c + 1], out[r, c]
        kind = kinds[r, None]
        guess = np.select(
            [kind == 1, kind == 2, kind == 3, kind == 4],
            [left, up, (left + up) // 2, _paeth(left, up, corner)],
            0,
        )
        out[r + 1, c + 1] = (filtered[r, c] + guess) & 255
    return out[1:, 1:].astype(np.uint8)


def _paeth(left: np.ndarray, up: np.ndarray, corner: np.ndarray) -> np.ndarray:
    far_left, far_up, far_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    nearest = np.where((far_left <= far_up) & (far_left <= far_corner), left, np.where(far_up <= far_corner, up, corner))
    return nearest
