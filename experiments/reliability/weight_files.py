"""Files of PyTorch weights that somebody hostile made: pickles that would run code, archives that would fill a disk."""

import io
import pickle
import struct
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from flax import traverse_util

from gan_jax import torch_names
from gan_jax.torch_files import MAGIC
from gan_jax.torch_pickle import describe

STOP, MARK, REDUCE = pickle.STOP, pickle.MARK, pickle.REDUCE


class File(NamedTuple):
    """What is wrong with a file, and its bytes."""

    what: str
    data: bytes


def text(value: str) -> bytes:
    """A pickled string."""
    return pickle.BINUNICODE + struct.pack("<I", len(value.encode())) + value.encode()


def called(name: str) -> bytes:
    """A pickled name of a function."""
    return pickle.GLOBAL + name.replace(".", "\n", 1).encode() + b"\n"


def archive(parts: Mapping[str, bytes], **options: Any) -> bytes:
    """A zip archive, not compressed unless `options` say so."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **options) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return stream.getvalue()


def wrapped(program: bytes, **parts: bytes) -> bytes:
    """An archive as torch.save lays it out, with that pickle."""
    named = {f"a/{name.replace('__', '/')}": data for name, data in parts.items()}
    return archive({"a/data.pkl": program, "a/byteorder": b"little", **named})


def old(program: bytes, keys: Any = ("0",), numbers: bytes = b"") -> bytes:
    """A file as PyTorch before 1.6 laid it out, with that pickle."""
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    start = b"".join(pickle.dumps(value, 2) for value in (MAGIC, 1001, machine))
    return start + program + pickle.dumps(list(keys), 2) + numbers


@lru_cache
def generator(channels: int = 3, width: int = 4, blocks: int = 2) -> dict[str, np.ndarray]:
    """A state_dict of the ResNet generator of PyTorch's CycleGAN."""
    block = {"network": "resnet", "width": width, "blocks": blocks, "norm": "instance", "upsample": "deconv"}
    network = torch_names.Network(block, channels, channels)
    shapes = torch_names.parameter_shapes(network)
    rng = np.random.default_rng(0)
    params = {path: rng.normal(size=shape).astype(np.float32) for path, shape in shapes.items()}
    return torch_names.to_torch(block, traverse_util.unflatten_dict(params, sep="/"))


def saved(weights: Mapping[str, np.ndarray]) -> bytes:
    """The file that torch.save would write."""
    numbers = {f"w/data/{i}": array.tobytes() for i, array in enumerate(weights.values())}
    return archive(
        {"w/data.pkl": describe(weights), "w/byteorder": b"little", **numbers, "w/version": b"3\n"}
    )


def saved_old(weights: Mapping[str, np.ndarray]) -> bytes:
    """The same in the layout of old."""
    numbers = b"".join(struct.pack("<q", array.size) + array.tobytes() for array in weights.values())
    return old(describe(weights), [str(i) for i in range(len(weights))], numbers)


