"""PyTorch's weight files (.pth) read and written without PyTorch, and without running what they hold.

torch.save writes a pickle that describes the tensors, and their numbers as raw bytes. Since version 1.6 both lie in a
zip archive, uncompressed; before, one behind the other in the file. Nothing larger than the file is ever held.
"""

import io
import os
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from gan_jax.errors import UserError
from gan_jax.torch_pickle import Call, Global, Persistent, describe, parse

LONGEST = 1 << 20  # bytes of a pickle: those of real networks have tens of thousands
MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of a file older than version 1.6
TYPES = {
    **{"Double": "f8", "Float": "f4", "Half": "f2", "BFloat16": "bfloat16", "Bool": "?"},
    **{"Long": "i8", "Int": "i4", "Short": "i2", "Char": "i1", "Byte": "u1"},
}
STORAGES = {f"torch.{gpu}{name}Storage": kind for name, kind in TYPES.items() for gpu in ("", "cuda.")}
TENSORS = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor")
PARAMETER = "torch._utils._rebuild_parameter"
NAMES = frozenset({*STORAGES, *TENSORS, PARAMETER})

Weights = dict[str, np.ndarray]


class Storage(NamedTuple):
    """A run of `length` numbers, of which a tensor shows those from `start` on."""

    key: str
    dtype: np.dtype
    length: int
    start: int = 0

    @property
    def size(self) -> int:
        """Bytes."""
        return self.length * self.dtype.itemsize


Fetch = Callable[[Storage], bytes]


def read(path: Path) -> Weights:
    """The tensors of a `state_dict` by their names, in the order of the file; views that keep the file's bytes alive.

    Raises:
        UserError: there is no such file, it is damaged or harmful, or it holds something other than a state_dict.
    """
    try:
        if path.exists() and not path.is_file():
            raise ValueError("it is not a file")
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            return _read_zip(file) if start == b"PK\x03\x04" else _read_old(file, start)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, zipfile.BadZipFile, EOFError, NotImplementedError, struct.error) as error:
        raise UserError(
            f"{path} cannot be read as PyTorch weights: {error}; "
            "expected what torch.save(network.state_dict(), ...) writes"
        ) from error


def _read_zip(file: BinaryIO) -> Weights:
    size = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        entries = {info.filename: info for info in archive.infolist()}
        folder = _folder(entries)
        if f"{folder}/constants.pkl" in entries:
            raise ValueError("it is a TorchScript program")
        # torch.save neither compresses nor lets entries overlap, so an archive is never more than its file.
        if any(info.compress_type or info.flag_bits & 1 for info in entries.values()):
            raise ValueError("its archive is compressed or encrypted, as torch.save never writes it")
        if sum(info.file_size for info in archive.infolist()) > size:
            raise ValueError("its archive claims to hold more than the file")
        if entries[f"{folder}/data.pkl"].file_size > LONGEST:
            raise ValueError("it describes more tensors than any network has")
        order = "little"
        if f"{folder}/byteorder" in entries:
            order = archive.read(f"{folder}/byteorder").decode()

        def fetch(storage: Storage) -> bytes:
            name = f"{folder}/data/{storage.key}"
            if name not in entries:
                raise ValueError(f"its archive lacks the numbers {storage.key[:40]!r}")
            return archive.read(name)

        tree = parse(io.BytesIO(archive.read(f"{folder}/data.pkl")), NAMES)
        return _weights(tree, fetch, order == "little", size)


def _folder(entries: Mapping[str, Any]) -> str:
    """The one folder at the top of the archive."""
    folders = {name.partition("/")[0] for name in entries}
    paths = [part for name in entries for part in name.split("/")]
    if ".." in paths or len(folders) != 1 or f"{(folder := folders.pop())}/data.pkl" not in entries:
        raise ValueError("its archive is not laid out as torch.save does")
    return folder


