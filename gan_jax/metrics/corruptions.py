"""What can befall a picture on its way: what a viewer hardly sees may be all that a decoder reads.

Every function takes and gives float32 pictures in [-1, 1], as a file would hold them: what leaves it is cut off.
"""

import io
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Shaped
from PIL import Image
from scipy import ndimage

from gan_jax.levels import to_float, to_uint8

Images = Float[np.ndarray, "batch height width channels"]
Pixels = Shaped[np.ndarray, "batch height width channels"]


def quantise(images: Images, bits: int) -> Images:
    """The nearest of 2^bits evenly spaced levels from -1 to 1; one bit is the sign, and 0 becomes 1.

    ValueError for fewer than one bit.
    """
    if bits < 1:
        raise ValueError(f"pictures need a bit at least, not {bits}")
    top = 2**bits - 1
    levels = np.floor((np.clip(images, -1, 1).astype(np.float64) + 1) * (top / 2) + 0.5)
    return (levels * (2 / top) - 1).astype(np.float32)


def noise(images: Images, deviation: float, rng: np.random.Generator) -> Images:
    """Plus N(0, deviation^2), independent at every pixel and channel; 2/255 is one level of 8 bits."""
    drawn = rng.standard_normal(images.shape, np.float32)
    return _clipped(images + np.float32(deviation) * drawn)


def blur(images: Images, sigma: float) -> Images:
    """A Gaussian low pass of `sigma` pixels, mirrored at the borders; 0 leaves the pictures as they are."""
    return _clipped(ndimage.gaussian_filter(images.astype(np.float32), (0, sigma, sigma, 0), mode="reflect"))


def median(images: Images) -> Images:
    """The median of every 3 x 3 pixels, mirrored at the borders."""
    return _clipped(ndimage.median_filter(images.astype(np.float32), size=(1, 3, 3, 1), mode="reflect"))


def shrink(images: Images, factor: float) -> Images:
    """`factor` times smaller, each pixel the mean of the area it covers, and up again, linearly between centres.

    ValueError for a factor below 1.
    """
    if factor < 1:
        raise ValueError(f"pictures shrink by a factor of at least 1, not {factor}")
    height, width = images.shape[1:3]
    small = (max(1, round(width / factor)), max(1, round(height / factor)))
    return _clipped(_planes(images, lambda plane: _there_and_back(plane, small)))


def jpeg(images: Images, quality: int) -> Images:
    """Through a JPEG of `quality` 1 to 100: colours at half the resolution; other than 3 channels one by one, as grey.

    ValueError for another quality.
    """
    if not 1 <= quality <= 100:
        raise ValueError(f"the quality of a JPEG is 1 to 100, not {quality}")
    levels = to_uint8(images)
    if images.shape[-1] == 3:
        return np.stack([to_float(_compressed(picture, quality)) for picture in levels])
    return to_float(_planes(levels, lambda plane: _compressed(plane, quality)))


def _there_and_back(plane: np.ndarray, small: tuple[int, int]) -> np.ndarray:
    image = Image.fromarray(plane.astype(np.float32))
    shrunk = image.resize(small, Image.Resampling.BOX)
    return np.asarray(shrunk.resize(image.size, Image.Resampling.BILINEAR))


def _compressed(pixels: np.ndarray, quality: int) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as opened:
        return np.asarray(opened)


def _planes(images: Pixels, change: Callable[[np.ndarray], np.ndarray]) -> Pixels:
    """`change` of every channel of every picture."""
    return np.stack(
        [np.stack([change(plane) for plane in np.moveaxis(image, -1, 0)], axis=-1) for image in images]
    )


def _clipped(images: Images) -> Images:
    return np.clip(images, -1, 1).astype(np.float32)
