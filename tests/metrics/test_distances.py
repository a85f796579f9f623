import numpy as np
import pytest
from scipy.spatial.distance import cdist

from gan_jax.metrics import distances


def points(seed, count, offset=0.0):
    return np.random.default_rng(seed).normal(offset, 1, (count, 7))


def test_squared_distances_equal_scipy():
    a, b = points(0, 9), points(1, 5)
    np.testing.assert_allclose(distances.squared(a, b), cdist(a, b, "sqeuclidean"), rtol=1e-12)


def test_equal_points_are_at_distance_zero_far_from_the_origin():
    a = points(2, 6, offset=1e4)
    assert (np.diagonal(distances.squared(a, a.copy())) == 0).all()


@pytest.mark.parametrize("block", [1, 7, 20, 1000])
def test_blocks_are_the_whole_matrix_whatever_their_size(monkeypatch, block):
    monkeypatch.setattr(distances, "BLOCK", block)
    a, b = points(3, 11, offset=50), points(4, 6, offset=50)
    whole = np.full((11, 6), np.nan)
    for part, rows in distances.blocks(a, b):
        assert rows.size <= max(block, 6)
        whole[part] = rows
    np.testing.assert_allclose(whole, cdist(a, b, "sqeuclidean"), rtol=1e-10)


@pytest.mark.parametrize(
    ("a", "b", "why"),
    [
        (np.zeros((3, 4)), np.zeros((3, 5)), "cannot be compared"),
        (np.zeros(3), np.zeros(3), "cannot be compared"),
        (np.zeros((1, 4)), np.zeros((3, 4)), "at least 2"),
        (np.full((3, 4), np.nan), np.zeros((3, 4)), "finite"),
    ],
)
def test_sets_that_cannot_be_compared_are_refused(a, b, why):
    with pytest.raises(ValueError, match=why):
        distances.check(a, b, 2)
