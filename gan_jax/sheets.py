"""Sheets of samples to look at: pictures in rows, points as a scatter, symbols as bars."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, UInt8

from gan_jax.grids import grid

COLUMNS = 10
SIDE = 480  # pixels of a scatter
SMALL = 48  # pixels, about, of a picture on a sheet: there are a hundred
Sheet = UInt8[np.ndarray, "height width 3"]


def sheet(made: Mapping[str, np.ndarray], test: Mapping[str, np.ndarray], count: int) -> Sheet:
    """The first `count` examples "made", by their rank: points over the real ones, pictures, or one-hot rows."""
    images = made["made"]
    if images.ndim == 2:
        return scatter(images, test["image"])
    images = pictures(images[:count])
    return grid([list(images[i : i + COLUMNS]) for i in range(0, len(images), COLUMNS)], side=SMALL)


def pictures(made: Float[np.ndarray, "n *shape"]) -> Float[np.ndarray, "n height width channels"]:
    """Examples as pictures: symbols as one-hot rows, a row for each place, black where they are."""
    return 1 - 2 * made[..., None] if made.ndim == 3 else made


def scatter(made: Float[np.ndarray, "n 2"], real: Float[np.ndarray, "m 2"]) -> Sheet:
    """Real points grey, made ones blue over them; the frame holds all the real ones and a margin."""
    canvas = np.full((SIDE, SIDE, 3), 255, np.uint8)
    reach = 1.25 * np.abs(real).max()
    for points, colour in ((real, (190, 190, 190)), (made, (31, 90, 200))):
        at = np.rint((points / reach + 1) * (SIDE - 1) / 2).astype(int)
        x, y = at[np.all((at > 0) & (at < SIDE - 1), axis=1)].T
        for dx in (0, 1):
            for dy in (0, 1):
                canvas[SIDE - 1 - y + dy, x + dx - 1] = colour
    return canvas
