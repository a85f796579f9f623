import numpy as np
import pytest
from skimage.exposure import equalize_adapthist

from gan_jax.metrics.contrast import amplified, equalise


def ripple(amplitude):
    """White paper with a black bar, and a chequered ripple too faint to be seen."""
    y = np.full((1, 64, 64, 1), 0.9, np.float32)
    y[:, :, 30:34] = -0.9
    return y + amplitude * (1 - 2 * (np.indices((64, 64)).sum(axis=0) % 2))[None, :, :, None].astype(
        np.float32
    )


def test_a_faint_ripple_shows_and_flat_paper_stays_flat():
    plain, rippled = amplified(ripple(0.0)), amplified(ripple(0.02))
    assert np.ptp(plain[0, :, :24]) < 0.02
    assert np.ptp(rippled[0, 4:-4, 4:24]) > 0.3  # of a ripple of 0.04
    assert np.abs(rippled).max() <= 1


@pytest.mark.parametrize("limit", [2.0, 4.0])
def test_faint_steps_are_enlarged_by_the_limit(limit):
    y = np.linspace(-0.05, 0.05, 1024, dtype=np.float32).reshape(1, 32, 32, 1)
    made = equalise(y, tiles=1, limit=limit)
    # Up to one more: what is cut off the histogram is spread over all levels.
    assert 0.1 * limit * 0.95 < np.ptp(made) < 0.1 * (limit + 1)


def test_all_levels_equally_frequent_stay_as_they_are():
    y = np.tile(np.arange(256, dtype=np.float32) / 127.5 - 1, 16).reshape(1, 64, 64, 1)
    assert np.abs(equalise(y, tiles=1) - y).max() < 0.01


def test_channels_and_pictures_do_not_mix():
    rng = np.random.default_rng(0)
    y = rng.uniform(-1, 1, (2, 24, 16, 3)).astype(np.float32) ** 3
    made = equalise(y)
    np.testing.assert_array_equal(made[1:, :, :, 2:], equalise(y[1:, :, :, 2:]))


@pytest.mark.parametrize("clip", [0.02, 0.05])
def test_resembles_scikit_images(clip):
    # Both stretch to other ends and interpolate in other ways: alike, not equal.
    rng = np.random.default_rng(0)
    y = np.cumsum(np.cumsum(rng.normal(size=(64, 64)), axis=0), axis=1)
    y = (2 * (y - y.min()) / np.ptp(y) - 1).astype(np.float32)
    theirs = equalize_adapthist((y + 1) / 2, kernel_size=8, clip_limit=clip)
    ours = equalise(y[None, :, :, None], limit=clip * 256)[0, :, :, 0]
    assert np.corrcoef(theirs.ravel(), ours.ravel())[0, 1] > 0.95
