import numpy as np
import pytest

from gan_jax.grids import GAP, INK, fitting, grid
from gan_jax.images import grid as same


def flat(value, height=64, width=64, channels=3):
    return np.full((height, width, channels), value, np.float32)


def test_pictures_lie_in_rows_and_columns():
    sheet = grid([[flat(-1), flat(1)], [flat(0), flat(-1)]])
    side = 3 * 64  # enlarged to about 192
    assert sheet.shape == (2 * side + 3 * GAP, 2 * side + 3 * GAP, 3)
    assert sheet.dtype == np.uint8
    middle = [GAP + side // 2, 2 * GAP + side + side // 2]
    assert [[sheet[y, x, 0] for x in middle] for y in middle] == [[0, 255], [128, 0]]


@pytest.mark.parametrize(
    ("side", "factor"), [(28, 7), (64, 3), (96, 2), (128, 2), (192, 1), (256, 1), (1024, 1)]
)
def test_small_pictures_are_enlarged_by_a_whole_number(side, factor):
    assert grid([[flat(0, side, side)]]).shape[0] == side * factor + 2 * GAP


def test_enlarging_does_not_smooth():
    image = flat(-1, 2, 2)
    image[0, 0] = 1
    inner = grid([[image]])[GAP:-GAP, GAP:-GAP]
    assert np.unique(inner).tolist() == [0, 255]
    assert (inner == 255).mean() == 0.25


@pytest.mark.parametrize(
    ("channels", "shown"), [(1, [0, 0, 0]), (2, [0, 0, 0]), (3, [0, 128, 255]), (5, [0, 128, 255])]
)
def test_any_number_of_channels(channels, shown):
    image = np.broadcast_to(np.array([-1, 0, 1, 1, 1], np.float32)[:channels], (64, 64, channels))
    assert grid([[image]])[50, 50].tolist() == shown


def test_labels_have_their_own_room_and_are_drawn():
    plain = grid([[flat(1), flat(1)]])
    labelled = grid([[flat(1), flat(1)]], ["photo", "drawing"], ["Taj Mahal"])
    assert labelled.shape[0] > plain.shape[0]
    assert labelled.shape[1] > plain.shape[1]
    above, left = labelled[: -plain.shape[0] + GAP], labelled[:, : -plain.shape[1] + GAP]
    for strip in (above, left):
        assert (strip.min(axis=-1) <= max(INK) + 10).sum() > 30
    assert (labelled[-plain.shape[0] + GAP :, -plain.shape[1] + GAP :] == 255).all()


def test_unequal_rows_and_sizes():
    sheet = grid([[flat(-1, 100, 200), flat(-1)], [flat(-1)]], ["a"])
    assert sheet.shape[1] == 200 + 64 + 3 * GAP
    assert grid([]).ndim == 3
    assert same is grid


def test_a_label_too_wide_is_cut():
    from PIL import ImageFont

    font = ImageFont.load_default(14)
    assert fitting("photo", 192, font) == "photo"
    cut = fitting("a very long label that cannot fit", 80, font)
    assert cut.endswith("...")
    assert font.getlength(cut) <= 80
    assert fitting("abc", 1, font) == ""
