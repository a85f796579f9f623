import numpy as np
import pytest

from gan_jax.data import toys
from gan_jax.metrics import modes

RING, DEVIATION = toys.centres("ring"), toys.DEVIATION["ring"]


def test_true_samples_reach_every_mode():
    found = modes.count(toys.draw("ring", np.random.default_rng(0), 2500), RING, DEVIATION)
    assert (found.captured, found.hit, found.near) == (8, 8, 1.0)
    assert found.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.01)  # P(|N_2| < 3) = 1 - exp(-9/2)
    assert found.kl == pytest.approx(
        7 / (2 * 2500), abs=0.003
    )  # E KL of n draws of k equal shares: (k - 1) / 2n


def test_one_lucky_sample_is_a_hit_and_no_capture():
    points = np.concatenate([np.repeat(RING[:1], 999, axis=0), RING[4:5]])
    found = modes.count(points, RING, DEVIATION)
    assert (found.captured, found.hit) == (1, 2)


def test_strays_are_counted_out():
    found = modes.count(np.stack([np.zeros(2), RING[0] + [0.2, 0], *RING[:2]]), RING, DEVIATION)
    assert (found.near, found.high_quality) == (0.75, 0.5)


def test_one_mode_alone_is_log_n_from_equal():
    assert modes.from_equal(np.zeros(10, int), 8) == pytest.approx(np.log(8))
    assert modes.from_equal(np.arange(8), 8) == 0
