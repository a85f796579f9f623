import io
import os
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gan_jax import torch_files
from gan_jax.errors import UserError

FORMATS = [True, False]  # _use_new_zipfile_serialization


def tensors() -> dict:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
    return network.state_dict()


def saved(values, path, new=True, **fields):
    torch.save(values, path, _use_new_zipfile_serialization=new, **fields)
    return path


def equal(found: dict, expected: dict) -> None:
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        np.testing.assert_array_equal(found[name].astype(np.float64), tensor.detach().double().numpy())


@pytest.mark.parametrize("new", FORMATS)
def test_a_state_dict(tmp_path, new):
    expected = tensors()
    found = torch_files.read(saved(expected, tmp_path / "a.pth", new))
    equal(found, expected)
    assert found["0.weight"].dtype == np.float32
    assert found["1.num_batches_tracked"].dtype == np.int64


@pytest.mark.parametrize("new", FORMATS)
@pytest.mark.parametrize("protocol", [2, 4])
def test_every_kind_of_number_and_view(tmp_path, new, protocol):
    base = torch.arange(24.0)
    expected = {
        **{
            str(kind): torch.tensor([0, 1, 3]).to(kind) for kind in (torch.half, torch.bfloat16, torch.double)
        },
        **{str(kind): torch.tensor([0, 1, 3]).to(kind) for kind in (torch.uint8, torch.int32, torch.bool)},
        "part": base[3:9:2],
        "other part": base.view(2, 3, 4)[1].T,
        "channels last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "empty": torch.zeros(0, 3),
        "scalar": torch.tensor(5.0),
    }
    equal(torch_files.read(saved(expected, tmp_path / "a.pth", new, pickle_protocol=protocol)), expected)


def test_a_file_of_python_2(tmp_path):
    """Byte strings, pairs handed to the constructor, and the function of PyTorch before 0.4."""

    def text(value: bytes) -> bytes:
        return pickle.SHORT_BINSTRING + bytes([len(value)]) + value

    def name(module: str, function: str) -> bytes:
        return pickle.GLOBAL + f"{module}\n{function}\n".encode()

    storage = (
        pickle.MARK + text(b"storage") + name("torch.cuda", "FloatStorage") + text(b"77") + text(b"cuda:0")
    )
    storage += pickle.BININT1 + b"\x06" + pickle.NONE + pickle.TUPLE + pickle.BINPERSID
    shape = b"".join(pickle.dumps(value, 2)[2:-1] for value in (0, (2, 3), (3, 1)))
    tensor = (
        name("torch._utils", "_rebuild_tensor") + pickle.MARK + storage + shape + pickle.TUPLE + pickle.REDUCE
    )
    pair = pickle.EMPTY_LIST + pickle.MARK + text(b"weight") + tensor + pickle.APPENDS
    pairs = pickle.EMPTY_LIST + pair + pickle.APPEND + pickle.TUPLE1
    ordered = b"\x80\x02" + name("collections", "OrderedDict") + pairs + pickle.REDUCE + pickle.STOP
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    start = b"".join(pickle.dumps(value, 2) for value in (torch_files.MAGIC, 1001, machine))
    numbers = struct.pack("<q6f", 6, *range(6))
    path = tmp_path / "a.pth"
    path.write_bytes(start + ordered + pickle.dumps(["77"], 2) + numbers)
    np.testing.assert_array_equal(torch_files.read(path)["weight"], [[0, 1, 2], [3, 4, 5]])


def test_numbers_of_a_big_endian_machine(tmp_path):
    new, old = saved({"a": torch.tensor([1.0, 2.0])}, tmp_path / "a.pth"), tmp_path / "b.pth"
    with zipfile.ZipFile(new) as archive, zipfile.ZipFile(old, "w") as other:
        for entry in archive.namelist():
            data = {"a/byteorder": b"big", "a/data/0": struct.pack(">2f", 1, 2)}
            other.writestr(entry, data.get(entry, archive.read(entry)))
    np.testing.assert_array_equal(torch_files.read(old)["a"], [1, 2])


