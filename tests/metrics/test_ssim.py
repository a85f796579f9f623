import numpy as np
import pytest
from skimage.metrics import structural_similarity

from gan_jax.metrics.ssim import ssim


def smooth(seed, shape=(2, 40, 31, 3)):
    """Pictures with flat parts at the ends of the range, where variances nearly cancel."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[1], : shape[2]]
    waves = np.sin(rows * rng.uniform(0.05, 0.6) + columns * rng.uniform(0.05, 0.6))[None, :, :, None]
    return np.clip(1.5 * waves + 0.2 * rng.normal(size=shape), -1, 1).astype(np.float32)


def test_equal_pictures_have_one():
    assert ssim(smooth(0), smooth(0)) == pytest.approx(1.0, abs=1e-12)


def test_flat_pictures_by_hand():
    grey = np.full((1, 12, 12, 1), 0.5, np.float32)
    # No variance: (2 * 0.5 * -0.5 + 0.0004) / (0.25 + 0.25 + 0.0004).
    assert ssim(grey, -grey) == pytest.approx(-0.4996 / 0.5004, abs=1e-9)


def test_contrast_by_hand():
    """A checkerboard of amplitude a has a local mean of nearly 0 and a variance of nearly a^2."""
    board = ((np.indices((32, 32)).sum(0) % 2) * 2.0 - 1)[None, :, :, None]
    expected = (2 * 0.5 + 0.0036) / (1 + 0.25 + 0.0036)
    assert ssim(0.5 * board, board) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_equals_skimage_to_1e5(channels):
    p, t = smooth(1, (2, 40, 31, channels)), smooth(2, (2, 40, 31, channels))
    expected = np.mean(
        [
            structural_similarity(
                a.astype(np.float64),
                b.astype(np.float64),
                channel_axis=-1,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
                data_range=2,
            )
            for a, b in zip(p, t, strict=True)
        ]
    )
    assert ssim(p, t) == pytest.approx(expected, abs=1e-5)
    assert expected < 0.9


def test_the_outer_five_pixels_matter_less_than_the_inner_ones():
    t = smooth(3, (1, 11, 11, 1))
    assert ssim(t, t) == pytest.approx(1.0)
    corner, centre = t.copy(), t.copy()
    corner[0, 0, 0], centre[0, 5, 5] = -t[0, 0, 0], -t[0, 5, 5]
    assert 1 - ssim(corner, t) < 0.01 * (1 - ssim(centre, t))


def test_pictures_smaller_than_the_window_are_refused():
    with pytest.raises(ValueError, match="11x11 pixels; these are 32x10"):
        ssim(np.zeros((1, 32, 10, 1)), np.zeros((1, 32, 10, 1)))
