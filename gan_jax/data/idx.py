"""MNIST and Fashion-MNIST from a folder of IDX files, gzipped or not."""

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from gan_jax.data.examples import Batch, Examples, from_arrays
from gan_jax.data.resized import resize
from gan_jax.errors import UserError

LARGEST = 2**30  # bytes of a file's contents
CLASSES = 10
PARTS = {"train": "train", "test": "t10k"}


def source(data: Any) -> Examples:
    """The training and test pictures below `config.data.root`, at `config.data.side` pixels.

    Expected: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; or with
    a dot for the second dash, or .gz behind.

    Raises:
        UserError: a file is missing or damaged, or `config.data.channels` is not 1.
    """
    if not data.root:
        raise UserError(
            f"config.data.examples={data.examples} needs --config.data.root=FOLDER with the four IDX files "
            "(train-images-idx3-ubyte ...), or --config.data.examples=tfds --config.data.tfds=mnist"
        )
    if data.channels != 1:
        raise UserError(f"config.data.channels={data.channels}: expected 1, as {data.examples} is grey")
    root = Path(data.root).expanduser()
    train, test = (_part(root, prefix, data.side) for prefix in PARTS.values())
    lines = (f"{len(train['label']):,} to train on, {len(test['label']):,} to test on",)
    return from_arrays(f"{data.examples} in {root}", train, test, CLASSES, lines)


def _part(root: Path, prefix: str, side: int) -> Batch:
    images, labels = (read(_find(root, f"{prefix}-{kind}")) for kind in ("images-idx3", "labels-idx1"))
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels) or not len(images):
        raise UserError(
            f"{root}: {prefix} has images of shape {images.shape} and labels of shape {labels.shape}: "
            "expected (n, height, width) and (n,)"
        )
    if labels.max() >= CLASSES:
        raise UserError(f"{root}: {prefix} has a label of {labels.max()}: expected 0 to {CLASSES - 1}")
    images = images[..., None]
    if images.shape[1:3] != (side, side):
        images = np.stack([resize(image, (side, side)) for image in images])
    return {"image": images, "label": labels.astype(np.int32)}


def _find(root: Path, name: str) -> Path:
    for stem in (name, name.replace("-idx", ".idx")):
        for suffix in ("-ubyte", "-ubyte.gz"):
            if (path := root / f"{stem}{suffix}").is_file():
                return path
    raise UserError(f"--config.data.root={root}: there is no {name}-ubyte (or .gz) in it")


def read(path: Path) -> UInt8[np.ndarray, "..."]:
    """The array of unsigned bytes in an IDX file: 0, 0, 8, number of axes, big-endian lengths, the bytes.

    Raises:
        UserError: it is no such file, is cut short, or holds more than 1 GiB.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    if len(content) > LARGEST or len(content) < 4 or content[:3] != b"\0\0\x08":
        raise UserError(f"{path} is no IDX file of unsigned bytes of at most 1 GiB")
    axes = content[3]
    lengths, pixels = content[4 : 4 + 4 * axes], np.frombuffer(content[4 + 4 * axes :], np.uint8)
    shape = [int.from_bytes(lengths[i : i + 4], "big") for i in range(0, len(lengths), 4)]
    if len(lengths) != 4 * axes or pixels.size != math.prod(shape):
        raise UserError(
            f"{path} is cut short or too long: {pixels.size:,} bytes of data for a shape of {tuple(shape)}"
        )
    return pixels.reshape(shape)
