"""Sheets of samples: which pixels show which example."""

import numpy as np
import pytest

from gan_jax import grids, sheets

GREY, BLUE, WHITE = (190, 190, 190), (31, 90, 200), (255, 255, 255)


def spots(sheet, colour):
    """Rows and columns of the pixels of a colour."""
    return np.argwhere((sheet == colour).all(-1))


def test_points_stand_where_they_are():
    """The frame reaches to 1.25 times the farthest entry: (1, 0) is 4/5 of the way right, at half the height."""
    sheet = sheets.scatter(np.float32([[0, 1]]), np.float32([[1, 0], [-1, 0], [0, -1]]))
    assert (sheet.shape, sheet.dtype) == ((480, 480, 3), np.uint8)
    middle, reach = 479 / 2, 479 / 2 / 1.25
    rows, columns = spots(sheet, BLUE).T
    np.testing.assert_allclose([rows.mean(), columns.mean()], [middle - reach, middle], atol=1)
    found = {tuple(np.round((spot - middle) / reach).astype(int)) for spot in spots(sheet, GREY)}
    assert found == {(0, 1), (0, -1), (1, 0)}, "up is up"
    assert len(spots(sheet, BLUE)) == 4, "a point is 2 x 2 pixels"


def test_made_points_lie_over_real_ones_and_those_beyond_the_frame_are_left_out():
    sheet = sheets.scatter(np.float32([[1, 1], [9, 0], [0, -9]]), np.float32([[1, 1]]))
    assert len(spots(sheet, GREY)) == 0
    assert len(spots(sheet, BLUE)) == 4
    assert len(spots(sheet, WHITE)) == 480 * 480 - 4


def test_symbols_are_dark_where_they_are():
    one_hot = np.eye(3, dtype=np.float32)[[[0, 2]]]
    np.testing.assert_array_equal(
        sheets.pictures(one_hot)[..., 0], [[[-1, 1, 1], [1, 1, -1]]], "a row for each place"
    )
    pictures = np.zeros((2, 4, 4, 1), np.float32)
    assert sheets.pictures(pictures) is pictures


@pytest.mark.parametrize(("count", "rows", "columns"), [(3, 1, 3), (10, 1, 10), (12, 2, 10), (40, 3, 10)])
def test_pictures_stand_in_rows_of_ten(count, rows, columns):
    made = np.linspace(-1, 1, 25, dtype=np.float32).reshape(-1, 1, 1, 1) * np.ones((1, 8, 8, 1), np.float32)
    sheet = sheets.sheet({"made": made}, {}, count)
    cell = 48 + grids.GAP
    assert sheet.shape == (rows * cell + grids.GAP, columns * cell + grids.GAP, 3)
    for i in range(min(count, 25)):
        y, x = (grids.GAP + place * cell + 24 for place in divmod(i, 10))
        assert abs(int(sheet[y, x, 0]) - round(255 * i / 24)) <= 1


def test_each_rank_has_a_sheet_of_its_own():
    points = np.float32([[0.5, 0.5]])
    test = {"image": np.float32([[1, 1]])}
    np.testing.assert_array_equal(
        sheets.sheet({"made": points}, test, 1), sheets.scatter(points, test["image"])
    )
    one_hot = np.eye(6, dtype=np.float32)[[[0, 1, 2, 3]]]
    sheet = sheets.sheet({"made": one_hot}, {}, 1)
    dark = spots(sheet, (0, 0, 0))
    assert len(dark) == 4 * 8 * 8, "4 of 24 pixels, each 8 times as large"
