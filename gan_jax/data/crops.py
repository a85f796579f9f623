"""Crops of the built-in photos of monuments."""

from typing import Any

import numpy as np

from gan_jax.data.builtin import MONUMENTS
from gan_jax.data.examples import Batch, Examples
from gan_jax.decoding import read
from gan_jax.errors import UserError

TEST = 500
REDUCED = 2  # photos are halved first: a crop then shows more than a few stones


def source(data: Any) -> Examples:
    """Endless crops of `config.data.side` pixels of 45 photos reduced to 128, and 500 of 12 others to test on.

    Raises:
        UserError: crops are asked for that are larger than the photos.
    """

    def photos(part: str) -> list[np.ndarray]:
        files = sorted((MONUMENTS / part).iterdir())
        whole = [read(file, data.channels, 8) for file in files]
        return [
            image.reshape(image.shape[0] // REDUCED, REDUCED, image.shape[1] // REDUCED, REDUCED, -1).mean(
                (1, 3)
            )
            for image in whole
        ]

    train, test = photos("trainA"), photos("testA")
    largest = min(min(photo.shape[:2]) for photo in train + test)
    if data.side > largest:
        raise UserError(f"config.data.side={data.side}: expected at most {largest}, the size of the photos")

    def batch(seed: int, k: int, n: int) -> Batch:
        return {"image": crop(train, data.side, np.random.default_rng((seed, 7, k)), n)}

    held = {"image": crop(test, data.side, np.random.default_rng(2**32), TEST)}
    return Examples("crops of the built-in photos", batch, held)


def crop(photos: list[np.ndarray], side: int, random: np.random.Generator, n: int) -> np.ndarray:
    """`n` crops in [-1, 1] of photos in 0 to 255: photo, corner and flip drawn uniformly."""
    out = []
    for which, top, left, flip in random.random((n, 4)):
        photo = photos[int(which * len(photos))]
        y, x = (
            int(share * (edge - side + 1)) for share, edge in ((top, photo.shape[0]), (left, photo.shape[1]))
        )
        cut = photo[y : y + side, x : x + side]
        out.append(cut[:, ::-1] if flip < 0.5 else cut)
    return (np.stack(out) / 127.5 - 1).astype(np.float32)
