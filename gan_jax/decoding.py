"""Picture files and bytes to arrays: every rule about kinds, depths and channels, in one place.

* The bytes decide the format, not the name. Of an animation or a stack the first frame is taken. EXIF
  orientation is applied.
* Palettes are expanded, 1-bit becomes 0 or 255, CMYK and YCbCr become RGB.
* Alpha, and the transparent colour of a PNG or GIF, is composited on white, unless the channels asked for
  include alpha: 2 is grey and alpha, 4 is RGB and alpha; a file without alpha is then opaque.
* 1 channel from colour is the luminance, 0.299 R + 0.587 G + 0.114 B; 3 channels from grey are three copies.
* Any other number of channels is kept where the file (TIFF, npy) has exactly that number, else it is refused.
* `bits=8` gives uint8: 16-bit values are divided by 257 and rounded (65535 -> 255), never clipped. `bits=16`
  gives uint16: 8-bit values are multiplied by 257. Floats must lie in [0, 1]; they stay float32 for either.
* 32-bit integers are taken for 16-bit ones, and refused where one lies outside 0..65535.
* npy files hold height x width (x channels) of uint8, uint16 or floats, and nothing is unpickled. Two or four
  channels there are just channels: the last one is not taken for alpha.
* Refused: more pixels than `PIL.Image.MAX_IMAGE_PIXELS`, one side more than 100 times the other, a truncated
  file.
"""

import io
import math
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from PIL import Image

from gan_jax import png16, tiff

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")  # "JPEG" opens MPO too, the stacks of phones
MAX_RATIO = 100
BAND = 2**19  # numbers that are converted together
LARGE = 2**24  # pixels; larger pictures are decoded one at a time
DEEPEST = 8  # bytes of a pixel at the limit of pixels: four channels of 16 bits
_large = threading.Lock()
LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as in Pillow

Picture = Shaped[np.ndarray, "height width channels"]

# Pillow warns of damage and of size beside raising; what is wrong is told by who asked, in one line.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class Unreadable(Exception):
    """This picture cannot be used; the text says why, in a few words."""


def read(path: str | os.PathLike[str], channels: int = 3, bits: int = 8) -> Picture:
    """One picture file, height x width x `channels`: uint8, uint16 (`bits=16`), or float32 in [0, 1].

    Raises `Unreadable` with the reason, whatever is wrong with the file. The rules stand at the top.
    """
    return decode(read_bytes(path), channels, bits)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a regular file. Raises `Unreadable`."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for ever
            raise Unreadable("not a regular file")
        return Path(path).read_bytes()
    except OSError as error:
        raise Unreadable((error.strerror or str(error)).lower()) from error


def decode(data: bytes, channels: int = 3, bits: int = 8) -> Picture:
    """The same as `read` for the bytes of a file."""
    if not data:
        raise Unreadable("empty file")
    try:
        pixels, alpha = _pixels(data)
    except Unreadable:
        raise
    except MemoryError as error:
        raise Unreadable("too large for the memory") from error
    except ImportError as error:
        raise Unreadable(str(error)) from error
    except Image.DecompressionBombError as error:  # Pillow's own, before it tells the size
        raise Unreadable(f"more pixels than the limit of {Image.MAX_IMAGE_PIXELS}") from error
    except Image.UnidentifiedImageError as error:
        raise Unreadable(f"not a picture of a known kind ({', '.join(FORMATS)}, npy)") from error
    except Exception as error:  # on damaged bytes decoders raise anything: OSError, SyntaxError, struct.error
        raise Unreadable(f"damaged: {error or type(error).__name__}") from error
    return convert(pixels, channels, bits, alpha)


def kind(data: bytes) -> str:
    """What a file holds, for people: "RGB", "L", "CMYK", "RGB of 16 bits", "npy" ... or "?"."""
    if data.startswith(b"\x93NUMPY"):
        return "npy"
    if png16.is_colour16(data):
        return f"{png16.NAMES[data[25]]} of 16 bits"
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            mode = image.mode
    except Exception:
        return "TIFF of many channels" if tiff.is_tiff(data) else "?"
    return "L of 16 bits" if mode.startswith("I;16") else mode


