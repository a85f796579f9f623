"""From pictures to batches: resize, crop, flip, two domains drawn independently; the position is the number of the batch."""

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import grain
import numpy as np
from jaxtyping import Float

from gan_jax.data.pictures import Source
from gan_jax.data.resized import Resized, load_together
from gan_jax.errors import UserError
from gan_jax.images import to_float

CACHE_BYTES = 2**30
Batch = dict[str, Float[np.ndarray, "batch height width channels"]]


class Draw(NamedTuple):
    """One example before anything is read: which pictures, where to crop (as shares of the slack), whether to flip."""

    x: int
    y: int
    crop_x: tuple[float, float]
    crop_y: tuple[float, float]
    flip_x: bool
    flip_y: bool


def sizes(data: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """(height, width) of `config.data.resize` and of `config.data.crop`. Raises UserError when they do not fit."""
    resize, crop = (_pair(data, key) for key in ("resize", "crop"))
    if crop[0] > resize[0] or crop[1] > resize[1]:
        raise UserError(f"config.data.crop={crop} is larger than config.data.resize={resize}; make it equal or smaller")
    return resize, crop


def _pair(data: Any, key: str) -> tuple[int, int]:
    value = data[key]
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or any(not isinstance(side, int) or side < 1 for side in pair):
        raise UserError(f"config.data.{key}={value}: a positive whole number or (height, width) is expected")
    return pair


def epoch_length(source: Source) -> int:
    """Examples in one epoch: as many as the larger domain has, as in the reference."""
    return max(len(source.train.x), len(source.train.y))


def steps_per_epoch(source: Source, config: Any) -> int:
    """Batches that show every picture of the larger domain once, rounded up."""
    return -(-epoch_length(source) // config.batch_size)


def draws(source: Source, config: Any) -> grain.MapDataset:
    """An endless sequence of `Draw`, entry i a function of `config.seed` and i alone.

    The larger domain is shuffled anew each epoch. Unpaired, x is `i mod len(x)` of that order and y is uniform with
    replacement, as in the reference; paired, both are the same index, with one crop and one flip.
    """
    counts = len(source.train.x), len(source.train.y)
    order = grain.MapDataset.range(epoch_length(source)).seed(config.seed % 2**32).shuffle().repeat()
    return order.random_map(partial(_draw, counts=counts, paired=config.data.paired, flip=config.data.flip))


def _draw(i: int, rng: np.random.Generator, *, counts: tuple[int, int], paired: bool, flip: bool) -> Draw:
    y = int(rng.integers(counts[1]))
    crops = rng.random((2, 2)).tolist()
    flips = (rng.random(2) < 0.5) & flip
    x = int(i) % counts[0]
    if paired:
        return Draw(x, x, tuple(crops[0]), tuple(crops[0]), bool(flips[0]), bool(flips[0]))
    return Draw(x, y, tuple(crops[0]), tuple(crops[1]), bool(flips[0]), bool(flips[1]))


def batches(
    source: Source, config: Any, start: int = 0, *, process_index: int = 0, process_count: int = 1
) -> Iterator[Batch]:
    """Endless host batches {"x", "y"}, float32 in [-1, 1], from batch number `start` on.

    Batch k is a function of the config and k alone: not of `start`, not of `config.data.workers`. Of every batch of
    `config.batch_size`, process p of n gets rows p b/n to (p+1) b/n. Reading runs ahead in the background.
    """
    resize, crop = sizes(config.data)
    if config.batch_size < 1 or config.batch_size % process_count:
        raise UserError(
            f"config.batch_size={config.batch_size}: a positive multiple of the number of processes, {process_count}, is expected"
        )
    workers = config.data.workers
    if workers < 0:
        raise UserError(f"config.data.workers={workers}: 0 (a thread) or the number of processes is expected")
    share = config.batch_size // process_count
    limit = CACHE_BYTES // (2 * max(workers, 1))
    readers = tuple(Resized(pictures, resize, limit) for pictures in source.train)
    rows = slice(process_index * share, (process_index + 1) * share)
    load = partial(_load, readers=readers, crop=crop, rows=rows, paired=config.data.paired)
    dataset = draws(source, config).batch(config.batch_size, batch_fn=list)[start:].map(load)
    reading = dataset.to_iter_dataset(grain.ReadOptions(num_threads=1, prefetch_buffer_size=4))
    if workers:
        reading = reading.mp_prefetch(grain.MultiprocessingOptions(num_workers=workers, per_worker_buffer_size=2))
    return iter(reading)


def _load(batch: list[Draw], *, readers: tuple[Resized, Resized], crop: tuple[int, int], rows: slice, paired: bool) -> Batch:
    xs, ys = [], []
    for draw in batch[rows]:
        if paired:
            x, y = load_together(readers, draw.x)
        else:
            (x,), (y,) = load_together(readers[:1], draw.x), load_together(readers[1:], draw.y)
        xs.append(augment(x, crop, draw.crop_x, draw.flip_x))
        ys.append(augment(y, crop, draw.crop_y, draw.flip_y))
    return {"x": to_float(np.stack(xs)), "y": to_float(np.stack(ys))}


def augment(picture: np.ndarray, crop: tuple[int, int], at: tuple[float, float], flip: bool) -> np.ndarray:
    """A crop whose corner is uniform over all that fit, for `at` uniform in [0, 1); mirrored left to right if `flip`."""
    top, left = (int(a * (n - c + 1)) for a, n, c in zip(at, picture.shape, crop, strict=False))
    cut = picture[top : top + crop[0], left : left + crop[1]]
    return cut[:, ::-1] if flip else cut


def test_pictures(source: Source, config: Any) -> Batch:
    """All test pictures, or the first `config.data.test_pictures`, in name order, float32 in [-1, 1].

    They are resized as in training and neither cropped nor flipped, so nothing about them is random. Those that cannot be
    read are left out, with their partners where `source.paired_test`.
    """
    resize, _ = sizes(config.data)
    readers = tuple(Resized(pictures, resize, 0) for pictures in source.test)
    count = config.data.test_pictures or max(len(reader) for reader in readers)
    if source.paired_test:
        kept = [row for i in range(len(readers[0])) if (row := _readable(readers, i))][:count]
        columns = [[row[side] for row in kept] for side in (0, 1)]
    else:
        columns = [[row[0] for i in range(len(r)) if (row := _readable((r,), i))][:count] for r in readers]
    if not all(columns):
        raise UserError(f"{source.name}: no test picture of one side can be read")
    return {key: to_float(np.stack(column)) for key, column in zip("xy", columns, strict=True)}


def _readable(readers: tuple[Resized, ...], i: int) -> list[np.ndarray] | None:
    from gan_jax.decoding import Unreadable

    try:
        return [reader[i] for reader in readers]
    except Unreadable:
        return None
