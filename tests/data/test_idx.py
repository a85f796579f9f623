"""IDX files in the real format, written here: two zeros, the type, the axes, big-endian lengths, the bytes."""

import gzip
import struct
from types import SimpleNamespace

import numpy as np
import pytest

from gan_jax.data import idx
from gan_jax.errors import UserError

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 28, 28), np.uint8)
LABELS = np.uint8([3, 1, 4, 1, 5, 9, 2])


def encoded(array, kind=8):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape) + array.tobytes()


def files(images=IMAGES, labels=LABELS):
    """The four files of a data set; two of the seven are to test on."""
    parts = {"train": slice(5), "t10k": slice(5, None)}
    pairs = {name: (images[part], labels[part]) for name, part in parts.items()}
    return {
        f"{name}-{kind}-ubyte": encoded(array)
        for name, both in pairs.items()
        for kind, array in zip(("images-idx3", "labels-idx1"), both, strict=True)
    }


@pytest.fixture
def write(tmp_path):
    def at(contents):
        for name, content in contents.items():
            (tmp_path / name).write_bytes(content)
        return tmp_path

    return at


def source(root, **changes):
    data = {"examples": "mnist", "root": str(root), "side": 28, "channels": 1} | changes
    return idx.source(SimpleNamespace(**data))


@pytest.mark.parametrize("form", ["plain", "gz", "dots"])
def test_the_files_are_read_by_each_of_their_names(write, form):
    contents = files()
    if form == "gz":
        contents = {f"{name}.gz": gzip.compress(content) for name, content in contents.items()}
    if form == "dots":
        contents = {name.replace("-idx", ".idx"): content for name, content in contents.items()}
    found = source(write(contents))
    assert (found.length, found.classes) == (5, 10)
    assert sorted(found.draw(0, 0, 5)["label"].tolist()) == [1, 1, 3, 4, 5]
    np.testing.assert_array_equal(found.test["label"], [2, 9], "the classes in turn")
    np.testing.assert_allclose(found.test["image"][1, ..., 0], IMAGES[5] / 127.5 - 1, atol=1e-6)


def test_levels_become_the_range_that_networks_make(write):
    images = np.zeros((7, 28, 28), np.uint8)
    images[:, :14] = 255
    drawn = source(write(files(images))).draw(0, 0, 5)["image"]
    assert (drawn.shape, drawn.dtype) == ((5, 28, 28, 1), np.float32)
    assert (drawn[:, :14].min(), drawn[:, 14:].max()) == (1, -1)


def test_pictures_are_brought_to_the_side_asked_for(write):
    flat = np.full((7, 28, 28), 51, np.uint8)
    drawn = source(write(files(flat)), side=14).draw(0, 0, 5)["image"]
    assert drawn.shape == (5, 14, 14, 1)
    np.testing.assert_allclose(drawn, 51 / 127.5 - 1, rtol=1e-6)


TRAIN = "train-images-idx3-ubyte"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (encoded(IMAGES[:5])[:-1], "cut short or too long: 3,919 bytes"),
        (encoded(IMAGES[:5]) + b"\0", "cut short or too long: 3,921 bytes"),
        (encoded(IMAGES[:5])[:11], "cut short or too long: 0 bytes"),
        (encoded(IMAGES[:5])[:6], "cut short or too long: 0 bytes"),
        (b"", "no IDX file"),
        (encoded(IMAGES[:5], kind=0x0D), "no IDX file of unsigned bytes"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no IDX file"),
        (encoded(IMAGES[:4]), r"images of shape \(4, 28, 28\) and labels of shape \(5,\)"),
        (encoded(IMAGES[:5].reshape(5, -1)), r"images of shape \(5, 784\)"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 2**31, 2**31, 2**31), "cut short"),
    ],
    ids=["short", "long", "half a length", "no lengths", "empty", "floats", "PNG", "count", "axes", "huge"],
)
def test_what_is_wrong_with_a_file_is_told(write, content, why):
    with pytest.raises(UserError, match=why):
        source(write(files() | {TRAIN: content}))


@pytest.mark.parametrize("damage", ["cut", "changed", "not gzip"])
def test_damaged_gzip_is_told(write, damage):
    packed = bytearray(gzip.compress(encoded(IMAGES[:5])))
    if damage == "changed":
        packed[200:240] = bytes(40)
    content = {"cut": bytes(packed[:-200]), "changed": bytes(packed), "not gzip": b"plain text"}[damage]
    contents = files()
    del contents[TRAIN]
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte\.gz cannot be read"):
        source(write(contents | {f"{TRAIN}.gz": content}))


def test_a_missing_file_is_named(write):
    contents = files()
    del contents["t10k-labels-idx1-ubyte"]
    with pytest.raises(UserError, match=r"there is no t10k-labels-idx1-ubyte \(or \.gz\) in it"):
        source(write(contents))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"root": ""}, "needs --config.data.root=FOLDER"),
        ({"channels": 3}, "config.data.channels=3: expected 1"),
    ],
)
def test_what_cannot_be_asked_for_is_told(write, changes, why):
    with pytest.raises(UserError, match=why):
        source(**{"root": write(files()), **changes})


def test_labels_beyond_the_classes_are_told(write):
    with pytest.raises(UserError, match="t10k has a label of 10: expected 0 to 9"):
        source(write(files(labels=np.uint8([0, 1, 2, 3, 4, 5, 10]))))
