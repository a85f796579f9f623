"""Points of known density: means, deviations, shares, and that draws are independent."""

from types import SimpleNamespace

import numpy as np
import pytest

from gan_jax.data import toys

N = 40_000


def drawn(name, seed=0):
    return toys.draw(name, np.random.default_rng(seed), N).astype(np.float64)


def test_centres_by_hand():
    ring, grid = toys.centres("ring"), toys.centres("grid")
    np.testing.assert_allclose(np.hypot(*ring.T), 2 / 1.414, rtol=1e-6)
    np.testing.assert_allclose(
        ring[[0, 2, 4, 6]], 1.41443 * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]), atol=1e-4
    )
    assert sorted({round(float(v), 4) for v in grid.ravel()}) == [-0.7072, -0.3536, 0.0, 0.3536, 0.7072]
    assert len({tuple(point) for point in grid.tolist()}) == 25


@pytest.mark.parametrize(("name", "deviation"), [("ring", 0.02 / 1.414), ("grid", 0.05 / 2.828)])
def test_every_mode_has_its_share_mean_and_deviation(name, deviation):
    points, centres = drawn(name), toys.centres(name)
    away = points[:, None] - centres
    own = np.argmin(np.square(away).sum(-1), axis=1)
    share = 1 / len(centres)
    np.testing.assert_allclose(
        np.bincount(own) / N, share, atol=4 * np.sqrt(share / N), err_msg="equal shares"
    )
    for mode in range(len(centres)):
        noise = away[own == mode, mode]
        error = deviation / np.sqrt(len(noise))
        np.testing.assert_allclose(noise.mean(0), 0, atol=4.5 * error)
        np.testing.assert_allclose(noise.std(0), deviation, rtol=4.5 / np.sqrt(2 * len(noise)))
        assert abs(np.corrcoef(noise.T)[0, 1]) < 4.5 / np.sqrt(len(noise))


def test_the_roll_has_its_radius_and_thickness():
    """Radius t / 7.5, t from 1.5 pi to 4.5 pi; a point is off the curve by noise of deviation 0.25 / 7.5."""
    points = drawn("swiss_roll")
    radius, angle = np.hypot(*points.T) * 7.5, np.arctan2(points[:, 1], points[:, 0])
    turns = np.round((radius - angle) / (2 * np.pi))
    off = radius - (angle + 2 * np.pi * turns)
    t = radius - off
    assert abs(off.std() - 0.25) < 0.02
    assert abs(t.mean() - 3 * np.pi) < 4 * 3 * np.pi / np.sqrt(12 * N)
    assert abs(t.std() - 3 * np.pi / np.sqrt(12)) < 0.03
    assert 1.5 * np.pi - 1.5 < radius.min() < radius.max() < 4.5 * np.pi + 1.5


@pytest.mark.parametrize("name", ["ring", "grid", "swiss_roll"])
def test_batches_are_independent_and_the_test_points_are_others(name):
    source = toys.source(SimpleNamespace(examples=name))
    first, second = source.draw(0, 0, 1000)["image"], source.draw(0, 1, 1000)["image"]
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 4.5 / np.sqrt(2000)
    assert abs(np.corrcoef(first[:-1, 0], first[1:, 0])[0, 1]) < 4.5 / np.sqrt(999)
    np.testing.assert_array_equal(source.draw(0, 0, 1000)["image"], first)
    assert not np.array_equal(source.draw(1, 0, 1000)["image"], first)
    assert source.test["image"].shape == (2500, 2)
    assert not set(source.test["image"][:, 0]) & set(first[:, 0])
    assert (source.length, source.classes, first.dtype) == (0, 0, np.float32)
