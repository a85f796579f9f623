import numpy as np
import pytest
from scipy import ndimage

from gan_jax.metrics.ink import chroma, grey_share, grow, ink, luminance, overlap, speck_share


def sheet(*columns, size=8):
    """A mask with whole columns of ink."""
    mask = np.zeros((1, size, size), bool)
    mask[:, :, list(columns)] = True
    return mask


def test_luminance_of_the_primary_colours():
    primaries = np.array([[[[1, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, 1]]]], np.float32)
    assert luminance(primaries) == pytest.approx(np.array([[[-0.402, 0.174, -0.772, 1.0]]]))


def test_luminance_of_other_channel_counts_is_the_mean():
    assert luminance(np.array([[[[1.0, 0.5]]]])) == pytest.approx(np.array([[[0.75]]]))
    assert luminance(np.array([[[[0.25]]]])) == pytest.approx(np.array([[[0.25]]]))


def test_ink_is_darker_than_the_threshold():
    grey = np.array([-1, 0.49, 0.5, 1]).reshape(1, 1, 4, 1)
    assert ink(grey).tolist() == [[[True, True, False, False]]]
    assert ink(grey, threshold=0.0).tolist() == [[[True, False, False, False]]]


def test_overlap_by_hand():
    predicted = np.zeros((1, 8, 8), bool)
    predicted[0, :4, 3] = True  # beside the true line: right at a tolerance of 1
    predicted[0, :4, 6] = True  # far from it
    score = overlap(predicted, sheet(2))
    assert score.precision == pytest.approx(4 / 8)
    assert score.recall == pytest.approx(5 / 8)  # rows 0-3, and row 4 diagonally
    assert score.f1 == pytest.approx(2 * 0.5 * 0.625 / 1.125)


def test_tolerance_is_a_chebyshev_distance():
    assert overlap(sheet(2), sheet(2), tolerance=0).f1 == 1
    assert overlap(sheet(3), sheet(2), tolerance=0).f1 == 0
    assert overlap(sheet(4), sheet(2), tolerance=1).f1 == 0
    assert overlap(sheet(4), sheet(2), tolerance=2).f1 == 1
    dot, diagonal = np.zeros((1, 5, 5), bool), np.zeros((1, 5, 5), bool)
    dot[0, 2, 2] = diagonal[0, 4, 4] = True
    assert overlap(dot, diagonal, tolerance=2).f1 == 1


def test_ink_is_pooled_over_the_set():
    predicted = np.concatenate([sheet(1, 2, 3), sheet(7)])
    truth = np.concatenate([sheet(1, 2, 3), sheet(1)])
    assert overlap(predicted, truth).precision == pytest.approx(3 / 4)  # not (1 + 0) / 2


def test_pictures_of_a_set_do_not_touch():
    predicted, truth = np.concatenate([sheet(2), sheet()]), np.concatenate([sheet(), sheet(2)])
    assert overlap(predicted, truth) == (0, 0, 0)
    assert speck_share(np.concatenate([sheet(2, size=8)] * 2), smaller_than=9) == 1.0


@pytest.mark.parametrize(
    ("predicted", "truth", "expected"),
    [
        (sheet(), sheet(2), (0, 0, 0)),
        (sheet(2), sheet(), (0, 0, 0)),
        (sheet(), sheet(), (1, 1, 1)),
        (sheet(*range(8)), sheet(2), (3 / 8, 1, 2 * 3 / 8 / (11 / 8))),
    ],
)
def test_blank_and_black_sheets(predicted, truth, expected):
    assert overlap(predicted, truth) == pytest.approx(expected)
    assert {type(value) for value in overlap(predicted, truth)} == {float}


def test_grow_equals_binary_dilation():
    mask = np.random.default_rng(0).random((2, 20, 24)) < 0.05
    expected = np.stack([ndimage.binary_dilation(m, np.ones((5, 5))) for m in mask])
    assert (grow(mask, 2) == expected).all()


def test_specks_by_hand():
    mask = sheet(0, size=12)  # a stroke of 12
    mask[0, [3, 4, 5], [4, 5, 6]] = True  # a diagonal of 3, joined by corners
    mask[0, 9, 9] = True
    assert speck_share(mask, smaller_than=10) == pytest.approx(4 / 16)
    assert speck_share(mask, smaller_than=3) == pytest.approx(1 / 16)
    assert speck_share(mask, smaller_than=13) == 1.0
    assert speck_share(sheet()) == 0.0


def test_grey_wash_by_hand():
    drawing = np.ones((1, 8, 8, 1), np.float32)
    drawing[0, :, 0] = -1.0  # a stroke ...
    drawing[0, :, 1] = 0.7  # ... its soft edge
    drawing[0, 0, 4:8] = 0.7  # and a wash
    drawing[0, 1, 4:8] = 0.95  # paper, nearly white
    assert grey_share(drawing) == pytest.approx(4 / 64)


def test_chroma_by_hand():
    pixels = np.array([[[[1, -1, -1], [0.5, 0.5, 0.5], [1, 0, 0.5], [-1, -1, -1]]]], np.float32)
    assert chroma(pixels) == pytest.approx((1 + 0 + 0.5 + 0) / 4)
    assert chroma(pixels[..., :1]) == 0.0
