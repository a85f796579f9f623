"""Pictures in [-1, 1] to files and back, and grids to look at."""

import numpy as np
from jaxtyping import Float, Shaped, UInt8

from gan_jax.decoding import Unreadable, decode, read

__all__ = ["Unreadable", "decode", "read", "to_float", "to_uint8"]


def to_float(pixels: Shaped[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    """Float32 in [-1, 1] of uint8 (x / 127.5 - 1), uint16 (x / 32767.5 - 1) or floats in [0, 1] (2 x - 1)."""
    half = {"uint8": 127.5, "uint16": 32767.5}.get(pixels.dtype.name, 0.5)
    return pixels.astype(np.float32) / np.float32(half) - np.float32(1)


def to_uint8(image: Float[np.ndarray, "*any"]) -> UInt8[np.ndarray, "*any"]:
    """round(127.5 (x + 1)), clipped; NaN gives 0. The PyTorch reference truncates, which is darker by half a step on average."""
    levels = np.rint((np.asarray(image, np.float32) + 1) * 127.5)
    return np.nan_to_num(levels, nan=0, posinf=255, neginf=0).clip(0, 255).astype(np.uint8)
