"""Crops of the built-in photos: real pieces of them, from everywhere, mirrored half of the time."""

from types import SimpleNamespace

import numpy as np
import pytest

from gan_jax.data import crops
from gan_jax.errors import UserError


def photo(height, width, number):
    """Every pixel has a level of its own: row, column, and the photo's number."""
    row, column = np.mgrid[:height, :width]
    return np.stack([row, column, np.full_like(row, number)], axis=-1).astype(np.float64)


def test_crops_are_pieces_of_photos_from_corner_to_corner():
    photos = [photo(10, 8, 0), photo(8, 12, 1)]
    cut = np.rint((crops.crop(photos, 8, np.random.default_rng(0), 600) + 1) * 127.5).astype(int)
    assert cut.shape == (600, 8, 8, 3)
    steps = cut[:, 0, 1, 1] - cut[:, 0, 0, 1]
    np.testing.assert_array_equal(np.abs(steps), 1)
    straight = np.where((steps < 0)[:, None, None, None], cut[:, :, ::-1], cut)
    which, top, left = straight[:, 0, 0, 2], straight[:, 0, 0, 0], straight[:, 0, 0, 1]
    for image, number, y, x in zip(straight, which, top, left, strict=True):
        np.testing.assert_array_equal(image, photos[number][y : y + 8, x : x + 8])
    assert set(zip(which.tolist(), top.tolist(), left.tolist(), strict=True)) == {
        *((0, y, 0) for y in range(3)),
        *((1, 0, x) for x in range(5)),
    }
    for share in ((steps < 0).mean(), which.mean()):
        assert abs(share - 0.5) < 4.5 * np.sqrt(0.25 / 600)


def test_the_built_in_photos():
    found = crops.source(SimpleNamespace(side=16, channels=3))
    drawn = found.draw(0, 0, 20)["image"]
    assert (drawn.shape, drawn.dtype, found.length) == ((20, 16, 16, 3), np.float32, 0)
    assert -1 <= drawn.min() < -0.5 < 0.5 < drawn.max() <= 1
    np.testing.assert_array_equal(found.draw(0, 0, 20)["image"], drawn)
    assert not np.array_equal(found.draw(0, 1, 20)["image"], drawn)
    assert found.test["image"].shape == (500, 16, 16, 3)


def test_crops_larger_than_the_photos_are_told():
    with pytest.raises(UserError, match=r"config\.data\.side=512: expected at most 128"):
        crops.source(SimpleNamespace(side=512, channels=3))
