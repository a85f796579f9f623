"""The pixels themselves: for small pictures, and as a check of what a network adds."""

from pathlib import Path

import jax.numpy as jnp

from gan_jax.errors import UserError
from gan_jax.metrics import resizing
from gan_jax.metrics.features import Answer, Extractor

SIDE = 32


def load(option: str = "", weights: Path | None = None) -> Extractor:
    """Levels in [0, 1] of pictures at SIDE x SIDE, or at another side: "pixels:28". They need no weights.

    Kernel distances see little in them (a picture of the mean looks near to all): prefer a network's features.

    Raises:
        UserError: the side is not a whole number from 1 to 256.
    """
    if option and not (option.isascii() and option.isdigit() and 1 <= int(option) <= 256):
        raise UserError(f"--features=pixels:{option}: expected a side in pixels from 1 to 256, as pixels:28")
    side = int(option or SIDE)
    return Extractor(
        name=f"pixels, {3 * side * side}",
        resizing=f"{side}x{side}, Pillow bicubic",
        prepare=lambda picture: resizing.clean(picture, side) / 255,
        apply=lambda batch: Answer(jnp.asarray(batch).reshape(len(batch), -1)),
    )
