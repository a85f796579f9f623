"""Files of strangers, in the process that opens them."""

import io
import os
import signal
import struct
import threading
import zlib

import numpy as np
import psutil
import pytest
from PIL import Image

from gan_jax import decoding
from gan_jax.decoding import Unreadable
from gan_jax.page.reader import Reader


def draw(*shape, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def encoded(pixels, form="PNG", mode=None, **options):
    stream = io.BytesIO()
    picture = Image.fromarray(pixels)
    (picture.convert(mode) if mode else picture).save(stream, form, **options)
    return stream.getvalue()


def bomb(width, height):
    """A PNG that claims to be so large, in a few bytes."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 10**6)) + chunk(b"IEND", b"")


PLAIN = draw(12, 20, 3)
GOOD = {
    "plain": encoded(PLAIN),
    "grey": encoded(PLAIN[..., 0]),
    "CMYK": encoded(PLAIN, "JPEG", "CMYK"),
    "16 bits": encoded(draw(12, 20, dtype=np.uint16)),
    "one pixel": encoded(draw(1, 1, 3)),
    "animated": encoded(PLAIN, "GIF", "P", save_all=True, append_images=[Image.new("P", (20, 12))]),
    "palette and alpha": encoded(draw(12, 20, 4)),
}
PICKLED = b"\x93NUMPY\x01\x00\x76\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1, 1)}".ljust(
    118
)
BAD = {
    "nothing": (b"", "empty file"),
    "words": (b"GET / HTTP/1.1", "not a picture of a known kind"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not a picture of a known kind"),
    "cut short": (encoded(draw(90, 90, 3))[:3000], "damaged"),
    "zeros": (bytes(5000), "not a picture of a known kind"),
    "bomb": (bomb(50_000, 50_000), "more pixels than the limit of 10000"),
    "too large": (encoded(draw(101, 100, 3)), "100x101 pixels, more than the limit of 10000"),
    "30,000 x 2": (bomb(30_000, 2), "more pixels than the limit of 10000"),
    "long": (encoded(draw(1, 300, 3)), "one side is more than 100 times the other"),
    "pickled": (PICKLED, "npy of object"),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_files_are_what_the_decoder_makes_of_them(reader, name):
    assert np.array_equal(reader.read(GOOD[name], 3, 8), decoding.decode(GOOD[name], 3, 8))
    assert reader.read(GOOD[name], 1, 16).dtype == np.uint16


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_a_reason(reader, name):
    data, reason = BAD[name]
    with pytest.raises(Unreadable, match=reason):
        reader.read(data, 3, 8)
    assert np.array_equal(reader.read(GOOD["plain"], 3, 8), PLAIN)


def test_the_process_may_not_write_files_nor_take_all_memory(reader):
    reader.read(GOOD["plain"], 3, 8)
    process = psutil.Process(reader.process.pid)
    assert process.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert process.rlimit(psutil.RLIMIT_AS)[1] == 2 * 2**30


def test_a_process_that_falls_is_told_and_replaced(reader):
    reader.read(GOOD["plain"], 3, 8)
    reader.process.kill()
    reader.process.wait()
    assert np.array_equal(reader.read(GOOD["plain"], 3, 8), PLAIN)
    before = reader.process.pid
    os.kill(before, signal.SIGSTOP)  # as one that hangs
    killer = threading.Timer(0.2, reader.process.kill)
    killer.start()
    with pytest.raises(Unreadable, match=r"^it could not be decoded$"):
        reader.read(GOOD["plain"], 3, 8)
    assert np.array_equal(reader.read(GOOD["plain"], 3, 8), PLAIN)
    assert reader.process.pid != before
    assert not psutil.pid_exists(before)


def test_a_process_that_hangs_is_ended_in_time():
    reader = Reader(10_000, seconds=20)
    reader.read(GOOD["plain"], 3, 8)
    reader.seconds = 0.2
    os.kill(reader.process.pid, signal.SIGSTOP)
    with pytest.raises(Unreadable, match=r"took longer than 0\.2 s"):
        reader.read(GOOD["plain"], 3, 8)
    reader.close()
    assert reader.process is None
