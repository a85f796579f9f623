import contextlib
import io
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from gan_jax import png16
from gan_jax.decoding import Unreadable, decode, kind, read


def file(image, form="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def flat(mode, colour, size=(3, 2)):
    return Image.new(mode, size, colour)


def str_of(value):
    return f"{len(value)}B" if isinstance(value, bytes) else None


RED = flat("RGB", (255, 0, 0))
HALF_RED = flat("RGBA", (255, 0, 0, 51))  # a fifth red on white: 255, 204, 204
PALETTE = flat("RGB", (10, 200, 30)).convert("P", palette=Image.Palette.ADAPTIVE)


@pytest.mark.parametrize(
    ("data", "channels", "expected"),
    [
        (file(RED), 3, [255, 0, 0]),
        (file(RED), 1, [76]),  # 0.299 * 255 = 76.2
        (file(flat("RGB", (0, 255, 0))), 1, [150]),  # 149.7
        (file(RED), 4, [255, 0, 0, 255]),
        (file(RED), 2, [76, 255]),
        (file(flat("L", 7)), 1, [7]),
        (file(flat("L", 7)), 3, [7, 7, 7]),
        (file(flat("1", 1)), 3, [255, 255, 255]),
        (file(flat("1", 0)), 1, [0]),
        (file(PALETTE), 3, [10, 200, 30]),
        (file(flat("LA", (100, 0))), 1, [255]),
        (file(flat("LA", (100, 255))), 3, [100, 100, 100]),
        (file(flat("LA", (100, 9))), 2, [100, 9]),
        (file(HALF_RED), 3, [255, 204, 204]),
        (file(HALF_RED), 4, [255, 0, 0, 51]),
        (file(HALF_RED), 1, [219]),  # 0.299 * 255 + 0.701 * 204 = 219.2
        (file(flat("L", 7), transparency=7), 1, [255]),
        (file(flat("L", 8), transparency=7), 1, [8]),
        (file(RED, transparency=(255, 0, 0)), 3, [255, 255, 255]),
        (file(flat("P", 0), "GIF", transparency=0), 3, [255, 255, 255]),
        (file(flat("I;16", 257 * 7 + 128)), 1, [7]),
        (file(flat("I;16", 257 * 7 + 129)), 1, [8]),
        (file(flat("I;16", 65535)), 3, [255, 255, 255]),
        (file(flat("I;16", 300)), 1, [1]),  # clipping would give 255
        (file(flat("I", 65535), "TIFF"), 1, [255]),
        (png16.encode(np.full((2, 3, 3), [0, 32768, 65535], np.uint16)), 3, [0, 128, 255]),
        (npy(np.full((2, 3), 9, np.uint8)), 1, [9]),
        (npy(np.full((2, 3, 5), 9, np.uint8)), 5, [9] * 5),
        (npy(np.full((2, 3, 3), [255, 0, 0], np.uint8)), 1, [76]),
    ],
    ids=str_of,
)
def test_every_mode_becomes_the_channels_asked_for(data, channels, expected):
    picture = decode(data, channels)
    assert picture.dtype == np.uint8
    assert picture.shape == (2, 3, channels)
    np.testing.assert_array_equal(picture, np.broadcast_to(np.array(expected, np.uint8), picture.shape))


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "TIFF", "BMP"])
def test_every_format_is_told_by_its_bytes(form, tmp_path):
    path = tmp_path / "wrong.png"
    path.write_bytes(file(RED, form))
    np.testing.assert_allclose(read(path).astype(int), np.broadcast_to([255, 0, 0], (2, 3, 3)), atol=6)


def test_cmyk_is_not_taken_for_four_channels():
    data = file(flat("CMYK", (0, 255, 255, 0)), "TIFF")
    np.testing.assert_array_equal(decode(data, 3)[0, 0], [255, 0, 0])
    np.testing.assert_array_equal(decode(data, 4)[0, 0], [255, 0, 0, 255])
    assert kind(data) == "CMYK"


