"""Picture files and bytes to arrays: every rule about modes, depths and channels, in one place.

* The bytes decide the format, not the name. Of an animation or a stack, the first frame is taken. EXIF orientation is applied.
* Palettes are expanded, 1-bit becomes 0 or 255, CMYK and YCbCr become RGB.
* Alpha (and a PNG's transparent colour) is composited on white, unless the channels asked for include alpha: 2 is grey and
  alpha, 4 is RGB and alpha, with a full alpha where the file has none.
* 1 channel from colour is the luminance (299 R + 587 G + 114 B) / 1000; 3 channels from grey are three copies.
* Any other number of channels is kept when the file (TIFF, npy) has exactly that number, else the file is refused.
* `bits=8` gives uint8: 16-bit values are divided by 257 and rounded (65535 -> 255), never clipped. `bits=16` gives uint16:
  8-bit values are multiplied by 257. Floats must lie in [0, 1] and stay float32 for either.
* 32-bit integers are taken for 16-bit ones, and refused when one lies outside 0..65535.
* npy files hold height x width (x channels) of uint8, uint16 or floats. They are never unpickled.
* Refused: more pixels than `PIL.Image.MAX_IMAGE_PIXELS`, a side more than 100 times the other, a truncated file.
"""

import io
import os
import stat
from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from PIL import Image, ImageOps

from gan_jax import png16

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "TIFF", "BMP", "GIF")
MAX_RATIO = 100
LUMINANCE = np.array([0.299, 0.587, 0.114])

Picture = Shaped[np.ndarray, "height width channels"]


class Unreadable(Exception):
    """This picture cannot be used; the text says why, in a few words."""


def read(path: str | os.PathLike, channels: int = 3, bits: int = 8) -> Picture:
    """One picture file as height x width x `channels`: uint8, uint16 (`bits=16`) or float32 (from floats, in [0, 1]).

    Raises `Unreadable` with the reason, whatever is wrong with the file. The rules are at the top of this module.
    """
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
            raise Unreadable("not a regular file")
        data = Path(path).read_bytes()
    except OSError as error:
        raise Unreadable((error.strerror or str(error)).lower()) from error
    return decode(data, channels, bits)


def decode(data: bytes, channels: int = 3, bits: int = 8) -> Picture:
    """The same as `read` for the bytes of a file."""
    if not data:
        raise Unreadable("empty file")
    try:
        if data.startswith(b"\x93NUMPY"):
            pixels, alpha = _npy(data), False
        else:
            pixels, alpha = _pillow(data)
    except Unreadable:
        raise
    except MemoryError as error:
        raise Unreadable("too large for the memory") from error
    except Image.UnidentifiedImageError as error:
        raise Unreadable(f"not a picture of a known kind ({', '.join(FORMATS)}, npy)") from error
    except Exception as error:  # decoders raise anything at all on damaged bytes: OSError, SyntaxError, struct.error ...
        raise Unreadable(f"damaged: {error or type(error).__name__}") from error
    return _to_channels(_to_bits(pixels, bits), channels, alpha)


def check_size(height: int, width: int) -> None:
    """Raises `Unreadable` for a picture without pixels, with too many, or far too long for its width."""
    limit = Image.MAX_IMAGE_PIXELS
    if min(height, width) < 1:
        raise Unreadable("no pixels")
    if limit is not None and height * width > limit:
        raise Unreadable(f"{width}x{height} pixels, more than the limit of {limit}")
    if max(height, width) > MAX_RATIO * min(height, width):
        raise Unreadable(f"{width}x{height}: one side is more than {MAX_RATIO} times the other")


def _npy(data: bytes) -> np.ndarray:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(stream)
    if len(shape) not in (2, 3):
        raise Unreadable(f"npy of shape {shape}; height x width x channels expected")
    check_size(*shape[:2])
    if dtype.kind not in "uf" or (dtype.kind == "u" and dtype.itemsize > 2):
        raise Unreadable(f"npy of {dtype}; uint8, uint16 or floats expected")
    if len(data) - stream.tell() < int(np.prod(shape)) * dtype.itemsize:  # before memory is asked for
        raise Unreadable("damaged: npy is truncated")
    pixels = np.load(io.BytesIO(data), allow_pickle=False)
    return pixels.reshape(*shape[:2], -1)


