import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from gan_jax.metrics.reconstruction import correlation, l1, pair, psnr


def picture(*values):
    return np.array(values, np.float32).reshape(1, 2, 2, 1)


def random_pictures(seed, shape=(3, 20, 24, 3)):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def test_l1_is_two_for_black_instead_of_white():
    assert l1(picture(-1, -1, -1, -1), picture(1, 1, 1, 1)) == 2.0


def test_l1_is_the_mean_distance():
    assert l1(picture(0.5, -1, 0, 0), picture(0, 1, 0, -0.5)) == pytest.approx((0.5 + 2 + 0 + 0.5) / 4)


def test_psnr_of_an_error_of_a_tenth_of_the_range_is_twenty_decibels():
    assert psnr(picture(0.2, 0.2, 0.2, 0.2), picture(0, 0, 0, 0)) == pytest.approx(20.0, abs=1e-5)


def test_psnr_averages_decibels_over_pictures_not_errors():
    predicted = np.concatenate([picture(2, 2, 2, 2), picture(0.2, 0.2, 0.2, 0.2)])
    assert psnr(predicted, np.zeros_like(predicted)) == pytest.approx((0 + 20) / 2, abs=1e-5)


def test_psnr_of_equal_pictures_is_infinite():
    assert psnr(picture(1, 0, 1, 0), picture(1, 0, 1, 0)) == np.inf


def test_psnr_equals_skimage():
    p, t = random_pictures(0), random_pictures(1)
    expected = np.mean([peak_signal_noise_ratio(b, a, data_range=2) for a, b in zip(p, t, strict=True)])
    assert psnr(p, t) == pytest.approx(expected, abs=1e-5)


def test_correlation_is_blind_to_brightness_and_contrast():
    t = random_pictures(2)
    assert correlation(0.3 * t + 0.2, t) == pytest.approx(1.0, abs=1e-6)
    assert correlation(-t, t) == pytest.approx(-1.0, abs=1e-6)


def test_correlation_by_hand():
    # centred: (-1, 0, 0, 1) / 1 and (-1, 1, -1, 1) / 2: 2 * 0.5 / (sqrt(2) * sqrt(1)).
    assert correlation(picture(-1, 0, 0, 1), picture(-0.5, 0.5, -0.5, 0.5)) == pytest.approx(1 / np.sqrt(2))


def test_correlation_of_a_flat_picture_is_zero():
    blank = np.ones((2, 2, 2, 1), np.float32)
    blank[1] = np.float32(0.1)
    assert correlation(blank, random_pictures(3, blank.shape)) == 0.0


def test_correlation_equals_numpy():
    p, t = random_pictures(4), random_pictures(5) + 0.5
    expected = np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(p, t, strict=True)])
    assert correlation(p, t) == pytest.approx(expected, abs=1e-7)


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match=r"\(1, 2, 2, 1\).*\(1, 2, 2, 3\)"):
        pair(picture(0, 0, 0, 0), np.zeros((1, 2, 2, 3), np.float32))
