import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_collections import ConfigDict

from gan_jax.page.sizes import fit, offered, working


@pytest.mark.parametrize(
    ("picture", "side", "expected"),
    [
        ((500, 500), 128, (128, 128)),
        ((3000, 4000), 128, (112, 144)),  # 16,128 of 16,384 pixels
        ((4000, 3000), 128, (144, 112)),
        ((3000, 4000), 512, (448, 576)),  # the same shares of a side
        ((1, 1), 128, (128, 128)),
        ((1, 100), 128, (16, 1024)),  # the long side gives way
    ],
)
def test_the_working_size(picture, side, expected):
    assert fit(*picture, side**2) == expected


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([32, 100, 128, 256]))
def test_no_size_is_larger_than_asked_and_ratios_are_kept(height, width, side):
    if max(height, width) > 100 * min(height, width):
        return  # refused when it is decoded
    tall, wide = fit(height, width, side**2)
    assert tall % 16 == wide % 16 == 0
    assert tall * wide <= side**2
    if max(height, width) <= 2 * min(height, width) and side >= 128:
        assert abs(math.log(tall / wide * width / height)) < 0.11
        assert tall * wide > 0.7 * side**2


def test_few_sizes_need_few_programs():
    assert len({fit(h, w, 128**2) for h in range(1, 99) for w in range(1, 99)}) < 200


@pytest.mark.parametrize(
    ("resize", "most", "expected"),
    [
        (128, 2**18, {"128 x 128": 128**2, "256 x 256": 256**2, "512 x 512": 512**2}),
        ((64, 256), 2**16, {"128 x 128": 128**2, "256 x 256": 256**2}),
        (1024, 2**16, {"256 x 256": 2**16}),  # learnt at more than may be
    ],
)
def test_sizes_to_choose_from(resize, most, expected):
    assert offered(ConfigDict({"resize": resize}), most) == expected


def test_values_are_kept():
    picture = np.full((50, 50, 3), 255, np.uint8)
    assert working(picture, 32**2).shape == (32, 32, 3)
    assert (working(picture, 32**2) == 1).all()
