"""Line drawings are dark strokes on white paper: are the strokes where they belong, and are they strokes?

The defaults suit the built-in drawings at 128x128 pixels. Their strokes are 1.3 of 256 pixels wide, so at 128
a stroke covers two thirds of a pixel: its greys lie around 0, and those between two pixels are fainter.
Darker than 0.5 means a quarter covered; there every stroke is whole. At a threshold of 0.25 a fifth of the
ink falls into specks, at 0 nearly all of it.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float
from scipy import ndimage

from gan_jax.metrics.reconstruction import Images

Mask = Bool[Array | np.ndarray, "batch height width"]

THRESHOLD = 0.5
TOLERANCE = 1
SPECK = 10
PAPER = 0.9
LUMA = (0.299, 0.587, 0.114)


class Overlap(NamedTuple):
    """How well predicted ink lies on true ink, each from 0 to 1."""

    precision: float
    recall: float
    f1: float


def luminance(images: Images) -> Float[np.ndarray, "batch height width"]:
    """Brightness in [-1, 1]: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); else the mean of the channels."""
    channels = images.shape[-1]
    weights = LUMA if channels == len(LUMA) else (1 / channels,) * channels
    return np.asarray(images, np.float64) @ np.asarray(weights)


def ink(images: Images, threshold: float = THRESHOLD) -> Bool[np.ndarray, "batch height width"]:
    """The pixels darker than `threshold` in luminance."""
    return luminance(images) < threshold


def grow(mask: Mask, radius: int) -> Bool[np.ndarray, "batch height width"]:
    """All pixels within `radius` of the mask in Chebyshev distance: a square of side 2 radius + 1."""
    side = 2 * radius + 1
    return ndimage.maximum_filter(np.asarray(mask), size=(1, side, side), mode="constant")


def overlap(predicted: Mask, truth: Mask, tolerance: int = TOLERANCE) -> Overlap:
    """Precision, recall and F1 of ink, pooled over the set.

    precision = the share of predicted ink with true ink within `tolerance` pixels (Chebyshev); recall = the
    share of true ink with predicted ink as near; F1 = 2 p r / (p + r). A share of nothing is 0: no predicted
    ink has precision 0, no true ink has recall 0; only two blank sets agree wholly, and score 1.

    Fat lines and dense dots gain from the tolerance, so read F1 beside the share of ink and beside chance: on
    the built-in drawings a black sheet scores 0.61 and another building's drawing 0.53, at a tolerance of 1.
    """
    p, t = np.asarray(predicted), np.asarray(truth)
    if not p.any() and not t.any():
        return Overlap(1.0, 1.0, 1.0)
    precision = float((p & grow(t, tolerance)).sum() / max(p.sum(), 1))
    recall = float((t & grow(p, tolerance)).sum() / max(t.sum(), 1))
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Overlap(precision, recall, f1)


def speck_share(mask: Mask, smaller_than: int = SPECK) -> float:
    """The share of ink in specks: 8-connected pieces of fewer than `smaller_than` pixels. 0 without any ink.

    Half-tone is made of specks, drawings of long strokes: the built-in ones have 0.01 at 128x128. Dots so
    dense that they touch are no specks; they show in the share of ink.
    """
    mask = np.asarray(mask)
    within_a_picture = np.zeros((3, 3, 3), bool)
    within_a_picture[1] = True
    pieces, _ = ndimage.label(mask, within_a_picture)
    sizes = np.bincount(pieces.ravel())[1:]
    return float(sizes[sizes < smaller_than].sum() / max(mask.sum(), 1))


def grey_share(images: Images, threshold: float = THRESHOLD, paper: float = PAPER) -> float:
    """The share of all pixels that are a grey wash: neither ink, nor next to ink (a soft edge), nor paper.

    Paper has a luminance of at least `paper`. The built-in drawings have 0.00 at 128x128 and above.
    """
    return float(((luminance(images) < paper) & ~grow(ink(images, threshold), 1)).mean())


def chroma(images: Images) -> float:
    """Colourfulness: the mean of (largest - smallest channel) / 2, from 0 (all greys) to 1 (pure colours)."""
    return float(np.ptp(np.asarray(images, np.float64), axis=-1).mean() / 2)
