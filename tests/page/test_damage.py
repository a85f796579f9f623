import numpy as np
import pytest

from gan_jax.errors import UserError
from gan_jax.metrics import corruptions
from gan_jax.page.damage import NONE, SLIDERS, checked, curves, damaged, lost

PICTURE = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3)).astype(np.float32)


def test_no_damage():
    assert np.array_equal(damaged(PICTURE, NONE), PICTURE)
    assert checked((0, 1, 0, 8, 100)) == NONE


def test_one_bit_is_black_or_white():
    assert set(np.unique(damaged(PICTURE, NONE | {"bits": 1}))) == {-1.0, 1.0}


def test_noise_is_in_levels_and_the_same_every_time():
    grey = np.zeros((1, 64, 64, 3), np.float32)
    noisy = damaged(grey, NONE | {"noise": 10.0})
    assert noisy.std() * 127.5 == pytest.approx(10, rel=0.02)
    assert np.array_equal(noisy, damaged(grey, NONE | {"noise": 10.0}))


def test_the_order_of_damages():
    """Quantising comes after the noise, so that noise is quantised too; JPEG is last."""
    both = damaged(PICTURE, NONE | {"bits": 2, "noise": 50.0})
    assert len(np.unique(both)) == 4
    saved = damaged(PICTURE, NONE | {"bits": 2, "jpeg": 40})
    assert np.array_equal(saved, corruptions.jpeg(corruptions.quantise(PICTURE, 2), 40))


@pytest.mark.parametrize("value", [-1, 51, float("nan"), float("inf"), None, "5", True, [1]])
def test_values_that_no_slider_gives(value):
    with pytest.raises(UserError, match="Noise: expected 0 to 50"):
        checked((0, 1, value, 8, 100))


def test_what_is_lost_is_told_in_levels():
    assert lost(PICTURE[0], PICTURE[0] + np.float32(0.2)) == pytest.approx(25.5, rel=1e-4)


def test_the_curves():
    """With a way back that changes nothing, what is lost is what the damage took, and grows with it."""
    found = curves(PICTURE[0], PICTURE[0], lambda made: made)
    assert list(found) == list(SLIDERS)
    for name, values in found.items():
        assert values[0] == 0
        assert len(values) == 1 + len(SLIDERS[name].tried)
        assert values == sorted(values)
    exact = [lost(corruptions.quantise(PICTURE, bits)[0], PICTURE[0]) for bits in (6, 4, 2, 1)]
    assert found["bits"][1:] == exact
