from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel

from gan_jax.metrics import distances
from gan_jax.metrics.kernel import gaussian, kid, median_width, mmd, permutation_p, polynomial


def points(seed, count, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, (count, 5))


def stated(xx, yy, xy):
    """The unbiased estimate, from kernel matrices."""
    n, m = xy.shape
    return (
        (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1)) - 2 * xy.mean()
    )


def test_kid_equals_its_statement_with_sklearns_kernel():
    a, b = points(0, 9), points(1, 6, 0.5)
    cubic = {"degree": 3, "gamma": 1 / 5, "coef0": 1}
    expected = stated(*(polynomial_kernel(x, y, **cubic) for x, y in ((a, a), (b, b), (a, b))))
    assert kid(a, b) == pytest.approx(expected, rel=1e-12)


def test_mmd_equals_its_statement_with_sklearns_kernel():
    a, b, width = points(2, 7), points(3, 8, 1.0), 1.7
    expected = stated(*(rbf_kernel(x, y, gamma=1 / (2 * width**2)) for x, y in ((a, a), (b, b), (a, b))))
    assert mmd(a, b, gaussian(width)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kernel", [polynomial, gaussian(1.3)], ids=["cubic", "gaussian"])
def test_blocks_change_nothing(monkeypatch, kernel):
    a, b = points(4, 10), points(5, 13, 0.3)
    whole, p = mmd(a, b, kernel), permutation_p(a, b, kernel, shuffles=50)
    monkeypatch.setattr(distances, "BLOCK", 30)
    assert mmd(a, b, kernel) == pytest.approx(whole, rel=1e-12)
    assert permutation_p(a, b, kernel, shuffles=50) == p


def test_unbiased_by_enumeration():
    # Every way to draw 3 of 6 and 3 of 5 points: the mean of the estimates is the truth over different pairs.
    a, b = points(6, 6), points(7, 5, 0.7)
    estimates = [
        kid(a[list(i)], b[list(j)]) for i in combinations(range(6), 3) for j in combinations(range(5), 3)
    ]
    assert np.mean(estimates) == pytest.approx(kid(a, b), rel=1e-12)


def test_no_bias_when_nothing_differs():
    # All splits of one set in two: half of them fall below 0, and they cancel but for the pairs that no split has.
    pool = points(8, 6)
    splits = [(pool[list(i)], pool[[j for j in range(6) if j not in i]]) for i in combinations(range(6), 3)]
    estimates = [mmd(x, y, gaussian(1.0)) for x, y in splits]
    assert np.mean(estimates) == pytest.approx(0, abs=1e-12)
    assert min(estimates) < 0 < max(estimates)


def test_width_is_the_median_distance():
    assert median_width(np.array([[0.0], [1.0], [4.0]])) == pytest.approx(3.0)  # of 1, 3 and 4


def test_equal_pictures_leave_no_width():
    with pytest.raises(ValueError, match="width above 0"):
        gaussian(median_width(np.ones((4, 2))))


def test_p_value_equals_the_count_over_shuffled_labels():
    a, b = points(9, 5), points(10, 6, 0.6)
    rng, pooled, first = np.random.default_rng(3), np.concatenate([a, b]), np.arange(11) < 5
    shuffled = [rng.permutation(first) for _ in range(60)]
    hits = sum(kid(pooled[s], pooled[~s]) >= kid(a, b) for s in shuffled)
    assert permutation_p(a, b, polynomial, seed=3, shuffles=60) == pytest.approx((1 + hits) / 61)


def test_p_values_are_uniform_when_nothing_differs_and_small_when_something_does():
    same = [permutation_p(points(s, 12), points(s + 999, 15), polynomial, s, 39) for s in range(200)]
    assert np.mean(np.array(same) <= 0.05) == pytest.approx(0.05, abs=0.035)
    assert np.mean(np.array(same) <= 0.5) == pytest.approx(0.5, abs=0.1)
    assert permutation_p(points(0, 20), points(1, 20, 2.0), polynomial, shuffles=99) == pytest.approx(0.01)