def _pillow(data: bytes) -> tuple[np.ndarray, bool]:
    """The pixels at the file's own depth, and whether the last channel is alpha."""
    if png16.is_colour16(data):  # Pillow would drop the lower byte of every sample
        width, height = png16.size(data)
        check_size(height, width)
        pixels = png16.decode(data)
        return pixels, pixels.shape[-1] in (2, 4)
    if png16.is_tiff(data) and (stack := _tiff(data)) is not None:
        return stack, False
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        check_size(image.height, image.width)
        image.load()
        return _expand(ImageOps.exif_transpose(image))


def _expand(image: Image.Image) -> tuple[np.ndarray, bool]:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return np.asarray(image)[..., None], False
    alpha = image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
    grey = image.mode in ("1", "L", "LA", "La")
    mode = ("LA" if grey else "RGBA") if alpha else ("L" if grey else "RGB")
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    return pixels.reshape(*pixels.shape[:2], -1), alpha


def _tiff(data: bytes) -> np.ndarray | None:
    """Channels and depths that Pillow cannot hold, through the optional package tifffile; None: leave it to Pillow."""
    with Image.open(io.BytesIO(data), formats=("TIFF",)) if _pillow_opens(data) else _Nothing() as image:
        tags = getattr(image, "tag_v2", {})
        samples, depth = tags.get(277, 1), max(tags.get(258, (8,)))
        if image is not None and (depth <= 8 or samples == 1):
            return None
    try:
        import tifffile
    except ImportError as error:
        raise Unreadable("a TIFF of this kind needs the package tifffile: pip install tifffile") from error
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        check_size(page.imagelength, page.imagewidth)
        planar = page.planarconfig == 2 and page.samplesperpixel > 1
        pixels = page.asarray()
    pixels = np.moveaxis(pixels, 0, -1) if planar else pixels
    return pixels.reshape(*pixels.shape[:2], -1)


def _pillow_opens(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data), formats=("TIFF",)):
            return True
    except Image.UnidentifiedImageError:
        return False


class _Nothing:
    def __enter__(self):
        return None

    def __exit__(self, *_):
        return None


def _to_bits(pixels: np.ndarray, bits: int) -> np.ndarray:
    if pixels.dtype.kind == "f":
        pixels = pixels.astype(np.float32)
        if not (pixels.min() >= 0 and pixels.max() <= 1):  # also refuses NaN
            raise Unreadable("floats outside [0, 1]")
        return pixels
    if pixels.dtype.itemsize > 2:
        if pixels.min() < 0 or pixels.max() > 65535:
            raise Unreadable("integers outside 0..65535")
        pixels = pixels.astype(np.uint16)
    if pixels.dtype == np.uint8:
        return pixels if bits == 8 else pixels.astype(np.uint16) * np.uint16(257)
    pixels = pixels.astype(np.uint16)  # in the byte order of this machine
    return pixels if bits == 16 else ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _to_channels(pixels: np.ndarray, channels: int, alpha: bool) -> np.ndarray:
    top = 1.0 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    if pixels.shape[-1] == channels and (alpha or channels not in (2, 4) or pixels.shape[-1] in (2, 4)):
        return pixels
    opacity = np.full_like(pixels[..., :1], top)
    if alpha:
        pixels, opacity = pixels[..., :-1], pixels[..., -1:]
    if channels not in (2, 4):
        share = opacity / np.float64(top)
        pixels = _like(pixels * share + top * (1 - share), pixels) if alpha else pixels
    colours = channels - 1 if channels in (2, 4) else channels
    if pixels.shape[-1] == 3 and colours == 1:
        pixels = _like(pixels @ LUMINANCE, pixels)[..., None]
    elif pixels.shape[-1] == 1 and colours == 3:
        pixels = np.repeat(pixels, 3, axis=-1)
    if pixels.shape[-1] != colours:
        raise Unreadable(f"{pixels.shape[-1]} channels where {channels} are asked for")
    return np.concatenate([pixels, opacity], axis=-1) if channels in (2, 4) else pixels


def _like(values: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    return (np.rint(values) if pixels.dtype.kind == "u" else values).astype(pixels.dtype)
