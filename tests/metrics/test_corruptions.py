import io

import numpy as np
import pytest
from PIL import Image

from gan_jax.metrics.corruptions import blur, jpeg, median, noise, quantise, shrink

RANDOM = np.random.default_rng(0).uniform(-1, 1, (2, 12, 9, 3)).astype(np.float32)


def plane(rows):
    return np.array(rows, np.float32)[None, :, :, None]


def test_one_bit_is_the_sign():
    x = plane([[-1, -0.01, 0, 0.01, 1]])
    np.testing.assert_array_equal(quantise(x, 1), plane([[-1, -1, 1, 1, 1]]))


def test_two_bits_are_four_levels_a_third_apart():
    # Levels -1, -1/3, 1/3, 1; the boundaries lie at -2/3, 0 and 2/3.
    x = plane([[-0.7, -0.6, -0.1, 0.1, 0.6, 0.7, 1.5]])
    np.testing.assert_allclose(quantise(x, 2), plane([[-1, -1 / 3, -1 / 3, 1 / 3, 1 / 3, 1, 1]]), atol=1e-7)


def test_quantising_to_8_bits_misses_by_a_quarter_of_a_level_on_average():
    x = np.random.default_rng(0).uniform(-1, 1, (1, 200, 200, 1)).astype(np.float32)
    assert np.abs(quantise(x, 8) - x).mean() == pytest.approx(2 / 255 / 4, rel=0.01)


def test_noise_has_its_deviation_and_follows_its_generator():
    grey = np.zeros((4, 64, 64, 3), np.float32)
    noisy = noise(grey, 0.1, np.random.default_rng(5))
    assert noisy.std() == pytest.approx(0.1, rel=0.02)
    assert noisy.mean() == pytest.approx(0, abs=2e-3)
    np.testing.assert_array_equal(noisy, noise(grey, 0.1, np.random.default_rng(5)))
    assert noise(grey + 1, 0.1, np.random.default_rng(5)).max() == 1


def test_blur_of_a_point_is_a_gaussian():
    point = np.full((1, 31, 31, 2), -1, np.float32)
    point[0, 15, 15, 1] = 1
    taps = np.exp(-0.5 * (np.arange(31) - 15.0) ** 2 / 4)
    taps /= taps.sum()
    blurred = blur(point, 2)
    np.testing.assert_allclose(blurred[0, :, :, 1], 2 * np.outer(taps, taps) - 1, atol=2e-4)
    np.testing.assert_allclose(blurred[..., 0], -1, atol=1e-6)  # channels and pictures do not mix
    np.testing.assert_array_equal(blur(RANDOM, 0), RANDOM)


def test_median_drops_a_speck_and_keeps_an_edge():
    x = plane([[-1, -1, 1, 1], [-1, -1, 1, 1], [-1, -1, 1, 1]])
    speck = x.copy()
    speck[0, 1, 0] = 1
    np.testing.assert_array_equal(median(speck), x)


def test_shrink_takes_means_of_areas_and_lines_between_them():
    # Means 0 and 1 at 0.5 and 2.5; pixel centres between them lie a quarter and three quarters of the way.
    x = plane([[-0.5, 0.5, 1, 1]] * 2)
    np.testing.assert_allclose(shrink(x, 2), plane([[0, 0.25, 0.75, 1]] * 2), atol=1e-6)
    np.testing.assert_allclose(shrink(RANDOM, 1), RANDOM, atol=1e-6)
    assert shrink(RANDOM, 100).shape == RANDOM.shape
    np.testing.assert_allclose(
        shrink(RANDOM, 100), np.broadcast_to(RANDOM.mean((1, 2), keepdims=True), RANDOM.shape), atol=1e-6
    )


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_jpeg_of_any_channels(channels):
    smooth = np.linspace(-1, 1, 16, dtype=np.float32)
    images = np.broadcast_to(smooth[None, :, None, None], (2, 16, 16, channels)).copy()
    kept = jpeg(images, 95)
    assert kept.shape == images.shape
    assert kept.dtype == np.float32
    assert np.abs(kept - images).mean() < 0.02
    assert np.abs(jpeg(images, 5) - images).mean() > np.abs(kept - images).mean()


def test_jpeg_is_pillows():
    stream = io.BytesIO()
    levels = np.round((RANDOM[1] + 1) * 127.5).astype(np.uint8)
    Image.fromarray(levels).save(stream, "JPEG", quality=50)
    expected = np.asarray(Image.open(stream)) / 127.5 - 1
    np.testing.assert_allclose(jpeg(RANDOM, 50)[1], expected, atol=1e-6)


@pytest.mark.parametrize(("corrupt", "wrong"), [(quantise, 0), (shrink, 0.5), (jpeg, 0), (jpeg, 101)])
def test_what_makes_no_sense_is_refused(corrupt, wrong):
    with pytest.raises(ValueError, match=str(wrong)):
        corrupt(RANDOM, wrong)


def test_all_give_float32_in_range():
    for made in (
        quantise(RANDOM, 3),
        noise(RANDOM, 1.0, np.random.default_rng(0)),
        blur(RANDOM, 1),
        median(RANDOM),
        shrink(RANDOM, 2.5),
        jpeg(RANDOM, 25),
    ):
        assert made.dtype == np.float32
        assert made.shape == RANDOM.shape
        assert np.abs(made).max() <= 1
