"""How near one set of pictures is to another, pixel by pixel."""

import numpy as np
from jaxtyping import Array, Float

Images = Float[Array | np.ndarray, "batch height width channels"]
Doubles = Float[np.ndarray, "batch height width channels"]

RANGE = 2.0  # pictures lie in [-1, 1]


def pair(predicted: Images, truth: Images) -> tuple[Doubles, Doubles]:
    """Both sets as float64. ValueError when their shapes differ, for they might broadcast."""
    if predicted.shape != truth.shape:
        raise ValueError(f"pictures of shape {predicted.shape} cannot be compared with {truth.shape}")
    return np.asarray(predicted, np.float64), np.asarray(truth, np.float64)


def l1(predicted: Images, truth: Images) -> float:
    """Mean absolute error, mean |p - t|, on the scale of [-1, 1]: from 0 (equal) to 2 (black for white)."""
    p, t = pair(predicted, truth)
    return float(np.abs(p - t).mean())


def psnr(predicted: Images, truth: Images) -> float:
    """Peak signal-to-noise ratio in decibels, 10 log10(2^2 / mean (p - t)^2), the mean over the pictures.

    2 is the range of the pictures, [-1, 1]. Infinite when a picture is restored exactly.
    """
    p, t = pair(predicted, truth)
    with np.errstate(divide="ignore"):
        return float(np.mean(10 * np.log10(RANGE**2 / ((p - t) ** 2).mean(axis=(1, 2, 3)))))


def correlation(predicted: Images, truth: Images) -> float:
    """Pearson's r over all pixels and channels of a picture, the mean over the pictures: from -1 to 1.

    r = sum (p - p̄)(t - t̄) / sqrt(sum (p - p̄)^2 sum (t - t̄)^2). A picture of one flat value tells nothing of
    the other one: its r counts as 0. Blind to brightness and contrast, so a blank sheet wins nothing.
    """
    p, t = (a.reshape(len(a), -1) for a in pair(predicted, truth))
    flat = (np.ptp(p, axis=1) == 0) | (np.ptp(t, axis=1) == 0)
    p, t = (a - a.mean(axis=1, keepdims=True) for a in (p, t))
    scale = np.sqrt((p**2).sum(axis=1) * (t**2).sum(axis=1))
    return float(np.mean(np.where(flat, 0.0, (p * t).sum(axis=1) / np.where(flat, 1.0, scale))))
