import numpy as np
import pytest
import torch
from PIL import Image

from gan_jax.metrics.resizing import clean, legacy

CHECKS = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=-1)


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("size", [(50, 70), (12, 9), (31, 31)])
def test_legacy_equals_torchs_bilinear(size):
    picture = noise(*size)
    planes = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    expected = torch.nn.functional.interpolate(planes, (31, 31), mode="bilinear", align_corners=False)
    np.testing.assert_allclose(legacy(picture, 31), expected[0].permute(1, 2, 0), atol=2e-3)


@pytest.mark.parametrize("size", [(50, 70), (12, 9)])
def test_clean_equals_pillow_on_levels_but_for_rounding(size):
    picture = noise(*size) // 2 + 64  # nothing to clip between the two directions
    expected = np.asarray(Image.fromarray(picture).resize((31, 31), Image.Resampling.BICUBIC), np.float32)
    np.testing.assert_allclose(clean(picture, 31), expected, atol=1.5)  # Pillow rounds after either direction


def test_clean_does_not_alias_where_legacy_does():
    assert np.ptp(clean(CHECKS, 20)[4:-4, 4:-4]) < 10
    assert np.ptp(legacy(CHECKS, 20)) > 100


def test_levels_stay_in_range():
    edge = np.zeros((8, 8, 3), np.uint8)
    edge[:, 4:] = 255
    for resized in (clean(edge, 64), legacy(edge, 64)):
        assert resized.dtype == np.float32
        assert (resized.min(), resized.max()) == (0, 255)


def test_a_picture_of_the_right_size_is_left_alone():
    picture = noise(20, 20)
    np.testing.assert_array_equal(clean(picture, 20), picture)
    np.testing.assert_array_equal(legacy(picture, 20), picture)
