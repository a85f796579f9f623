"""What is too faint to be seen, made visible."""

import numpy as np
from jaxtyping import Float, Int

from gan_jax.metrics.corruptions import Images, blur
from gan_jax.metrics.resizing import linear

REACH = 2 * 16 / 255  # 16 levels of 8 bits: what deviates more is visible as it is, and shown at the limit
BINS, TILES, LIMIT = 256, 8, 4.0

Plane = Float[np.ndarray, "height width"]


def amplified(images: Images, sigma: float = 1.0, reach: float = REACH) -> Images:
    """The fine, faint part of pictures: y less its low pass of `sigma` pixels, `reach` stretched to 1, then equalised.

    Flat paper is grey; what deviates from its surroundings by more than `reach` is black or white.
    """
    faint = np.clip((images - blur(images, sigma)) / reach, -1, 1)
    return equalise(faint.astype(np.float32))


def equalise(images: Images, tiles: int = TILES, limit: float = LIMIT) -> Images:
    """Contrast-limited adaptive histogram equalisation, each channel of each picture by itself.

    Each of tiles x tiles parts has its own map of levels, its cumulative histogram; a pixel's map is interpolated
    linearly between those of the nearest parts. No map is steeper than about `limit`: counts above `limit` times the
    mean are spread over all levels. So flat parts stay flat. Tiles are at least 8 pixels wide.

    Source: Zuiderveld 1994, Contrast Limited Adaptive Histogram Equalization, in Graphics Gems IV.
    """
    levels = np.clip((images + 1) * (BINS / 2), 0, BINS - 1).astype(int)
    planes = [[_equalised(plane, tiles, limit) for plane in np.moveaxis(one, -1, 0)] for one in levels]
    return np.moveaxis(np.array(planes, np.float32), 1, -1)


def _equalised(levels: Int[np.ndarray, "height width"], tiles: int, limit: float) -> Plane:
    parts = [max(1, min(tiles, side // 8)) for side in levels.shape]
    rows, columns = (linear(count, side) for count, side in zip(parts, levels.shape, strict=True))
    made = np.zeros(levels.shape)
    for i, band in enumerate(np.array_split(levels, parts[0], axis=0)):
        for j, tile in enumerate(np.array_split(band, parts[1], axis=1)):
            made += np.outer(rows[:, i], columns[:, j]) * _map(tile, limit)[levels]
    return made


def _map(tile: Int[np.ndarray, "height width"], limit: float) -> Float[np.ndarray, "bins"]:
    """The level in [-1, 1] that each level becomes: the middle of its step in the cumulative histogram."""
    share = np.bincount(tile.ravel(), minlength=BINS) / tile.size
    kept = np.minimum(share, limit / BINS)
    kept += (1 - kept.sum()) / BINS
    return 2 * (np.cumsum(kept) - kept / 2) - 1
