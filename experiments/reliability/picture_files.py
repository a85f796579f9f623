"""Small valid picture files of every kind that gan_jax reads, with the pixels that they must become."""

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from gan_jax import images
from gan_jax.png16 import SIGNATURE

HEIGHT, WIDTH = 20, 24
EXACT, LOSSY = 1.0, 25.0  # levels by which pixels may be off, in the mean


class Valid(NamedTuple):
    """The bytes of a file, its suffix, its first picture as RGB of 8 bits, and how far off a reader may be."""

    kind: str
    suffix: str
    data: bytes
    pixels: np.ndarray
    off: float = EXACT


def valid(rng: np.random.Generator) -> list[Valid]:
    """One file of every kind."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    waves = 127 + 120 * np.sin(np.stack([x, y, x + y], -1) / rng.uniform(2, 6, 3) + rng.uniform(0, 6, 3))
    colour = waves.astype(np.uint8)
    grey = colour[..., 0]
    threefold = np.repeat(grey[..., None], 3, -1)
    eight, sixteen = Image.fromarray(colour), colour.astype(np.uint16) * 257
    opaque = np.concatenate([colour, np.full_like(grey, 255)[..., None]], -1)
    few = (colour // 128) * 255  # eight colours, which a palette holds exactly
    palette = Image.fromarray(few).quantize(8, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    kept = np.asarray(palette.convert("RGB"))
    later = [Image.fromarray(255 - few).quantize(8) for _ in range(3)]
    stack = {"save_all": True, "append_images": later}
    return [
        Valid("PNG RGB", ".png", saved(eight, "PNG"), colour),
        Valid("PNG grey", ".png", saved(Image.fromarray(grey), "PNG"), threefold),
        Valid("PNG grey 16", ".png", saved(Image.fromarray(sixteen[..., 0]), "PNG"), threefold),
        Valid("PNG RGB 16", ".png", images.encode(PNG, sixteen), colour),
        Valid("PNG alpha", ".png", saved(Image.fromarray(opaque), "PNG"), colour),
        Valid("PNG palette", ".png", saved(palette, "PNG"), kept),
        Valid("PNG interlaced", ".png", interlaced(colour), colour),
        Valid("PNG animated", ".png", saved(palette, "PNG", **stack), kept),
        Valid("JPEG RGB", ".jpg", saved(eight, "JPEG"), colour, LOSSY),
        Valid("JPEG progressive", ".jpg", saved(eight, "JPEG", progressive=True), colour, LOSSY),
        Valid("JPEG grey", ".jpg", saved(Image.fromarray(grey), "JPEG"), threefold, LOSSY),
        Valid("JPEG CMYK", ".jpg", saved(eight.convert("CMYK"), "JPEG"), colour, LOSSY),
        Valid("WebP", ".webp", saved(eight, "WEBP", lossless=True), colour),
        Valid("WebP lossy", ".webp", saved(eight, "WEBP"), colour, LOSSY),
        Valid("WebP animated", ".webp", saved(Image.fromarray(few), "WEBP", lossless=True, **stack), few),
        Valid("TIFF", ".tif", saved(eight, "TIFF"), colour),
        Valid("TIFF deflate", ".tif", saved(eight, "TIFF", compression="tiff_deflate"), colour),
        Valid("TIFF LZW", ".tif", saved(eight, "TIFF", compression="tiff_lzw"), colour),
        Valid("TIFF 16", ".tif", saved(Image.fromarray(sixteen[..., 0]), "TIFF"), threefold),
        Valid("TIFF RGB 16", ".tiff", images.encode(TIFF, sixteen), colour),
        Valid("TIFF float", ".tif", saved(Image.fromarray(grey / np.float32(255)), "TIFF"), threefold),
        Valid("BMP", ".bmp", saved(eight, "BMP"), colour),
        Valid("GIF", ".gif", saved(palette, "GIF"), kept),
        Valid("GIF animated", ".gif", saved(palette, "GIF", **stack), kept),
        Valid("npy", ".npy", npy(colour), colour),
        Valid("npy float", ".npy", npy(colour / np.float32(255)), colour),
    ]


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    """The bytes of a file that Pillow writes."""
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def npy(array: np.ndarray) -> bytes:
    """The bytes of an npy file."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG file, its checksum right."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(height: int, width: int, raw: bytes, colour: int = 2, depth: int = 8, adam7: int = 0) -> bytes:
    """A PNG file whose header says what it likes; `raw`: compressed rows."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, adam7)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", raw) + chunk(b"IEND", b"")


def interlaced(pixels: np.ndarray) -> bytes:
    """Adam7, which Pillow reads and does not write."""
    return png(*pixels.shape[:2], adam7(pixels), adam7=1)


def adam7(pixels: np.ndarray) -> bytes:
    """Compressed rows of seven pictures one behind the other, each of every so-manieth pixel (section 8)."""
    passes = (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    )
    parts = [pixels[top::down, left::right] for top, left, down, right in passes]
    return zlib.compress(b"".join(b"\0" + row.tobytes() for part in parts for row in part if row.size))


def zeros(height: int, width: int, row: int, colour: int, depth: int) -> bytes:
    """A PNG of that size, all zero, in a thousandth of the bytes; `row`: bytes of one, with the costliest filter."""
    packer = zlib.compressobj(1)
    raw = b"".join(packer.compress(b"\4" + bytes(row)) for _ in range(height)) + packer.flush()
    return png(height, width, raw, colour, depth)


def larger(file: Valid, height: int, width: int) -> bytes | None:
    """The same file with another size in its header; None for kinds whose header is not known here."""
    data, sizes = bytearray(file.data), struct.pack("<HH", width & 0xFFFF, height & 0xFFFF)
    if data.startswith(SIGNATURE):
        data[8:33] = chunk(b"IHDR", struct.pack(">II", width, height) + data[24:29])
    elif data[:3] == b"GIF":
        data[6:10] = sizes
    elif data[:2] == b"BM":
        data[18:26] = struct.pack("<ii", width, height)
    elif data[:2] == b"\xff\xd8":
        at = min(at for at in (data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) if at > 0)
        data[at + 5 : at + 9] = struct.pack(">HH", height & 0xFFFF, width & 0xFFFF)
    elif data[:4] == b"II*\0":
        _tags(data, {256: width, 257: height})
    elif data.startswith(b"\x93NUMPY"):
        was, now = f"({HEIGHT}, {WIDTH}".encode(), f"({height}, {width}".encode()
        data = data.replace(was + b", 3), }" + b" " * (len(now) - len(was)), now + b", 3), }")
    else:
        return None
    return bytes(data)


def _tags(data: bytearray, values: Mapping[int, int]) -> None:
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        (tag,) = struct.unpack_from("<H", data, entry)
        if tag in values:
            struct.pack_into("<HHII", data, entry, tag, 4, 1, values[tag])


PNG, TIFF = images.Path("a.png"), images.Path("a.tif")
