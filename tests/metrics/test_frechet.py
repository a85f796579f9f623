import numpy as np
import pytest
from scipy.linalg import sqrtm

from gan_jax.metrics.frechet import Moments, between, frechet, moments


def gaussian(mean, variances):
    return Moments(np.array(mean, float), np.diag(np.array(variances, float)))


def by_sqrtm(a, b):
    """The usual statement, with SciPy's root of a matrix."""
    mean = a.mean(axis=0) - b.mean(axis=0)
    s_a, s_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return mean @ mean + np.trace(s_a + s_b - 2 * sqrtm(s_a @ s_b).real)


def sample(seed, count, dimension=6):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, dimension)) @ rng.normal(size=(dimension, dimension)) + rng.normal(
        size=dimension
    )


def test_closed_form_of_diagonal_gaussians():
    # (3 - 1)^2 + (2 - 2)^2 + (sqrt 4 - sqrt 9)^2 + (sqrt 1 - sqrt 16)^2
    assert between(gaussian([3, 2], [4, 1]), gaussian([1, 2], [9, 16])) == pytest.approx(4 + 1 + 9)


def test_closed_form_of_rotated_gaussians():
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])  # both share their axes: still a sum over these
    a, b = (Moments(np.zeros(2), turn @ np.diag(v) @ turn.T) for v in ([4.0, 25.0], [1.0, 9.0]))
    assert between(a, b) == pytest.approx(1 + 4)


def test_a_gaussian_against_a_point_is_its_whole_variance():
    assert between(gaussian([0, 0], [4, 5]), gaussian([1, 0], [0, 0])) == pytest.approx(1 + 9)


@pytest.mark.parametrize("count", [40, 4])  # above and below the number of dimensions
def test_equals_scipy(count):
    a, b = sample(1, count), sample(2, count + 1)
    ours = frechet(a, b)
    reference = by_sqrtm(a, b) if count > 6 else between(moments(a), moments(b))
    assert ours == pytest.approx(reference, rel=1e-6)


def test_few_pictures_equal_scipy_on_a_ridge():
    # SciPy needs matrices of full rank: a ridge so small that it does not count.
    a, b = sample(3, 5), sample(4, 4)
    s_a, s_b = (np.cov(x, rowvar=False) + 1e-10 * np.eye(6) for x in (a, b))
    mean = a.mean(axis=0) - b.mean(axis=0)
    expected = mean @ mean + np.trace(s_a + s_b - 2 * sqrtm(s_a @ s_b).real)
    assert frechet(a, b) == pytest.approx(expected, rel=1e-3)


def test_a_set_has_no_distance_from_itself_and_only_the_shift_from_its_translation():
    a = sample(5, 30)
    assert frechet(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet(a, a + 2) == pytest.approx(6 * 4)


def test_prefers_a_gaussian_of_the_same_moments_to_other_real_pictures():
    # What it cannot see: only moments count.
    rng = np.random.default_rng(6)
    two_heaps = np.where(rng.random((400, 1)) < 0.5, -3, 3) + 0.1 * rng.normal(size=(400, 3))
    mean, covariance = moments(two_heaps[:200])
    fake = rng.multivariate_normal(mean, covariance, 200)
    fake = (fake - fake.mean(axis=0)) / fake.std(axis=0) * two_heaps[:200].std(axis=0) + mean
    assert frechet(two_heaps[:200], fake) < frechet(two_heaps[:200], two_heaps[200:])


def test_sets_of_different_width_are_refused():
    with pytest.raises(ValueError, match="cannot be compared"):
        frechet(sample(0, 9, 3), sample(0, 9, 4))
