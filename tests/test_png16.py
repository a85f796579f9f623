import io
import time
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from experiments.reliability import picture_files
from gan_jax import png16


def by_the_book(kinds, filtered):
    """The specification's section 9, byte by byte."""
    height, width, depth = filtered.shape
    out = np.zeros((height, width, depth), int)
    for r in range(height):
        for c in range(width):
            for k in range(depth):
                a = out[r, c - 1, k] if c else 0
                b = out[r - 1, c, k] if r else 0
                d = out[r - 1, c - 1, k] if r and c else 0
                p = a + b - d
                paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - d), 2, d))[2]
                guess = (0, a, b, (a + b) // 2, paeth)[kinds[r]]
                out[r, c, k] = (int(filtered[r, c, k]) + guess) % 256
    return out


def png(height, width, raw, colour, adam7=0):
    return picture_files.png(height, width, zlib.compress(raw), colour, 16, adam7)


@given(st.data(), st.integers(1, 5), st.integers(1, 6), st.sampled_from([2, 3, 4]))
def test_every_row_filter_as_in_the_specification(data, height, width, channels):
    kinds = data.draw(arrays(np.uint8, height, elements=st.integers(0, 4)))
    filtered = data.draw(arrays(np.uint8, (height, width, 2 * channels)))
    rows = np.concatenate([kinds[:, None], filtered.reshape(height, -1)], 1)
    expected = by_the_book(kinds, filtered).astype(np.uint8).view(">u2")
    file = png(height, width, rows.tobytes(), png16.COLOUR_TYPES[channels])
    np.testing.assert_array_equal(png16.decode(file), expected)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_interlaced(channels):
    pixels = np.random.default_rng(0).integers(0, 65536, (9, 11, channels)).astype(">u2")
    file = picture_files.png(9, 11, picture_files.adam7(pixels), png16.COLOUR_TYPES[channels], 16, adam7=1)
    np.testing.assert_array_equal(png16.decode(file), pixels)


def test_a_large_picture_takes_no_longer_than_one_of_8_bits():
    """All of it in the costliest row filter; NumPy took 0.7 s a million pixels."""
    file = png(1000, 2000, (b"\4" + bytes(2000 * 6)) * 1000, 2)
    started = time.process_time()
    png16.decode(file)
    assert time.process_time() - started < 0.7


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_16_bits_survive_a_file(channels):
    pixels = np.random.default_rng(0).integers(0, 65536, (5, 7, channels)).astype(np.uint16)
    data = png16.encode(pixels)
    assert png16.is_colour16(data)
    assert png16.size(data) == (5, 7)
    np.testing.assert_array_equal(png16.decode(data), pixels)
    with Image.open(io.BytesIO(data)) as image:  # another decoder agrees on the upper bytes
        upper = np.asarray(image)[..., -1]
    np.testing.assert_array_equal(upper, pixels[..., -1] >> 8)


def test_grey_is_what_pillow_reads_at_16_bits():
    pixels = np.array([[0, 1, 256], [257, 65534, 65535]], np.uint16)[..., None]
    with Image.open(io.BytesIO(png16.encode(pixels))) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels[..., 0])


@pytest.mark.parametrize("at", [-30, -1, 45])
def test_a_flipped_or_missing_byte_is_an_error(at):
    data = bytearray(png16.encode(np.full((4, 4, 3), 77, np.uint16)))
    data[at] ^= 1
    with pytest.raises((ValueError, zlib.error)):
        png16.decode(bytes(data))


def test_a_promise_of_more_rows_than_there_are_is_an_error():
    with pytest.raises(ValueError, match="ends early"):
        png16.decode(png(9, 4, (b"\0" + bytes(4 * 6)) * 4, 2))
    whole = bytes(9 * (1 + 4 * 6) + 12)  # more filters in more, narrower rows
    assert png16.decode(png(9, 4, whole + bytes(99), 2, adam7=1)).shape == (9, 4, 3)
    with pytest.raises(ValueError, match="ends early"):
        png16.decode(png(9, 4, whole[:200], 2, adam7=1))
