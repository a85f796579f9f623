import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gan_jax import images
from gan_jax.errors import UserError


def test_levels_by_hand():
    image = np.array([-1, 1, 0, -0.5, 0.1, -3, 9, np.nan, np.inf, -np.inf], np.float32)
    expected = [0, 255, 128, 64, 140, 0, 255, 0, 255, 0]  # 127.5 -> 128 (even), 63.75, 140.25
    assert images.to_uint8(image).tolist() == expected
    assert images.to_uint8(image).dtype == np.uint8
    assert images.to_levels(np.array([-1, 0, 1.0]), 16).tolist() == [0, 32768, 65535]


def test_to_float_by_hand():
    assert images.to_float(np.array([0, 51, 255], np.uint8)).tolist() == pytest.approx([-1, -0.6, 1])
    assert images.to_float(np.array([0, 13107, 65535], np.uint16)).tolist() == pytest.approx([-1, -0.6, 1])
    assert images.to_float(np.array([0, 0.25, 1], np.float32)).tolist() == [-1, -0.5, 1]
    assert images.to_float(np.zeros(3, np.uint8)).dtype == np.float32


def test_every_level_survives_the_way_there_and_back():
    for dtype, bits in ((np.uint8, 8), (np.uint16, 16)):
        levels = np.arange(2**bits).astype(dtype)
        np.testing.assert_array_equal(images.to_levels(images.to_float(levels), bits), levels)


CASES = [(suffix, c, 8) for suffix in (".png", ".tif", ".npy", ".bmp") for c in (1, 3)]
CASES += [(suffix, c, bits) for suffix in (".png", ".TIFF", ".npy") for c in (1, 3, 4) for bits in (8, 16)]
CASES += [(".png", 2, 8), (".png", 2, 16), (".tif", 5, 8), (".tif", 7, 16), (".npy", 13, 16)]


@pytest.mark.parametrize(("suffix", "channels", "bits"), CASES)
def test_what_is_written_is_what_is_read(tmp_path, suffix, channels, bits):
    levels = np.random.default_rng(0).integers(0, 2**bits, (9, 6, channels)).astype(f"uint{bits}")
    images.write(tmp_path / f"p{suffix}", images.to_float(levels), bits)
    picture = images.read(tmp_path / f"p{suffix}", channels, bits)
    assert picture.dtype == levels.dtype
    np.testing.assert_array_equal(picture, levels)


def test_levels_are_written_as_they_are(tmp_path):
    sheet = images.grid([[np.full((64, 64, 3), [-1, 0, 1], np.float32)]])
    deep = np.full((4, 5, 1), 40_000, np.uint16)
    images.write(tmp_path / "sheet.png", sheet)
    images.write(tmp_path / "deep.png", deep)
    np.testing.assert_array_equal(images.read(tmp_path / "sheet.png"), sheet)
    np.testing.assert_array_equal(images.read(tmp_path / "deep.png", 1, bits=16), deep)


@given(arrays(np.float32, (3, 4, 3), elements=st.floats(-1, 1, width=32)))
def test_a_file_is_off_by_half_a_level_at_most(image):
    data = images.encode(Path("p.png"), image)
    from gan_jax.decoding import decode

    assert np.abs(images.to_float(decode(data)) - image).max() <= 0.5 / 127.5 + 1e-6


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".webp"])
def test_lossy_formats_are_close(tmp_path, suffix):
    image = np.full((16, 16, 3), [0.5, -0.5, 0.0], np.float32)
    images.write(tmp_path / f"p{suffix}", image)
    np.testing.assert_allclose(images.to_float(images.read(tmp_path / f"p{suffix}")), image, atol=0.05)


@pytest.mark.parametrize(
    ("name", "channels", "bits", "message"),
    [
        ("p.xyz", 3, 8, "'.xyz'.*expected one of .png"),
        ("p", 3, 8, "expected one of .png"),
        ("p.png", 5, 8, "5 channels of 8 bits; write .tif or .npy"),
        ("p.jpg", 3, 16, "3 channels of 16 bits"),
        ("p.bmp", 4, 8, "4 channels"),
    ],
)
def test_a_format_that_cannot_hold_the_picture_is_named(tmp_path, name, channels, bits, message):
    with pytest.raises(UserError, match=message):
        images.write(tmp_path / name, np.zeros((4, 4, channels), np.float32), bits)
    assert not list(tmp_path.iterdir())


def test_without_tifffile_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(UserError, match=r"p\.tif: .*pip install tifffile, or write .npy"):
        images.write(tmp_path / "p.tif", np.zeros((4, 4, 5), np.float32))


def test_folders_are_made_and_nothing_else_is_left(tmp_path):
    images.write(tmp_path / "a" / "b" / "p.png", np.zeros((4, 4, 3), np.float32))
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["p.png"]


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "p.png"
    images.write(path, np.zeros((4, 4, 3), np.float32))
    before = path.read_bytes()

    def full(self, data):
        with open(self, "wb") as stream:
            stream.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UserError, match=r"p\.png: cannot be written: No space left"):
        images.write(path, np.ones((4, 4, 3), np.float32))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["p.png"]


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="cannot be written"):
        images.write(tmp_path / "file" / "p.png", np.zeros((4, 4, 3), np.float32))


def test_pillow_can_open_what_is_written(tmp_path):
    from PIL import Image

    images.write(tmp_path / "p.png", np.full((4, 5, 1), -0.6, np.float32), bits=16)
    with Image.open(io.BytesIO((tmp_path / "p.png").read_bytes())) as image:
        assert (image.size, image.getpixel((0, 0))) == ((5, 4), 13107)
