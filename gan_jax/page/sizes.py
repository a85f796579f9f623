"""The height and width at which the networks see a picture: of few kinds, since each one is a program to compile."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float

from gan_jax.data.resized import resize
from gan_jax.data.shapes import pair
from gan_jax.decoding import Picture
from gan_jax.levels import to_float

LEAST, PARTS = 16, 8  # sides are multiples of an eighth of the square's side, and of 16 pixels at least


def offered(data: Any, most: int) -> dict[str, int]:
    """Areas in pixels by their names: that of training, and twice and four times its sides, none above `most`."""
    height, width = pair(data.resize)
    areas = [height * width * times**2 for times in (1, 2, 4)]
    return {_name(area): area for area in areas if area <= most} or {_name(most): most}


def fit(height: int, width: int, area: int) -> tuple[int, int]:
    """Two sides with nearly the ratio of height to width, and a product of nearly `area`, but no more.

    Both are multiples of one step, so of very long and narrow pictures the long side gives way.
    """
    step = max(LEAST, round(math.sqrt(area) / PARTS / LEAST) * LEAST)
    sides = range(step, max(area // step, step) + 1, step)
    pairs = [(tall, wide) for tall in sides for wide in sides if tall * wide <= area] or [(step, step)]

    def error(pair: tuple[int, int]) -> float:
        tall, wide = pair
        return abs(math.log(tall * width / (wide * height))) + abs(math.log(area / (tall * wide))) / 4

    return min(pairs, key=error)


def working(picture: Picture, area: int) -> Float[np.ndarray, "height width channels"]:
    """A decoded picture at the size of `fit`, in [-1, 1], reduced or enlarged as pictures are in training."""
    height, width = picture.shape[:2]
    return to_float(resize(picture, fit(height, width, area)))


def _name(area: int) -> str:
    side = math.isqrt(area)
    return f"{side} x {side}"