def convert(pixels: Picture, channels: int, bits: int, alpha: bool = False) -> Picture:
    """An array as decoded, to the channels and the depth asked for. `alpha`: its last channel is opacity."""
    # In bands of rows, since what lies between has 8 bytes a number: a few kB of file could ask for gigabytes.
    rows = max(1, BAND // max(1, pixels.shape[1] * pixels.shape[2]))
    bands = (pixels[at : at + rows] for at in range(0, len(pixels), rows))
    done = [_to_channels(_to_bits(band, bits), channels, alpha) for band in bands]
    return done[0] if len(done) == 1 else np.concatenate(done)


def check_size(height: int, width: int) -> None:
    """Raises `Unreadable` for a picture without pixels, with too many, or far too long for its width."""
    limit = Image.MAX_IMAGE_PIXELS
    if min(height, width) < 1:
        raise Unreadable("no pixels")
    if limit is not None and height * width > limit:
        raise Unreadable(f"{width}x{height} pixels, more than the limit of {limit}")
    if max(height, width) > MAX_RATIO * min(height, width):
        raise Unreadable(f"{width}x{height}: one side is more than {MAX_RATIO} times the other")


def _pixels(data: bytes) -> tuple[np.ndarray, bool]:
    """The pixels at the file's own depth, upright, and whether the last channel is opacity."""
    if data.startswith(b"\x93NUMPY"):
        return _npy(data), False
    if png16.is_colour16(data):  # Pillow would drop the lower byte of every sample
        with _room(*png16.size(data)):
            pixels = png16.decode(data)
        return _upright(pixels, _orientation(data)), pixels.shape[-1] != 3
    if tiff.is_tiff(data) and tiff.beyond_pillow(data):
        with _room(*tiff.size(data)):
            if tiff.memory(data) > max(DEEPEST * (Image.MAX_IMAGE_PIXELS or math.inf), len(data)):
                raise Unreadable("more channels and bits than its pixels may have")
            pixels, alpha = tiff.decode(data)
        return _upright(pixels, _orientation(data)), alpha
    with Image.open(io.BytesIO(data), formats=FORMATS) as image, _room(image.height, image.width):
        image.load()
        pixels, alpha = _expand(image)
        return _upright(pixels, _orientation(image)), alpha


@contextmanager
def _room(height: int, width: int) -> Iterator[None]:
    """For decoding a picture of that size; threads take turns at large ones, so that memory is that of one."""
    check_size(height, width)
    with _large if height * width > LARGE else nullcontext():
        yield


def _npy(data: bytes) -> np.ndarray:
    stream = io.BytesIO(data)
    old = np.lib.format.read_magic(stream) == (1, 0)
    shape, _, dtype = (np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0)(
        stream
    )
    if len(shape) not in (2, 3):
        raise Unreadable(f"npy of shape {shape}; height x width x channels expected")
    check_size(*shape[:2])
    if dtype.newbyteorder("=") not in (np.uint8, np.uint16, np.float16, np.float32, np.float64):
        raise Unreadable(f"npy of {dtype}; uint8, uint16 or floats expected")
    if len(data) - stream.tell() < int(np.prod(shape)) * dtype.itemsize:  # before memory is asked for
        raise Unreadable("damaged: truncated npy")
    return np.load(io.BytesIO(data), allow_pickle=False).reshape(*shape[:2], -1)


def _expand(image: Image.Image) -> tuple[np.ndarray, bool]:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return np.asarray(image)[..., None], False
    alpha = image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
    grey = image.mode in ("1", "L", "LA", "La")
    pixels = np.asarray(image.convert(("L" if grey else "RGB") + ("A" if alpha else "")))
    return pixels.reshape(*pixels.shape[:2], -1), alpha


def _orientation(image: Image.Image | bytes) -> int:
    """EXIF's tag 274, 1 (upright) to 8. A damaged tag is no reason to lose the picture."""
    try:
        if isinstance(image, bytes):
            with Image.open(io.BytesIO(image), formats=FORMATS) as opened:
                return int(opened.getexif().get(274, 1))
        return int(image.getexif().get(274, 1))
    except Exception:
        return 1


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels[::-1] if orientation in (3, 4, 7, 8) else pixels


def _to_bits(pixels: np.ndarray, bits: int) -> np.ndarray:
    if pixels.dtype.kind == "f":
        if not (pixels.min() >= 0 and pixels.max() <= 1):  # said so that NaN is refused too
            raise Unreadable("floats outside [0, 1]")
        return pixels.astype(np.float32)
    if pixels.dtype.itemsize > 2 and (pixels.min() < 0 or pixels.max() > 65535):
        raise Unreadable("integers outside 0..65535")
    if pixels.dtype == np.uint8:
        return pixels if bits == 8 else pixels.astype(np.uint16) * np.uint16(257)
    if bits == 16:
        return pixels.astype(np.uint16)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _to_channels(pixels: np.ndarray, channels: int, alpha: bool) -> np.ndarray:
    if pixels.shape[-1] == channels:
        return pixels
    top = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    opacity = np.full_like(pixels[..., :1], top)
    if alpha:
        pixels, opacity = pixels[..., :-1], pixels[..., -1:]
    if alpha and channels not in (2, 4):
        share = opacity / np.float64(top)
        pixels = _rounded(pixels * share + top * (1 - share), pixels.dtype)
    colours = {2: 1, 4: 3}.get(channels, channels)
    if pixels.shape[-1] == 3 and colours == 1:
        pixels = _rounded(pixels @ LUMINANCE, pixels.dtype)[..., None]
    elif pixels.shape[-1] == 1 and colours == 3:
        pixels = np.repeat(pixels, 3, axis=-1)
    if pixels.shape[-1] != colours:
        raise Unreadable(f"{pixels.shape[-1]} channels where {channels} are asked for")
    return np.concatenate([pixels, opacity], axis=-1) if channels in (2, 4) else pixels


def _rounded(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return (values if dtype.kind == "f" else np.rint(values)).astype(dtype)
