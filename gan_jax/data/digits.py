"""The 1,797 handwritten digits of 8 x 8 pixels that come with scikit-learn: alone, as ink or paper, or stacked."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from gan_jax.data.examples import Batch, Examples, from_arrays, held_out, in_turn

TEST = 500
STACKED = 2


def source(data: Any) -> Examples:
    """1,297 digits to train on and 500 to test on, in [-1, 1].

    "binary_digits": ink (1) where a pixel is darker than half, else paper (-1). "stacked_digits": a digit in each
    of two channels, drawn independently; the label is 10 first + second, so that there are 100 classes.
    """
    images, labels = load()
    if data.examples == "binary_digits":
        images = np.where(images >= 0, np.float32(1), np.float32(-1))
    train, test = held_out(images, labels, TEST)
    name = {"digits": "digits of 8 x 8 pixels", "binary_digits": "digits of 8 x 8 pixels, ink or paper"}
    if data.examples in name:
        return from_arrays(f"the built-in {name[data.examples]}", train, test, 10)

    def batch(seed: int, k: int, n: int) -> Batch:
        return stack(train, np.random.default_rng((seed, 5, k)), n)

    others = in_turn(stack(test, np.random.default_rng(2**32), 2600))
    return Examples("pairs of the built-in digits, stacked as channels", batch, others, 10**STACKED)


def load() -> tuple[Float[np.ndarray, "n 8 8 1"], Int[np.ndarray, " n"]]:
    """All of them, ink 1 on paper -1, and what they are."""
    from sklearn.datasets import load_digits  # takes a second to import

    found = load_digits()
    return (found.images[..., None] / 8 - 1).astype(np.float32), found.target.astype(np.int32)


def stack(digits: Batch, random: np.random.Generator, n: int) -> Batch:
    """`n` draws of two digits, one a channel."""
    drawn = random.integers(len(digits["label"]), size=(n, STACKED))
    image = np.concatenate([digits["image"][drawn[:, i]] for i in range(STACKED)], axis=-1)
    return {"image": image, "label": (digits["label"][drawn] @ [10, 1]).astype(np.int32)}