def test_what_is_written_is_read_by_torch_and_here(tmp_path):
    weights = {
        "model.1.weight": np.random.default_rng(0).normal(size=(4, 3, 2, 2)).astype(np.float32),
        "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "model.2.num_batches_tracked": np.array(7),
        "empty": np.zeros((0, 2), np.float32),
    }
    torch_files.write(tmp_path / "a.pth", weights)
    loaded = torch.load(tmp_path / "a.pth", weights_only=True)
    assert [loaded[name].shape for name in loaded] == [array.shape for array in weights.values()]
    equal(weights, loaded)
    equal(torch_files.read(tmp_path / "a.pth"), loaded)
    assert [file.name for file in tmp_path.iterdir()] == ["a.pth"]


def test_nothing_is_overwritten(tmp_path):
    path = saved(tensors(), tmp_path / "a.pth")
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"a\.pth is there already"):
        torch_files.write(path, {})
    assert path.read_bytes() == before
    with pytest.raises(UserError, match=r"cannot be written: No such file"):
        torch_files.write(tmp_path / "none" / "a.pth", {})


class Harmful:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (self.marker,)


@pytest.mark.parametrize("new", FORMATS)
def test_a_harmful_file_is_refused_and_not_run(tmp_path, new):
    harm = tmp_path / "harm"
    path = saved({**tensors(), "more": Harmful(str(harm))}, tmp_path / "a.pth", new)
    with pytest.raises(UserError, match=r"a\.pth .* asks for 'posix\.mkdir'"):
        torch_files.read(path)
    assert not harm.exists()
    torch.load(path, weights_only=False)
    assert harm.exists(), "it would have done harm"


@pytest.mark.parametrize("new", FORMATS)
def test_other_things_that_torch_saves(tmp_path, new):
    whole = saved(torch.nn.Conv2d(1, 1, 1), tmp_path / "whole.pth", new)
    with pytest.raises(
        UserError, match=r"whole\.pth .*'torch\.nn\.modules\.conv\.Conv2d'.* a whole pickled object"
    ):
        torch_files.read(whole)
    parts = saved({"state_dict": tensors(), "epoch": 3}, tmp_path / "parts.pth", new)
    with pytest.raises(UserError, match=r"its entry 'state_dict' is no tensor; expected what torch\.save"):
        torch_files.read(parts)
    for i, value in enumerate(({}, [torch.ones(1)], torch.ones(1))):
        with pytest.raises(UserError, match="holds no state_dict"):
            torch_files.read(saved(value, tmp_path / f"{i}.pth", new))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "neither format"),
        (b"\x00" * 300, "neither format"),
        (b"\x80\x02K\x01.", "neither format"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"PK\x03\x04", "not a zip file"),
        (b"\x1f\x8b" + b"x" * 300, "neither format"),
        (b"\x00" * 257 + b"ustar" + b"\x00" * 250, "PyTorch 0.1, too old"),
    ],
)
def test_a_file_of_another_kind(tmp_path, data, reason):
    path = tmp_path / "a.pth"
    path.write_bytes(data)
    with pytest.raises(UserError, match=f"a.pth cannot be read as PyTorch weights: .*{reason}"):
        torch_files.read(path)


def test_no_file(tmp_path):
    with pytest.raises(UserError, match=r"none\.pth cannot be read: No such file"):
        torch_files.read(tmp_path / "none.pth")
    with pytest.raises(UserError, match="it is not a file"):
        torch_files.read(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="it is not a file"):
        torch_files.read(tmp_path / "pipe")


@pytest.mark.parametrize("new", FORMATS)
def test_a_file_cut_off(tmp_path, new):
    whole = saved(tensors(), tmp_path / "a.pth", new).read_bytes()
    for length in range(0, len(whole) - 1, 97):
        (tmp_path / "b.pth").write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"b\.pth cannot be read"):
            torch_files.read(tmp_path / "b.pth")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, [saved(tensors(), folder / f"{new}.pth", new).read_bytes() for new in FORMATS]


@given(st.booleans(), st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1))
def test_a_damaged_file_is_told_or_read_within_its_size(whole, new, changes):
    folder, files = whole
    data = bytearray(files[new])
    for place, value in changes:
        data[int(place * len(data))] = value
    path = folder / "damaged.pth"
    path.write_bytes(data)
    try:
        weights = torch_files.read(path)
    except UserError:
        return
    assert sum(array.nbytes for array in weights.values()) <= len(data)


def archive(path, entries, **fields):
    with zipfile.ZipFile(path, "w", **fields) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return path


