"""What happens to picture files: each kind of damage makes a file of a valid one, and says what must come of it."""

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from experiments.reliability.picture_files import EXACT, Valid, larger, saved, zeros

READ, REFUSED, EITHER, WHOLE = "read", "refused", "either", "refused, or read as if it were whole"


class Case(NamedTuple):
    """A folder entry to be read: its kind of damage, how to make it, what must come of it, and its true pixels."""

    damage: str
    what: str
    make: Callable[[Path], None]
    name: str
    expected: str = EITHER
    pixels: np.ndarray | None = None
    off: float = EXACT


Damage = Callable[[np.random.Generator, list[Valid]], Case]
IMPOSTORS = {
    "HTML": b"<!DOCTYPE html><html><body>404 not found</body></html>",
    "text": b"A picture of a cat, honestly.\n" * 9,
    "zip": b"PK\x03\x04" + bytes(200),
    "ELF": b"\x7fELF\x02\x01\x01" + bytes(200),
    "a program for Windows": b"MZ" + bytes(300),
    "a script": b"#!/bin/sh\ntouch /tmp/canary\n",
    "a pickle": b"\x80\x04cos\nsystem\nX\x05\x00\x00\x00false\x85R.",
    "PDF": b"%PDF-1.7\n" + bytes(100),
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) run\n",
    "an icon": b"\x00\x00\x01\x00\x01\x00" + bytes(40),
    "zeros": bytes(4096),
    "nothing": b"",
    "a pickle in npy": b"\x93NUMPY\x01\x00F\x00{'descr': '|O', 'fortran_order': False, 'shape': (4, 4), }".ljust(
        80
    )
    + b"\n"
    + b"\x80\x04cos\nsystem\nX\x05\x00\x00\x00false\x85R.",
}
NAMES = {
    "a new line": b"a\nb",
    "an escape sequence": b"\x1b[31mred\x1b[0m",
    "an emoji": "\N{CAT FACE}".encode(),
    "from right to left": "a\N{RIGHT-TO-LEFT OVERRIDE}gnp".encode(),
    "invalid UTF-8": b"\xff\xfe\x80",
    "250 letters": b"x" * 250,
    "a dash": b"-rf --help",
    "percent signs": b"%s%n%00{0}",
    "quotes": b"';\"`$(touch canary)`",
    "spaces": b"   ",
}


def _bytes(damage: str, file: Valid, data: bytes, how: str, expected: str = EITHER, suffix: str = "") -> Case:
    pixels = file.pixels if expected in (READ, WHOLE) else None
    name = f"given{suffix or file.suffix}"
    return Case(damage, f"{file.kind}, {how}", lambda p: _write(p, data), name, expected, pixels, file.off)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _pick(rng: np.random.Generator, files: list[Valid]) -> Valid:
    return files[int(rng.integers(len(files)))]


def cut(rng: np.random.Generator, files: list[Valid]) -> Case:
    """The file ends early."""
    file = _pick(rng, files)
    at = int(rng.integers(1, len(file.data)))
    return _bytes("cut short", file, file.data[:at], f"its first {at} bytes of {len(file.data)}", WHOLE)