@pytest.mark.parametrize(
    ("data", "channels", "expected"),
    [
        (file(flat("I;16", 40000)), 1, [40000]),
        (file(flat("I;16", 40000)), 3, [40000] * 3),
        (file(flat("L", 7)), 1, [7 * 257]),
        (file(RED), 3, [65535, 0, 0]),
        (file(flat("I", 40000), "TIFF"), 1, [40000]),
        (png16.encode(np.full((2, 3, 3), [1, 2, 65535], np.uint16)), 3, [1, 2, 65535]),
        (png16.encode(np.full((2, 3, 2), [500, 0], np.uint16)), 1, [65535]),  # wholly transparent
        (png16.encode(np.full((2, 3, 4), [1, 2, 3, 4], np.uint16)), 4, [1, 2, 3, 4]),
        (npy(np.full((2, 3, 4), [1, 2, 3, 40000], np.uint16)), 4, [1, 2, 3, 40000]),
        (npy(np.full((2, 3, 1), 40000, ">u2")), 1, [40000]),
    ],
    ids=str_of,
)
def test_16_bits_are_kept_when_asked_for(data, channels, expected):
    picture = decode(data, channels, bits=16)
    assert picture.dtype == np.uint16
    np.testing.assert_array_equal(picture, np.broadcast_to(np.array(expected, np.uint16), (2, 3, channels)))


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (
            np.arange(30, dtype=np.uint8).reshape(2, 3, 5),
            {"photometric": "minisblack", "planarconfig": "contig"},
        ),
        (
            np.arange(30, dtype=np.uint8).reshape(5, 2, 3),
            {"photometric": "minisblack", "planarconfig": "separate"},
        ),
        (np.arange(18, dtype=np.uint16).reshape(2, 3, 3) * 3000, {"photometric": "rgb"}),
        (np.arange(18, dtype=np.float32).reshape(2, 3, 3) / 18, {"photometric": "rgb"}),
    ],
)
def test_tiff_beyond_pillow_is_kept(pixels, options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, **options)
    upright = np.moveaxis(pixels, 0, -1) if pixels.shape[0] == 5 else pixels
    picture = decode(stream.getvalue(), upright.shape[-1], bits=8 if pixels.dtype == np.uint8 else 16)
    assert picture.dtype == pixels.dtype
    np.testing.assert_array_equal(picture, upright)


def test_without_tifffile_it_is_named(monkeypatch):
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.zeros((4, 4, 5), np.uint8), photometric="minisblack", planarconfig="contig")
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(Unreadable, match="pip install tifffile"):
        decode(stream.getvalue(), 5)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("bits", [8, 16])
def test_floats_stay_floats(dtype, bits):
    picture = decode(npy(np.full((2, 3, 1), 0.25, dtype)), 3, bits)
    assert picture.dtype == np.float32
    np.testing.assert_array_equal(picture, np.full((2, 3, 3), 0.25, np.float32))


def corner(data):
    """Where the one white pixel is."""
    picture = decode(data, 1)
    (row,), (column,), _ = np.nonzero(picture)
    return row, column, *picture.shape[:2]


