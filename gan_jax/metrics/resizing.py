"""Pictures to the size that a feature network wants. The filter moves distances by whole points: always name it."""

import numpy as np
from jaxtyping import Float, Shaped
from PIL import Image

Resized = Float[np.ndarray, "side side channels"]


def clean(picture: Shaped[np.ndarray, "height width channels"], side: int) -> Resized:
    """Pillow's bicubic filter on float32, wide enough not to alias when it shrinks; levels stay in 0..255.

    Not rounded to whole levels afterwards. Source: Parmar et al. 2022, On Aliased Resizing, section 4.
    """
    planes = np.moveaxis(picture.astype(np.float32), -1, 0)
    resized = [Image.fromarray(plane).resize((side, side), Image.Resampling.BICUBIC) for plane in planes]
    return np.stack([np.asarray(plane) for plane in resized], axis=-1).clip(0, 255)


def legacy(picture: Shaped[np.ndarray, "height width channels"], side: int) -> Resized:
    """Two-tap bilinear between pixel centres, as PyTorch's `interpolate` with align_corners=False: it aliases.

    The older FID programs resize so; only for numbers to be held against theirs.
    """
    rows = linear(picture.shape[0], side)
    columns = linear(picture.shape[1], side)
    return np.einsum("yh,hwc,xw->yxc", rows, picture.astype(np.float32), columns, optimize=True)


def linear(length: int, side: int) -> Float[np.ndarray, "side length"]:
    """Weights of `length` inputs, two for each of `side` outputs: linear between pixel centres, flat outside."""
    at = ((np.arange(side) + 0.5) * length / side - 0.5).clip(0, length - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, length - 1)
    weights = np.zeros((side, length), np.float32)
    np.add.at(weights, (np.arange(side), low), 1 - (at - low))
    np.add.at(weights, (np.arange(side), high), at - low)
    return weights
