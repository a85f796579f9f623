import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from gan_jax.metrics import distances
from gan_jax.metrics.coverage import coverage, radii


def points(seed, count, shift=0.0, scale=1.0):
    return np.random.default_rng(seed).normal(shift, scale, (count, 4))


def by_sklearn(real, fake, k):
    """Stated with scikit-learn's neighbours, ball by ball."""

    def radius(x):
        return NearestNeighbors(n_neighbors=k + 1).fit(x).kneighbors(x)[0][:, -1]

    def held(centres, radii, others):
        return np.array(
            [[np.linalg.norm(o - c) < r for o in others] for c, r in zip(centres, radii, strict=True)]
        )

    real_balls, fake_balls = held(real, radius(real), fake), held(fake, radius(fake), real)
    return (
        real_balls.any(axis=0).mean(),
        fake_balls.any(axis=0).mean(),
        real_balls.sum() / (k * len(fake)),
        real_balls.any(axis=1).mean(),
    )


def test_by_hand_on_a_line():
    # k = 1: balls of real 0, 1, 5 have radii 1, 1, 4; of fake 2, 3, 20 radii 1, 1, 17.
    real, fake = np.array([[0.0], [1.0], [5.0]]), np.array([[2.0], [3.0], [20.0]])
    found = coverage(real, fake, k=1)
    assert found.precision == pytest.approx(2 / 3)  # 2 (on the border of 1's ball, and in 5's) and 3; not 20
    assert found.recall == pytest.approx(2 / 3)  # 1 lies on the border of 2's ball; 5 lies in 20's; 0 in none
    assert found.density == pytest.approx((1 + 1 + 0) / 3)  # the border does not count: 2 and 3 in 5's ball
    assert found.coverage == pytest.approx(1 / 3)


@pytest.mark.parametrize(("k", "shift"), [(3, 0.0), (5, 0.8)])
def test_equals_a_statement_with_sklearn(k, shift):
    real, fake = points(0, 40), points(1, 35, shift, 0.8)
    assert coverage(real, fake, k) == pytest.approx(by_sklearn(real, fake, k))


def test_one_distribution_has_the_expected_density_and_coverage():
    found = coverage(points(2, 600), points(3, 600))
    assert found.density == pytest.approx(1, abs=0.1)
    assert found.coverage == pytest.approx(1 - 2.0**-5, abs=0.02)


def test_a_set_covers_itself():
    a = points(4, 30)
    assert coverage(a, a.copy()) == pytest.approx((1, 1, 1, 1))


def test_missing_modes_cost_recall_and_coverage_alone():
    real = np.concatenate([points(5, 100), points(6, 100, 30)])
    found = coverage(real, points(7, 200))
    assert found.precision > 0.8
    assert found.recall < 0.6
    assert found.coverage < 0.6


def test_bad_fakes_cost_precision_and_density():
    found = coverage(points(8, 100), points(9, 100, 30))
    assert (found.precision, found.density, found.coverage) == (0, 0, 0)


def test_own_point_is_no_neighbour():
    np.testing.assert_allclose(radii(np.array([[0.0], [1.0], [3.0]]), 1), [1, 1, 4])


def test_blocks_change_nothing(monkeypatch):
    a, b = points(10, 20), points(11, 20, 0.4)
    whole = coverage(a, b)
    monkeypatch.setattr(distances, "BLOCK", 50)
    assert coverage(a, b) == whole


def test_needs_more_pictures_than_neighbours():
    with pytest.raises(ValueError, match="at least 6"):
        coverage(points(0, 5), points(1, 9), k=5)
