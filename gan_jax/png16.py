"""16-bit colour PNG, which Pillow reads and writes at 8 bits (PNG specification, second edition, 2003)."""

import struct
import zlib

import numpy as np
from jaxtyping import Int16, UInt8, UInt16

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 4: 2, 6: 4}  # by the colour type in the header
NAMES = {2: "RGB", 4: "LA", 6: "RGBA"}
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by the number of channels


def is_colour16(data: bytes) -> bool:
    """Whether these bytes begin like a 16-bit PNG of more than one channel, not interlaced."""
    header = data.startswith(SIGNATURE) and len(data) > 33
    return header and data[24] == 16 and data[25] in CHANNELS and data[28] == 0


def size(data: bytes) -> tuple[int, int]:
    """Height and width."""
    width, height = struct.unpack(">II", data[16:24])
    return height, width


def decode(data: bytes) -> UInt16[np.ndarray, "height width channels"]:
    """The samples of a file for which `is_colour16` holds. Raises ValueError, zlib.error: damaged."""
    height, width = size(data)
    channels = CHANNELS[data[25]]
    row = 1 + width * channels * 2
    # Not more than the header promises: a few bytes can inflate to gigabytes.
    raw = zlib.decompressobj().decompress(_image_data(data), height * row)
    if len(raw) < height * row:
        raise ValueError("image data ends early")
    rows = np.frombuffer(raw, np.uint8).reshape(height, row)
    samples = unfilter(rows[:, 0], rows[:, 1:].reshape(height, width, channels * 2))
    return samples.view(">u2").astype(np.uint16)


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


def _image_data(data: bytes) -> bytes:
    parts, at = [], len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if data[at : at + 12 + length] != _chunk(kind, body):  # cut short, or its checksum differs
            raise ValueError("a chunk is damaged")
        if kind == b"IDAT":
            parts.append(body)
        at += 12 + length
    return b"".join(parts)


def unfilter(
    kinds: UInt8[np.ndarray, "height"], filtered: UInt8[np.ndarray, "height width bytes"]
) -> UInt8[np.ndarray, "height width bytes"]:
    """Undoes the row filters (section 9): 0 none, 1 sub, 2 up, 3 average, 4 Paeth.

    A byte needs those to its left, above it, and above to the left: one anti-diagonal can be done at once.
    """
    if kinds.max(initial=0) > 4:
        raise ValueError("unknown row filter")
    height, width, depth = filtered.shape
    out = np.zeros(
        (height + 1, width + 1, depth), np.int16
    )  # zeros above and to the left, as the filters assume
    for diagonal in range(height + width - 1):
        r = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        c = diagonal - r
        left, up, corner = out[r + 1, c], out[r, c + 1], out[r, c]
        guesses = [np.zeros_like(left), left, up, (left + up) // 2, _paeth(left, up, corner)]
        guess = np.choose(kinds[r, None], guesses)
        out[r + 1, c + 1] = (filtered[r, c] + guess) & 255
    return out[1:, 1:].astype(np.uint8)


def _paeth(
    left: Int16[np.ndarray, "n bytes"], up: Int16[np.ndarray, "n bytes"], corner: Int16[np.ndarray, "n bytes"]
) -> Int16[np.ndarray, "n bytes"]:
    far_left, far_up, far_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    other = np.where(far_up <= far_corner, up, corner)
    return np.where((far_left <= far_up) & (far_left <= far_corner), left, other)