def programs(canary: str) -> list[File]:
    """Pickles that would make the file `canary`, or be endless, if they were run."""
    command = f"touch {canary}"
    system = called("os.system") + MARK + text(command) + pickle.TUPLE + REDUCE
    evaluated = called("builtins.eval") + MARK + text(f"open({canary!r}, 'w')") + pickle.TUPLE + REDUCE
    loads = (
        called("pickle.loads") + MARK + pickle.BINBYTES + struct.pack("<I", len(system) + 1) + system + STOP
    )
    attribute = (
        called("builtins.getattr") + MARK + called("os.system") + text("__call__") + pickle.TUPLE + REDUCE
    )
    made = called("subprocess.Popen") + MARK + text(command) + pickle.TUPLE + pickle.NEWOBJ
    ordered = called("collections.OrderedDict")
    laughs = b"".join(
        pickle.BINGET + b"\0" + pickle.BINGET + b"\0" + pickle.TUPLE2 + pickle.BINPUT + b"\0"
        for _ in range(5000)
    )
    pairs = (
        pickle.EMPTY_LIST
        + MARK
        + (text("k") + b"K\1" + pickle.TUPLE2) * 50_000
        + pickle.APPENDS
        + pickle.BINPUT
        + b"\0"
    )
    again = pickle.POP + (ordered + pickle.BINGET + b"\0" + pickle.TUPLE1 + REDUCE + pickle.POP) * 5000
    return [
        File("os.system by REDUCE", system),
        File("posix.system by REDUCE", called("posix.system") + MARK + text(command) + pickle.TUPLE + REDUCE),
        File("eval", evaluated),
        File(
            "exec in a dictionary",
            pickle.EMPTY_DICT + text("weight") + evaluated.replace(b"eval", b"exec") + b"s",
        ),
        File(
            "os.system by STACK_GLOBAL",
            text("os") + text("system") + pickle.STACK_GLOBAL + text(command) + pickle.TUPLE1 + REDUCE,
        ),
        File("pickle in a pickle", loads + pickle.TUPLE + REDUCE),
        File("chain of getattr", attribute + text(command) + pickle.TUPLE1 + REDUCE),
        File("subprocess by NEWOBJ", made),
        File(
            "NEWOBJ_EX",
            called("subprocess.Popen") + MARK + text(command) + pickle.TUPLE + b"}" + pickle.NEWOBJ_EX,
        ),
        File("INST", MARK + text(command) + pickle.INST + b"os\nsystem\n"),
        File("OBJ", MARK + called("os.system") + text(command) + pickle.OBJ),
        File(
            "BUILD on a class",
            called("collections.OrderedDict")
            + b"}"
            + text("__setstate__")
            + called("os.system")
            + b"s"
            + pickle.BUILD,
        ),
        File(
            "BUILD on an OrderedDict",
            ordered + b")" + REDUCE + b"}" + text("update") + text("x") + b"s" + pickle.BUILD,
        ),
        File("extension registry", pickle.EXT1 + b"\1"),
        File("module loader", called("torch.hub.load") + MARK + text("x") + pickle.TUPLE + REDUCE),
        File("numpy object array", called("numpy.core.multiarray._reconstruct") + b")" + REDUCE),
        File("name with dots", called("collections.OrderedDict.__init__.__globals__") + b")" + REDUCE),
        File("an allowed name called wrongly", called("torch._utils._rebuild_tensor_v2") + b")" + REDUCE),
        File("OrderedDict of a number", ordered + b"K\1" + pickle.TUPLE1 + REDUCE),
        File("persistent id by text", pickle.PERSID + b"storage\n"),
        File("persistent id that is a list", b"]" + pickle.BINPERSID),
        File("memo that was never filled", pickle.LONG_BINGET + b"\xff\xff\xff\x7f"),
        File("memo of a huge index", b"}" + pickle.LONG_BINPUT + b"\xff\xff\xff\xff"),
        File("billion laughs by the memo", b")" + pickle.BINPUT + b"\0" + laughs),
        File("billion laughs by DUP", b")" + (pickle.DUP + pickle.TUPLE2) * 100_000),
        File("OrderedDict of the same pairs", pairs + again),
        File("nested tuples", b")" + pickle.TUPLE1 * 900_000),
        File("nested lists", b"]" * 400_000 + b"a" * 399_999),
        File("nested tuple as a key", b"}" + b")" + pickle.TUPLE1 * 900_000 + b"Ns"),
        File("a list in itself", b"]" + pickle.BINPUT + b"\0" + pickle.BINGET + b"\0" + b"a"),
        File("LONG4 of 2 GiB", pickle.LONG4 + struct.pack("<i", 2**31 - 1) + b"\1" * 100),
        File("LONG4 of negative length", pickle.LONG4 + struct.pack("<i", -1) + b"\1" * 100),
        File("BINUNICODE8 of 2^62 bytes", pickle.BINUNICODE8 + struct.pack("<Q", 2**62)),
        File("BINBYTES8 of 2^62 bytes", pickle.BINBYTES8 + struct.pack("<Q", 2**62)),
        File("BYTEARRAY8 of 2^40 bytes", pickle.BYTEARRAY8 + struct.pack("<Q", 2**40)),
        File("a frame of 2^62 bytes", pickle.FRAME + struct.pack("<Q", 2**62) + b"}"),
        File("endless frames", (pickle.FRAME + struct.pack("<Q", 0)) * 100_000),
        File("endless marks", MARK * 900_000),
        File("number of a million digits", pickle.INT + b"9" * 900_000 + b"\n"),
        File("long of a million digits", pickle.LONG + b"9" * 900_000 + b"L\n"),
        File("text that is no UTF-8", pickle.BINUNICODE + struct.pack("<I", 2) + b"\xff\xfe"),
        File("protocol 255", b"\x80\xff}"),
        File("an empty stack", pickle.POP),
        File("nothing", b""),
    ]


def lying(
    shape: Any, strides: Any, offset: Any = 0, count: Any = 6, key: str = "0", kind: str = "FloatStorage"
) -> bytes:
    """The pickle of one tensor of that shape in a storage that is said to have so many numbers."""

    def plain(value: Any) -> bytes:
        return pickle.dumps(value, protocol=2)[2:-1]

    storage = MARK + text("storage") + called(f"torch.{kind}") + text(key) + text("cpu") + plain(count)
    view = plain(offset) + plain(shape) + plain(strides) + pickle.NEWFALSE + pickle.EMPTY_DICT
    tensor = (
        called("torch._utils._rebuild_tensor_v2") + MARK + storage + pickle.TUPLE + pickle.BINPERSID + view
    )
    return b"\x80\x02}" + text("weight") + tensor + pickle.TUPLE + REDUCE + b"s."


LIES: dict[str, bytes] = {
    "strides below 0": lying((2, 3), (-3, 1)),
    "offset below 0": lying((2, 3), (3, 1), -4),
    "offset behind the end": lying((2, 3), (3, 1), 4),
    "offset of 2^63": lying((2, 3), (3, 1), 2**63),
    "shape behind the end": lying((3, 3), (3, 1)),
    "shape below 0": lying((-2, 3), (3, 1)),
    "2^40 numbers of one": lying((2**20, 2**20), (0, 0)),
    "2^62 numbers of one": lying((2**31, 2**31), (0, 0)),
    "stride of 2^62": lying((2, 3), (2**62, 1)),
    "64 axes": lying((1,) * 64, (1,) * 64),
    "10,000 axes": lying((1,) * 10_000, (1,) * 10_000),
    "fewer strides than axes": lying((2, 3), (1,)),
    "a shape of text": lying(("2", "3"), (3, 1)),
    "a shape of floats": lying((2.0, 3.0), (3, 1)),
    "a shape that is a number": lying(6, 1),
    "storage of 2^60 numbers": lying((2, 3), (3, 1), count=2**60),
    "storage of fewer numbers": lying((2, 3), (3, 1), count=5),
    "storage below 0": lying((2, 3), (3, 1), count=-6),
    "storage of doubles": lying((2, 3), (3, 1), kind="DoubleStorage"),
    "storage of an unknown kind": lying((2, 3), (3, 1), kind="EvilStorage"),
    "storage that climbs": lying((2, 3), (3, 1), key="../../../../etc/passwd"),
    "storage of no name": lying((2, 3), (3, 1), key=""),
}
