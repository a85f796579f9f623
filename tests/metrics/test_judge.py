import time

import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.metrics.judge import judge

STROKES = {"ink_share", "speck_share", "grey_share", "chroma"}
INK = {"ink_precision", "ink_recall", "ink_f1"}


def photos(batch=2, side=16, channels=3, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (batch, side, side, channels)).astype(np.float32)


def drawings(batch=2, side=16, channels=1, column=4):
    sheet = np.ones((batch, side, side, channels), np.float32)
    sheet[:, :, column] = -1
    return sheet


TRUTH = {"x": photos(), "y": drawings()}
SHOWN = {"fake_y": drawings(column=5), "back_x": 0.5 * photos(), "fake_x": -photos(), "back_y": drawings()}


def names(metrics, picture):
    return {f"{metric}/{picture}" for metric in metrics}


def test_paired_pictures_get_every_metric():
    found = judge(SHOWN, TRUTH, paired=True)
    expected = names({"l1", "ssim"}, "back_x") | names({"l1", "ssim"}, "back_y")
    expected |= names({"l1", "ssim", "correlation"}, "fake_x")
    expected |= names({"l1", "ssim", "correlation"} | STROKES | INK, "fake_y")
    assert set(found) == expected
    assert all(type(value) is float for value in found.values())


def test_the_numbers_land_under_the_right_names():
    found = judge(SHOWN, TRUTH, paired=True)
    assert found["l1/back_x"] == pytest.approx(0.5 * np.abs(TRUTH["x"]).mean())
    assert (found["l1/back_y"], found["ssim/back_y"]) == (0.0, pytest.approx(1.0))
    assert found["correlation/fake_x"] == pytest.approx(-1)
    assert found["l1/fake_y"] == pytest.approx(2 * 2 / 16)  # two of sixteen columns, black for white
    assert found["ink_f1/fake_y"] == 1.0  # one pixel off
    assert found["ink_share/fake_y"] == pytest.approx(1 / 16)


def test_without_pairs_only_returns_and_strokes_are_judged():
    found = judge(SHOWN, TRUTH, paired=False)
    expected = names({"l1", "ssim"}, "back_x") | names({"l1", "ssim"}, "back_y") | names(STROKES, "fake_y")
    assert set(found) == expected


def test_without_pairs_the_domains_may_differ_in_number_and_channels():
    truth = {"x": photos(3), "y": drawings(2)}
    shown = {"fake_y": drawings(3), "back_x": photos(3), "fake_x": photos(2), "back_y": drawings(2)}
    assert judge(shown, truth, paired=False)["l1/back_x"] == 0.0


def test_a_game_that_shows_one_direction():
    found = judge({"fake_y": SHOWN["fake_y"]}, TRUTH, paired=True)
    assert set(found) == names({"l1", "ssim", "correlation"} | STROKES | INK, "fake_y")
    assert judge({}, TRUTH, paired=True) == {}


def test_which_domains_are_drawings_is_said_not_guessed():
    none = judge(SHOWN, TRUTH, paired=True, drawings=())
    assert not [name for name in none if name.split("/")[0] in STROKES | INK]
    both = judge(SHOWN, TRUTH, paired=True, drawings=("x", "y"))
    assert names(STROKES | INK, "fake_x") <= set(both)


def test_pictures_too_small_for_ssim_do_without():
    found = judge({"back_x": photos(side=8)}, {"x": photos(side=8), "y": drawings(side=8)}, paired=True)
    assert found == {"l1/back_x": 0.0}


def test_jax_arrays_are_welcome():
    found = judge({"fake_y": jnp.asarray(SHOWN["fake_y"])}, {"y": jnp.asarray(TRUTH["y"])}, paired=True)
    assert found == judge({"fake_y": SHOWN["fake_y"]}, {"y": TRUTH["y"]}, paired=True)


def test_a_wrong_shape_is_named():
    with pytest.raises(ValueError, match=r"\(2, 16, 16, 3\)"):
        judge({"back_y": photos()}, TRUTH, paired=True)


def test_twelve_pairs_of_128_pixels_take_less_than_a_second():
    truth = {"x": photos(12, 128), "y": drawings(12, 128)}
    shown = {
        "fake_y": photos(12, 128, 1),
        "back_x": photos(12, 128),
        "fake_x": photos(12, 128),
        "back_y": truth["y"],
    }
    start = time.process_time()
    judge(shown, truth, paired=True)
    assert time.process_time() - start < 3  # three times the promise, for a busy machine