def _read_old(file: BinaryIO, start: bytes) -> Weights:
    size = os.fstat(file.fileno()).st_size
    head = io.BytesIO(file.read(LONGEST))
    if not start.startswith(b"\x80") or parse(head, ()) != MAGIC:
        if head.getvalue()[257:262] == b"ustar":
            raise ValueError("it is of PyTorch 0.1, too old")
        page = start.lstrip()[:1] == b"<"
        raise ValueError("it is a web page" if page else "it is of neither format that PyTorch writes")
    parse(head, ())  # the version of the format, the same since PyTorch 0.1.10
    machine = parse(head, ())
    little = not isinstance(machine, dict) or machine.get("little_endian", True)
    tree, keys = parse(head, NAMES), parse(head, ())
    wanted = {storage.key: storage for _, call in _tensors(tree) for storage in [_storage(call.arguments[0])]}
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or {*keys} != {*wanted}:
        raise ValueError("it is damaged")
    file.seek(head.tell())
    numbers = {}
    for key in keys:
        (length,) = struct.unpack("<q" if little else ">q", _exactly(file, 8))
        if length != wanted[key].length or wanted[key].size > size:
            raise ValueError("it is damaged")
        numbers[key] = _exactly(file, wanted[key].size)
    return _weights(tree, lambda storage: numbers[storage.key], bool(little), size)


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise ValueError("it ends early")
    return data


def _tensors(tree: Any) -> Iterator[tuple[str, Call]]:
    """The names and descriptions of the tensors of a state_dict."""
    if not isinstance(tree, dict) or not tree:
        raise ValueError("it holds no state_dict")
    for name, call in tree.items():
        if isinstance(call, Call) and call.function == PARAMETER and call.arguments:
            call = call.arguments[0]
        if not isinstance(name, str) or not isinstance(call, Call) or call.function not in TENSORS:
            raise ValueError(f"its entry {str(name)[:40]!r} is no tensor")
        if len(call.arguments) < 4:
            raise ValueError("it is damaged")
        yield name, call


def _storage(persistent: Any) -> Storage:
    reference = persistent.reference if isinstance(persistent, Persistent) else None
    match reference:
        case ("storage", Global(name), str(key), _, int(length)) if name in STORAGES:
            return Storage(key, _dtype(name), length)
        case ("storage", Global(name), str(key), _, int(length), None) if name in STORAGES:
            return Storage(key, _dtype(name), length)
        case ("storage", Global(name), str(key), _, int(length), (_, int(start), int(_))) if name in STORAGES:
            return Storage(key, _dtype(name), length, start)
    raise ValueError("it is damaged")


def _dtype(name: str) -> np.dtype:
    import ml_dtypes

    kind = STORAGES[name]
    return np.dtype(ml_dtypes.bfloat16 if kind == "bfloat16" else kind)


def _weights(tree: Any, fetch: Fetch, little: bool, size: int) -> Weights:
    fetched: dict[str, bytes] = {}
    weights: Weights = {}
    for name, call in _tensors(tree):
        storage = _storage(call.arguments[0])
        if storage.key not in fetched:
            fetched[storage.key] = fetch(storage)
        raw = fetched[storage.key]
        if len(raw) != storage.size:
            raise ValueError(f"the numbers of {name[:80]} are not as many as it says")
        weights[name] = _tensor(raw, storage, little, *call.arguments[1:4])
    # A tensor may show numbers of another; one that repeats them could be made as large as one likes.
    if sum(array.nbytes for array in weights.values()) > size:
        raise ValueError("its tensors overlap")
    return weights


def _tensor(raw: bytes, storage: Storage, little: bool, offset: Any, shape: Any, strides: Any) -> np.ndarray:
    dtype = storage.dtype.newbyteorder("<" if little else ">")
    try:
        if min(offset, *shape, *strides, storage.start) < 0:
            raise ValueError("it is damaged")
        start = (storage.start + offset) * dtype.itemsize
        # NumPy itself refuses a view that reaches out of the bytes.
        return np.ndarray(shape, dtype, raw, start, tuple(stride * dtype.itemsize for stride in strides))
    except (TypeError, OverflowError) as error:
        raise ValueError("it is damaged") from error


def write(path: Path, weights: Mapping[str, np.ndarray]) -> None:
    """A file that `torch.load(path, weights_only=True)` reads as a state_dict of float32 and int64 tensors.

    Raises:
        UserError: the file is there already, or cannot be written.
    """
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        if path.exists():
            raise UserError(f"{path} is there already: name another directory, or remove it")
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("weights/data.pkl", describe(weights))
            archive.writestr("weights/byteorder", sys.byteorder)
            for i, array in enumerate(weights.values()):
                archive.writestr(f"weights/data/{i}", np.ascontiguousarray(array).tobytes())
            archive.writestr("weights/version", "3\n")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from error
