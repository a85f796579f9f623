import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

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


@given(st.data(), st.integers(1, 5), st.integers(1, 6), st.sampled_from([2, 4, 6, 8]))
def test_unfilter_is_the_specification(data, height, width, depth):
    kinds = data.draw(arrays(np.uint8, height, elements=st.integers(0, 4)))
    filtered = data.draw(arrays(np.uint8, (height, width, depth)))
    np.testing.assert_array_equal(png16.unfilter(kinds, filtered), by_the_book(kinds, filtered))


def test_unfilter_undoes_what_another_encoder_did():
    y, x = np.mgrid[:40, :50]
    pixels = np.stack([x * y % 256, x + y, np.random.default_rng(0).integers(0, 256, x.shape)], -1).astype(
        np.uint8
    )
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    raw, at, data = b"", 8, stream.getvalue()
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        raw += data[at + 8 : at + 8 + length] * (data[at + 4 : at + 8] == b"IDAT")
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(raw), np.uint8).reshape(40, 1 + 50 * 3)
    assert len(set(rows[:, 0].tolist())) > 1  # the encoder chose among filters
    np.testing.assert_array_equal(png16.unfilter(rows[:, 0], rows[:, 1:].reshape(40, 50, 3)), pixels)


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
    data = png16.encode(np.zeros((4, 4, 3), np.uint16))
    header = struct.pack(">IIBBBBB", 4, 9, 16, 2, 0, 0, 0)
    body = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    with pytest.raises(ValueError, match="ends early"):
        png16.decode(data[:8] + body + data[33:])