# EXIF 2.3, tag 274: the side of the upright picture that row 0 lies on, and the side of column 0. Hence where
# the pixel (0, 0) of 2 x 3 pixels goes, and the size of the upright picture.
TURNED = {1: (0, 0, 2, 3), 2: (0, 2, 2, 3), 3: (1, 2, 2, 3), 4: (1, 0, 2, 3)}
TURNED |= {5: (0, 0, 3, 2), 6: (0, 1, 3, 2), 7: (2, 1, 3, 2), 8: (2, 0, 3, 2)}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("form", "options"), [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})]
)
def test_exif_orientation_is_applied_once(orientation, form, options):
    image = flat("L", 0)
    image.putpixel((0, 0), 255)
    exif = Image.Exif()
    exif[274] = orientation
    assert corner(file(image, form, exif=exif, **options)) == TURNED[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_16_bit_colour_is_that_of_8_bits(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    eight = np.random.default_rng(0).integers(0, 256, (2, 3, 3)).astype(np.uint8)
    tag = file(Image.fromarray(eight), exif=exif)
    start = tag.index(b"eXIf") - 4
    chunk = tag[start : start + 12 + int.from_bytes(tag[start : start + 4], "big")]
    plain = png16.encode(eight.astype(np.uint16) * 257)
    np.testing.assert_array_equal(decode(plain[:33] + chunk + plain[33:]), decode(tag))


def test_the_first_frame_of_an_animation_is_taken():
    frames = [flat("RGB", (0, 0, 255)), RED]
    for form in ("GIF", "PNG", "TIFF", "WEBP", "MPO"):
        options = {"lossless": True} if form == "WEBP" else {}
        data = file(frames[0], form, save_all=True, append_images=frames[1:], **options)
        np.testing.assert_allclose(decode(data)[0, 0].astype(int), [0, 0, 255], atol=2)


def bomb():
    return file(Image.new("1", (20_000, 20_000)))


PNG = file(Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)))
JPEG = file(Image.open(io.BytesIO(PNG)), "JPEG")
WIDE_NPY = npy(np.zeros((4, 4, 3), np.uint8)).replace(b"(4, 4, 3)", b"(4, 4, 9)")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"\0", "known kind"),
        (b"<html>not found</html>", "known kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "known kind"),  # would start another program
        (PNG[: len(PNG) // 2], "damaged"),
        (PNG[:20], "damaged|known kind"),
        (JPEG[: len(JPEG) // 2], "damaged"),
        (PNG[:100] + bytes(50) + PNG[150:], "damaged"),
        (b"II*\0" + bytes(40), "damaged|known kind"),
        (npy(np.zeros((4, 4), np.uint8))[:-1], "truncated"),
        (WIDE_NPY, "truncated"),
        (npy(np.zeros((4, 4), np.int64)), "int64"),
        (npy(np.array(["a"])), "shape"),
        (npy(np.zeros((2, 2, 2, 2), np.uint8)), "shape"),
        (npy(np.zeros((0, 4), np.uint8)), "no pixels"),
        (npy(np.full((2, 2), 1.5)), "outside"),
        (npy(np.full((2, 2), np.nan)), "outside"),
        (npy(np.zeros((2, 2, 5), np.uint8)), "5 channels where 3"),
        (file(flat("I", 70_000), "TIFF"), "outside 0..65535"),
        (file(flat("I", -1), "TIFF"), "outside 0..65535"),
        (file(Image.new("1", (20_000, 20_000))), "limit"),
        (file(Image.new("L", (1001, 10))), "100 times"),
    ],
    ids=str_of,
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning", "ignore:Truncated:UserWarning")
def test_odd_files_are_refused_with_a_reason(data, reason):
    with pytest.raises(Unreadable, match=reason):
        decode(data)


def test_the_bomb_limit_is_pillows_own(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 99)
    assert decode(npy(np.zeros((11, 9), np.uint8)), 1).shape == (11, 9, 1)
    with pytest.raises(Unreadable, match="limit of 99"):
        decode(npy(np.zeros((10, 10), np.uint8)), 1)
    with pytest.raises(Unreadable, match="limit of 99"):
        decode(png16.encode(np.zeros((10, 10, 3), np.uint16)))


def test_a_pickle_in_an_npy_file_is_never_loaded():
    with pytest.raises(Unreadable):
        decode(npy(np.array([[object()]], dtype=object)))


def test_paths_that_are_no_files(tmp_path):
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    for name, reason in {"folder": "regular", "pipe": "regular", "loop": "links", "none": "no such"}.items():
        with pytest.raises(Unreadable, match=reason):
            read(tmp_path / f"{name}.png")


@given(
    st.binary(max_size=200), st.sampled_from([PNG, JPEG, file(RED, "TIFF"), file(PALETTE, "GIF"), WIDE_NPY])
)
@pytest.mark.filterwarnings("ignore")
def test_no_bytes_raise_anything_but_unreadable(noise, start):
    for data in (noise, start[: len(noise)] + noise, start[:-9] + noise):
        with contextlib.suppress(Unreadable):
            assert decode(data).dtype == np.uint8
        assert kind(data)


def five_channels(**fields):
    """A TIFF of 64 x 64 pixels in tiles of 16 x 16, with other numbers written over some of its fields."""
    stream = io.BytesIO()
    plain = {"photometric": "minisblack", "planarconfig": "contig", "tile": (16, 16)}
    tifffile.imwrite(stream, np.zeros((64, 64, 5), np.uint16), **plain)
    data = bytearray(stream.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as opened:
        for name, value in fields.items():
            at = opened.pages[0].tags[name].offset + 8
            data[at : at + 2] = value.to_bytes(2, "little")
    return bytes(data)


@pytest.mark.parametrize(
    "fields",
    [
        {"TileWidth": 65520, "TileLength": 65520},
        {"SamplesPerPixel": 65535, "ImageWidth": 5000, "ImageLength": 5000},
    ],
)
def test_a_tiff_of_few_pixels_that_asks_for_gigabytes_is_refused(fields):
    assert decode(five_channels(), 5).shape == (64, 64, 5)
    with pytest.raises(Unreadable, match="more channels and bits"):
        decode(five_channels(**fields), 5)


@pytest.mark.filterwarnings("ignore:Truncated File Read")
def test_a_tiff_without_the_end_of_its_tags_is_refused(capfd):
    """tifffile would take its eight bits for one, and say so in the log alone."""
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)
    Image.fromarray(noise).save(stream, "TIFF", compression="tiff_adobe_deflate")
    data = stream.getvalue()
    np.testing.assert_array_equal(decode(data, 3), noise)
    with pytest.raises(Unreadable, match="damaged"):
        decode(data[:-7], 3)
    assert capfd.readouterr().err == ""


def test_large_pictures_of_several_threads_are_decoded_in_turn(monkeypatch):
    """All at once their memory would add up; two at the same time would meet in `load`."""
    busy, met = threading.Lock(), []

    def load(image):
        met.append(not busy.acquire(blocking=False))
        time.sleep(0.05)
        busy.release()
        return plain(image)

    plain = PngImagePlugin.PngImageFile.load
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    monkeypatch.setattr("gan_jax.decoding.LARGE", 10)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(decode, [file(flat("L", 7, (9, 9)))] * 3))
    assert met.count(False) >= 3
    assert True not in met


def test_a_large_picture_is_converted_in_bands_to_the_same(monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 65536, (50, 7, 4)).astype(np.uint16)
    whole = decode(png16.encode(pixels), 3)
    monkeypatch.setattr("gan_jax.decoding.BAND", 100)
    np.testing.assert_array_equal(decode(png16.encode(pixels), 3), whole)