def flip(rng: np.random.Generator, files: list[Valid]) -> Case:
    """A few bits are turned."""
    file, count = _pick(rng, files), int(rng.integers(1, 9))
    data = np.frombuffer(file.data, np.uint8).copy()
    bits = rng.integers(8 * len(data), size=count)
    for bit in bits.tolist():
        data[bit // 8] ^= 1 << bit % 8
    return _bytes("bits flipped", file, data.tobytes(), f"bits {sorted(bits.tolist())} flipped")


def header(rng: np.random.Generator, files: list[Valid]) -> Case:
    """Bytes of the header are any others, the extreme ones above all."""
    file, data = _pick(rng, files), None
    data, at = bytearray(file.data), int(rng.integers(2, 128))
    values = [
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        b"\xff\xff\xff\x7f",
        bytes(4),
        b"\0\0\1\0",
        rng.bytes(4),
    ]
    value = values[int(rng.integers(len(values)))][: int(rng.integers(1, 5))]
    data[at : at + len(value)] = value
    return _bytes("header overwritten", file, bytes(data), f"{value.hex()} at byte {at}")


def claim(rng: np.random.Generator, files: list[Valid]) -> Case:
    """A few hundred bytes that claim to be billions of pixels, or as long as 100 pictures."""
    height, width = [(65000, 65000), (60000, 2000), (30000, 30000), (1, 65000), (64000, 3), (0, 50)][
        rng.integers(6)
    ]
    file, data = files[0], None
    while data is None or (file.kind.startswith("GIF") and height == 0):  # a GIF's frames say it once more
        file = _pick(rng, files)
        data = larger(file, height, width)
    return _bytes("absurd size", file, data, f"claims {width} x {height} pixels", REFUSED)


def repeat(rng: np.random.Generator, files: list[Valid]) -> Case:
    """A part comes more than once."""
    file = _pick(rng, files)
    start, end = sorted(rng.integers(len(file.data), size=2).tolist())
    times = int(rng.integers(1, 50))
    data = file.data[:end] + file.data[start:end] * times + file.data[end:]
    return _bytes("parts repeated", file, data, f"bytes {start} to {end} {times} times more")


def splice(rng: np.random.Generator, files: list[Valid]) -> Case:
    """It begins as one file and goes on as another."""
    file, other = _pick(rng, files), _pick(rng, files)
    at = int(rng.integers(4, len(file.data)))
    return _bytes(
        "two files in one", file, file.data[:at] + other.data[at // 2 :], f"{other.kind} from byte {at} on"
    )


def noise(rng: np.random.Generator, files: list[Valid]) -> Case:
    """Random bytes behind a true beginning."""
    file, start, count = _pick(rng, files), int(rng.integers(60)), int(rng.integers(1, 5000))
    return _bytes(
        "noise", file, file.data[:start] + rng.bytes(count), f"{count} random bytes from byte {start} on"
    )


def impostor(rng: np.random.Generator, files: list[Valid]) -> Case:
    """No picture at all."""
    kind = list(IMPOSTORS)[int(rng.integers(len(IMPOSTORS)))]
    suffix = _pick(rng, files).suffix
    return Case(
        "no picture",
        f"{kind} named *{suffix}",
        lambda p: _write(p, IMPOSTORS[kind]),
        f"given{suffix}",
        REFUSED,
    )


def suffix(rng: np.random.Generator, files: list[Valid]) -> Case:
    """A whole file under the suffix of another kind; the bytes decide."""
    file, other = _pick(rng, files), _pick(rng, files).suffix
    return _bytes("wrong suffix", file, file.data, f"named *{other}", READ, other)


def name(rng: np.random.Generator, files: list[Valid]) -> Case:
    """A name that is hard on terminals and shells, of a whole file or of a broken one."""
    kind, file, whole = list(NAMES)[int(rng.integers(len(NAMES)))], files[0], bool(rng.integers(2))
    data = file.data if whole else b"nothing"
    given, expected = os.fsdecode(NAMES[kind] + b".png"), READ if whole else REFUSED
    what = f"a name with {kind}, {'whole' if whole else 'broken'}"
    return Case("odd name", what, lambda p: _write(p, data), given, expected, file.pixels if whole else None)


def odd(rng: np.random.Generator, files: list[Valid]) -> Case:
    """A folder entry that is no regular file, or a regular one that is hard to get at."""
    kinds = [_fifo, _socket, _device, _broken, _itself, _locked]
    make = kinds[int(rng.integers(len(kinds)))]
    # Root may read whatever the mode is.
    readable = make is _locked and os.geteuid() == 0
    pixels = files[0].pixels if readable else None
    what = (make.__doc__ or "").rstrip(".") + (", read by root" if readable else "")
    return Case(
        "no regular file",
        what,
        lambda p: make(p, files[0].data),
        "given.png",
        READ if readable else REFUSED,
        pixels,
    )


def large(rng: np.random.Generator, files: list[Valid]) -> Case:
    """As many pixels as are let in, in about a thousandth of the bytes that they take."""
    kind, side, per, colour, depth = LARGEST[int(rng.integers(len(LARGEST)))]
    flat = np.full(
        (1, 1, 3), 255 if colour == 6 else 0, np.uint8
    )  # without opacity all of it is the white ground
    data = zeros(side, side, side * per, colour, depth)
    return Case(
        "as large as let in", f"{side} x {side}, {kind}", lambda p: _write(p, data), "given.png", READ, flat
    )


def tall(rng: np.random.Generator, files: list[Valid]) -> Case:
    """Far longer than wide, and really so."""
    sides = [(1, 20_000), (20_000, 1), (2, 201), (101, 1)][int(rng.integers(4))]
    form, end = [("PNG", ".png"), ("TIFF", ".tif"), ("BMP", ".bmp")][int(rng.integers(3))]
    data = saved(Image.new("RGB", sides), form)
    return Case(
        "absurd ratio", f"{sides[0]} x {sides[1]} {form}", lambda p: _write(p, data), f"given{end}", REFUSED
    )


def _fifo(path: Path, data: bytes) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(path)


def _socket(path: Path, data: bytes) -> None:
    """A socket."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(f"/proc/self/fd/{folder}/{path.name}")  # a socket's path may have 107 bytes
    finally:
        os.close(folder)


def _device(path: Path, data: bytes) -> None:
    """A link to a device that never ends."""
    path.symlink_to("/dev/zero")


def _broken(path: Path, data: bytes) -> None:
    """A link to nothing."""
    path.symlink_to(path.with_name("nowhere.png"))


def _itself(path: Path, data: bytes) -> None:
    """A link to itself."""
    path.symlink_to(path)


def _locked(path: Path, data: bytes) -> None:
    """A file of mode 000."""
    path.write_bytes(data)
    path.chmod(stat.S_IMODE(0))


LARGEST = [
    ("grey of 8 bits", 9400, 1, 0, 8),
    ("RGB of 8 bits", 9400, 3, 2, 8),
    ("RGB and alpha of 8 bits", 9400, 4, 6, 8),
    ("RGB of 16 bits", 9400, 6, 2, 16),
    ("RGB and alpha of 16 bits", 9400, 8, 6, 16),
]
# How often each kind of damage comes.
SHARES: dict[Damage, int] = {
    **{cut: 800, flip: 1000, header: 800, claim: 250, repeat: 300, splice: 250, noise: 250},
    **{impostor: 160, suffix: 120, name: 120, odd: 100, tall: 60, large: 1},
}
