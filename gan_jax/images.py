"""Pictures between [-1, 1] and files. What a file of any kind is read as, `gan_jax.decoding` says."""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gan_jax import disk, png16, tiff
from gan_jax.decoding import Unreadable, read
from gan_jax.errors import UserError
from gan_jax.grids import grid
from gan_jax.levels import to_float, to_levels, to_uint8

__all__ = ["Unreadable", "encode", "grid", "read", "to_float", "to_levels", "to_uint8", "write"]

PLAIN = {".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP"}  # 8 bits, grey or RGB
SUFFIXES = (".png", ".tif", ".tiff", ".npy", *PLAIN)


def write(
    path: str | os.PathLike[str],
    image: Shaped[np.ndarray, "height width channels"],
    bits: int = 8,
    about: Mapping[str, str] | None = None,
) -> None:
    """One picture to a file whose suffix says the format; folders on the way are made.

    Floats are taken to lie in [-1, 1] and become levels of `bits`; uint8 and uint16 are written as they are.

    PNG holds 1 to 4 channels (2 and 4 with alpha), TIFF and npy any number, all three of 8 or 16 bits. JPEG,
    WebP and BMP hold 1 or 3 channels of 8 bits. The file appears whole or not at all. `about` are texts to keep in a
    PNG of 8 bits, by their names.

    Raises UserError when the format cannot hold the picture, or the disk does not take it.
    """
    path = Path(path)
    data = encode(path, image, bits, about)
    beside = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(data)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}; choose another place or make room"
        raise disk.unwritten(message, error) from error


def encode(
    path: Path,
    image: Shaped[np.ndarray, "height width channels"],
    bits: int = 8,
    about: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of the file that `write` makes."""
    pixels = image if image.dtype in (np.uint8, np.uint16) else to_levels(image, bits)
    bits, suffix = 8 * pixels.dtype.itemsize, path.suffix.lower()
    channels = pixels.shape[-1]
    if suffix == ".npy":
        stream = io.BytesIO()
        np.save(stream, pixels)
        return stream.getvalue()
    if suffix == ".png" and channels <= 4:
        return png16.encode(pixels) if bits == 16 else _pillow("PNG", pixels, pnginfo=_texts(about))
    if suffix in (".tif", ".tiff"):
        if channels == 1 or (bits == 8 and channels == 3):
            return _pillow("TIFF", pixels)
        try:
            return tiff.encode(pixels)
        except ImportError as error:
            raise UserError(f"{path}: {error}, or write .npy") from error
    if suffix in PLAIN and bits == 8 and channels in (1, 3):
        return _pillow(PLAIN[suffix], pixels)
    if suffix not in SUFFIXES:
        raise UserError(f"{path}: no format has the suffix {suffix!r}; expected one of {' '.join(SUFFIXES)}")
    raise UserError(f"{path}: {suffix} cannot hold {channels} channels of {bits} bits; write .tif or .npy")


def _texts(about: Mapping[str, str] | None) -> PngInfo:
    texts = PngInfo()
    for name, text in (about or {}).items():
        texts.add_text(name, text)
    return texts


def _pillow(form: str, pixels: Shaped[np.ndarray, "height width channels"], **options: Any) -> bytes:
    stream = io.BytesIO()
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    picture.save(stream, form, **({"quality": 95} if form in ("JPEG", "WEBP") else {}), **options)
    return stream.getvalue()
