"""Zip archives of weights that somebody hostile made: what is in them is right, and the archive is not."""

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping

from experiments.reliability.weight_files import File, archive, lying, saved

PROGRAM = lying((2, 3), (3, 1))
NUMBERS = bytes(24)
PARTS = {"a/data.pkl": PROGRAM, "a/byteorder": b"little", "a/data/0": NUMBERS}


def archives() -> list[File]:
    """One of every kind."""
    plain = archive(PARTS)
    link = zipfile.ZipInfo("a/data/0")
    link.external_attr = 0o120777 << 16
    return [
        File("a name that climbs", archive(PARTS | {"a/../../../../tmp/canary": b"x"})),
        File("an absolute name", archive(PARTS | {"/tmp/canary": b"x"})),
        File("a name of Windows", archive(PARTS | {"C:\\canary": b"x", "..\\canary": b"x"})),
        File(
            "a link to /etc/passwd",
            _infos({"a/data.pkl": PROGRAM, "a/byteorder": b"little"}, {link: b"/etc/passwd"}),
        ),
        File("a bomb, 10 GB of 10 MB", _bomb()),
        File("a bomb in the pickle", archive({"a/data.pkl": bytes(10**8)}, compression=zipfile.ZIP_DEFLATED)),
        File("compressed by LZMA", archive(PARTS, compression=zipfile.ZIP_LZMA)),
        File("entries that overlap", _overlapping(plain)),
        File("names that come twice", _twice()),
        File("sizes of 4 GB", _sizes(plain, 0xFFFFFFF0)),
        File("sizes of 0", _sizes(plain, 0)),
        File("64-bit sizes that lie", _zip64(plain)),
        File("encrypted", _flagged(plain, 1)),
        File("an unknown method", _method(plain, 99)),
        File("wrong checksums", plain.replace(NUMBERS, b"\1" * 24)),
        File("an archive in an archive", archive({"a/data.pkl": plain, "a/data/0": plain})),
        File("TorchScript", archive(PARTS | {"a/constants.pkl": b"x", "a/code/x.py": b"import os"})),
        File("two folders", archive(PARTS | {"b/data.pkl": PROGRAM})),
        File("no pickle", archive({"a/data/0": NUMBERS})),
        File("no numbers", archive({"a/data.pkl": PROGRAM})),
        File("no entries", archive({})),
        File("a hundred thousand entries", archive(PARTS | {f"a/{i}": b"" for i in range(100_000)})),
        File("a byte order of text", archive(PARTS | {"a/byteorder": b"\xff\xfe"})),
        File("a program before the archive", b"#!/bin/sh\ntouch canary\n" + plain),
        File("a comment of 64 kB", _commented(plain)),
        File("a directory that is cut", plain[:-30]),
        File("a directory without a file", plain[-200:]),
        File("a folder of 60,000 letters", archive({f"{'a' * 60_000}/data.pkl": PROGRAM})),
        File("behind a true header, zeros", saved({})[:4] + bytes(1000)),
    ]


def _infos(parts: Mapping[str, bytes], infos: Mapping[zipfile.ZipInfo, bytes]) -> bytes:
    stream = io.BytesIO(archive(parts))
    with zipfile.ZipFile(stream, "a") as made:
        for info, data in infos.items():
            made.writestr(info, data)
    return stream.getvalue()


def _twice() -> bytes:
    stream = io.BytesIO(archive(PARTS))
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "a") as made:
        warnings.simplefilter("ignore")
        for _ in range(50):
            made.writestr("a/data/0", NUMBERS)
            made.writestr("a/data.pkl", PROGRAM)
    return stream.getvalue()


def _bomb() -> bytes:
    """An entry whose 10 MB are said, and are, 10 GB."""
    stream, packer = io.BytesIO(), zlib.compressobj(9, wbits=-15)
    size, block = 10 * 2**30, bytes(2**20)
    one = packer.compress(block * 64) + packer.flush(zlib.Z_FULL_FLUSH)
    data = one * (size // len(block) // 64)
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("a/data.pkl", PROGRAM)
        made.writestr("a/byteorder", b"little")
        made.writestr("a/data/0", data)
    raw = bytearray(stream.getvalue())
    for mark, method in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        at = raw.rindex(mark)
        struct.pack_into("<H", raw, at + method, 8)
        struct.pack_into("<I", raw, at + method + 14, 0xFFFFFFF0)
    return bytes(raw)


def _directory(data: bytes) -> list[int]:
    found, at = [], data.find(b"PK\1\2")
    while at >= 0:
        found.append(at)
        at = data.find(b"PK\1\2", at + 1)
    return found


def _patched(data: bytes, offset: int, form: str, value: int) -> bytes:
    raw = bytearray(data)
    for at in _directory(data):
        struct.pack_into(form, raw, at + offset, value)
    return bytes(raw)


def _overlapping(data: bytes) -> bytes:
    return _patched(data, 42, "<I", 0)  # all of them begin where the first does


def _sizes(data: bytes, size: int) -> bytes:
    return _patched(_patched(data, 20, "<I", size), 24, "<I", size)


def _zip64(data: bytes) -> bytes:
    end = data.rindex(b"PK\5\6")
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 2**40, 2**40, 2**50, 2**50)
    locator = struct.pack("<IIQI", 0x07064B50, 0, end, 1)
    return data[:end] + record + locator + data[end:]


def _flagged(data: bytes, flag: int) -> bytes:
    return _patched(data, 8, "<H", flag)


def _method(data: bytes, method: int) -> bytes:
    return _patched(data, 10, "<H", method)


def _commented(data: bytes) -> bytes:
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as made:
        made.comment = b"PK\5\6" * 16_000
    return stream.getvalue()