def described(shape=(1,), strides=(1,), count=1, offset=0) -> bytes:
    """The pickle of one tensor in storage 0, as a file may claim it."""
    from gan_jax.torch_pickle import describe

    data = describe({"a": np.zeros((1,), np.float32)})
    for old, new in (((1,), shape), ((1,), strides)):
        at = (
            data.rindex(pickle.dumps(old, 2)[2:-1])
            if new is strides
            else data.index(pickle.dumps(old, 2)[2:-1])
        )
        data = data[:at] + pickle.dumps(new, 2)[2:-1] + data[at + len(pickle.dumps(old, 2)[2:-1]) :]
    count_at = data.index(b"K\x01" + pickle.TUPLE + pickle.BINPERSID)
    data = data[:count_at] + pickle.dumps(count, 2)[2:-1] + data[count_at + 2 :]
    offset_at = data.index(pickle.BINPERSID + b"K\x00") + 1
    return data[:offset_at] + pickle.dumps(offset, 2)[2:-1] + data[offset_at + 2 :]


NUMBERS = struct.pack("<f", 1)


def test_the_claims_below_are_well_formed(tmp_path):
    path = archive(tmp_path / "a.pth", {"a/data.pkl": described(), "a/data/0": NUMBERS})
    np.testing.assert_array_equal(torch_files.read(path)["a"], [1])


@pytest.mark.parametrize(
    "claim",
    [
        {"shape": (2,)},
        {"offset": 1},
        {"offset": -1},
        {"offset": 1 << 70},
        {"strides": (-1,), "shape": (2,)},
        {"strides": (0,), "shape": (1 << 40,)},
        {"strides": (0,), "shape": (1 << 70,)},
        {"strides": (1, 1)},
        {"shape": (0.5,)},
        {"shape": ("1",)},
        {"shape": 5},
        {"count": 2},
        {"count": -1},
        {"count": 1 << 62},
    ],
)
def test_a_tensor_that_reaches_out_of_its_numbers(tmp_path, claim):
    path = archive(tmp_path / "a.pth", {"a/data.pkl": described(**claim), "a/data/0": NUMBERS})
    with pytest.raises(UserError, match=r"a\.pth cannot be read as PyTorch weights"):
        torch_files.read(path)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a/data.pkl", "a/../../etc/passwd"], "not laid out"),
        (["a/data.pkl", "/etc/passwd"], "not laid out"),
        (["a/data.pkl", "b/data.pkl"], "not laid out"),
        (["data.pkl"], "not laid out"),
        (["a/data.pkl"], "lacks the numbers '0'"),
        (["a/data.pkl", "a/data/0", "a/constants.pkl"], "TorchScript"),
    ],
)
def test_an_archive_laid_out_otherwise(tmp_path, names, reason):
    with pytest.raises(UserError, match=reason):
        torch_files.read(archive(tmp_path / "a.pth", dict.fromkeys(names, described())))


def test_a_compressed_bomb_is_not_unpacked(tmp_path):
    entries = {"a/data.pkl": described(), "a/data/0": bytes(1 << 26)}
    path = archive(tmp_path / "a.pth", entries, compression=zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    with pytest.raises(UserError, match="compressed"):
        torch_files.read(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 22
    tracemalloc.stop()


def test_a_bomb_of_entries_that_overlap_is_not_unpacked(tmp_path):
    """Many names in the directory for one entry."""
    names = {f"a/data/{i}": b"" for i in range(1, 100)}
    path = archive(tmp_path / "a.pth", {"a/data.pkl": described(), "a/data/0": bytes(1 << 16), **names})
    data = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        big = file.getinfo("a/data/0")
    directory = data.index(b"PK\x01\x02")
    head, tail, at = data[:directory], bytearray(data[directory:]), 0
    while tail[at : at + 4] == b"PK\x01\x02":
        length = struct.unpack("<H", tail[at + 28 : at + 30])[0]
        if tail[at + 46 : at + 46 + length].startswith(b"a/data/"):
            struct.pack_into("<II", tail, at + 20, big.file_size, big.file_size)
            struct.pack_into("<I", tail, at + 42, big.header_offset)
        at += 46 + length
    path.write_bytes(head + tail)
    with pytest.raises(UserError, match="claims to hold more than the file"):
        torch_files.read(path)


def test_a_long_description_is_not_parsed(tmp_path):
    long = io.BytesIO(bytes(torch_files.LONGEST + 1)).getvalue()
    with pytest.raises(UserError, match="more tensors than any network"):
        torch_files.read(archive(tmp_path / "a.pth", {"a/data.pkl": long}))
