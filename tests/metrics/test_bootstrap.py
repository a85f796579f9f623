from statistics import NormalDist

import numpy as np
import pytest

from gan_jax.metrics import bootstrap
from gan_jax.metrics.kernel import kid


def test_error_of_a_mean_is_the_textbooks():
    values = np.random.default_rng(0).normal(size=50)
    found = bootstrap.of_mean(values)
    assert found.error == pytest.approx(values.std() / np.sqrt(50), rel=0.1)
    assert found.low < values.mean() < found.high


def test_a_mean_of_equal_values_has_no_width():
    assert bootstrap.of_mean(np.full(5, 2.0)) == (2, 2, 0)


def test_error_of_a_ratio_is_the_delta_methods():
    rng = np.random.default_rng(3)
    bottom = rng.normal(3, 0.5, 100)
    top = 0.5 * bottom + rng.normal(0, 0.2, 100)
    found = bootstrap.of_ratio(top, bottom)
    ratio = top.mean() / bottom.mean()
    expected = np.sqrt(np.mean((top - ratio * bottom) ** 2) / 100) / bottom.mean()
    assert found.error == pytest.approx(expected, rel=0.1)
    assert found.low < ratio < found.high
    assert bootstrap.of_ratio(2 * bottom, bottom).error == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("most", [bootstrap.MOST, 25], ids=["halves", "smaller parts"])
def test_error_of_a_difference_of_means_is_the_textbooks(monkeypatch, most):
    # For a mean the deviations of halves, or of scaled smaller parts, are exactly those of the whole.
    monkeypatch.setattr(bootstrap, "MOST", most)
    rng = np.random.default_rng(1)
    real, fake = rng.normal(size=(100, 1)), 2 * rng.normal(size=(80, 1))
    found = bootstrap.of_sets(lambda r, f: {"shift": float(r.mean() - f.mean())}, real, fake, draws=1500)
    expected = np.sqrt(real.var(ddof=1) / 100 + fake.var(ddof=1) / 80)
    assert found["shift"].error == pytest.approx(expected, rel=0.06)
    assert found["shift"].low == pytest.approx(-1.96 * expected, rel=0.12)


def test_interval_of_kid_holds_the_truth():
    # Against the mean over many sets; the seed is fixed, and 60 intervals of 95 % miss it at most 8 times.
    rng = np.random.default_rng(2)

    def sets():
        return rng.normal(size=(40, 3)), rng.normal(0.8, 1, (40, 3))

    truth = np.mean([kid(*sets()) for _ in range(400)])
    missed = 0
    for seed in range(60):
        real, fake = sets()
        width = bootstrap.of_sets(lambda r, f: {"kid": kid(r, f)}, real, fake, seed, draws=60)["kid"]
        missed += not kid(real, fake) + width.low <= truth <= kid(real, fake) + width.high
    assert missed <= 8


def test_share_equals_wilsons_interval():
    # The interval holds the p with |share - p| <= z sqrt(p (1 - p) / n): its ends satisfy it with equality.
    z = NormalDist().inv_cdf(0.975)
    found = bootstrap.of_share(0.3, 20)
    for end in found[:2]:
        assert abs(0.3 - end) == pytest.approx(z * np.sqrt(end * (1 - end) / 20), rel=1e-5)
    assert bootstrap.of_share(1.0, 20).low < 0.9
    assert bootstrap.of_share(0.0, 20).low == pytest.approx(0, abs=1e-12)


def test_one_seed_gives_one_interval():
    values = np.arange(10.0)
    assert bootstrap.of_mean(values, seed=3) == bootstrap.of_mean(values, seed=3)
