"""Between the whole numbers of a file and floats in [-1, 1]."""

import numpy as np
from jaxtyping import Float, Shaped, UInt8


def to_float(pixels: Shaped[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    """Float32 in [-1, 1]: uint8 / 127.5 - 1, uint16 / 32767.5 - 1, or 2 x - 1 of floats in [0, 1]."""
    half = {"uint8": 127.5, "uint16": 32767.5}.get(pixels.dtype.name, 0.5)
    return pixels.astype(np.float32) / np.float32(half) - np.float32(1)


def to_uint8(image: Float[np.ndarray, "*any"]) -> UInt8[np.ndarray, "*any"]:
    """round(127.5 (x + 1)), clipped to 0..255; NaN gives 0.

    The PyTorch reference truncates here, which is darker by half a level on average and loses the round trip.
    """
    return to_levels(image, 8).astype(np.uint8)


def to_levels(image: Float[np.ndarray, "*any"], bits: int) -> Shaped[np.ndarray, "*any"]:
    """The nearest of the 256 (uint8) or 65536 (uint16) levels, clipped; NaN gives 0."""
    top = 2**bits - 1
    levels = np.rint((np.asarray(image, np.float64) + 1) * (top / 2))
    clipped = np.nan_to_num(levels, nan=0, posinf=top, neginf=0).clip(0, top)
    return clipped.astype(np.uint8 if bits == 8 else np.uint16)
