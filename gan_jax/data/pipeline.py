"""From pictures to batches: two domains drawn independently, resized, cropped and flipped."""

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import grain
import numpy as np
from jaxtyping import Float

from gan_jax.data.pictures import Source
from gan_jax.data.processes import InProcesses
from gan_jax.data.resized import Resized, load_together
from gan_jax.data.shapes import pair
from gan_jax.decoding import Picture
from gan_jax.errors import UserError
from gan_jax.levels import to_float

CACHE_BYTES = 2**30  # of resized pictures kept in memory, both domains and all workers together
ENDLESS = 2**62

Batch = dict[str, Float[np.ndarray, "batch height width channels"]]


class Draw(NamedTuple):
    """An example before anything is read: which pictures, where to crop as shares of the room, and flips."""

    x: int
    y: int
    crop_x: tuple[float, float]
    crop_y: tuple[float, float]
    flip_x: bool
    flip_y: bool


class Plan(NamedTuple):
    """All that decides what example k is. Example k of the same plan is always the same `Draw`.

    Example k is entry k mod n of epoch k div n, n = max(len x, len y). Each epoch has its own order.
    Entry e shows picture e mod len(x) of x; y is uniform with replacement, or, for `paired`, the same index
    with the same crop and flip. A flip has probability 1/2. So do `unaligned` and `aligned` in the PyTorch
    reference.
    """

    seed: int
    count_x: int
    count_y: int
    paired: bool
    flip: bool

    def __call__(self, k: int) -> Draw:
        length = max(self.count_x, self.count_y)
        epoch, entry = divmod(int(k), length)
        x = int(_order(self.seed, epoch, length)[entry]) % self.count_x
        rng = np.random.default_rng((self.seed, 1, int(k)))
        (top_x, left_x), (top_y, left_y) = rng.random((2, 2)).tolist()
        flip_x, flip_y = (self.flip and bool(half) for half in rng.random(2) < 0.5)
        y = int(rng.integers(self.count_y))
        if self.paired:
            return Draw(x, x, (top_x, left_x), (top_x, left_x), flip_x, flip_x)
        return Draw(x, y, (top_x, left_x), (top_y, left_y), flip_x, flip_y)


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, length: int) -> np.ndarray:
    # Not Grain's shuffle: of 45 indices it takes 0.7 ms for each one, more than all the rest of an example.
    return np.random.default_rng((seed, 0, epoch)).permutation(length)


class Load(NamedTuple):
    """Reads the drawn examples of one batch that are this process's own."""

    x: Resized
    y: Resized
    crop: tuple[int, int]
    paired: bool
    rows: slice

    def __call__(self, batch: list[Draw]) -> Batch:
        xs, ys = [], []
        for draw in batch[self.rows]:
            if self.paired:
                x, y = load_together((self.x, self.y), draw.x)
            else:
                (x,), (y,) = load_together((self.x,), draw.x), load_together((self.y,), draw.y)
            xs.append(augment(x, self.crop, draw.crop_x, draw.flip_x))
            ys.append(augment(y, self.crop, draw.crop_y, draw.flip_y))
        return {"x": to_float(np.stack(xs)), "y": to_float(np.stack(ys))}


def augment(picture: Picture, crop: tuple[int, int], at: tuple[float, float], flip: bool) -> Picture:
    """A crop of (height, width), its corner uniform over those that fit for `at` uniform in [0, 1)."""
    top, left = (int(share * (n - c + 1)) for share, n, c in zip(at, picture.shape[:2], crop, strict=True))
    cut = picture[top : top + crop[0], left : left + crop[1]]
    return cut[:, ::-1] if flip else cut


def steps_per_epoch(source: Source, config: Any) -> int:
    """Batches in which every picture of the larger domain is shown once, rounded up."""
    return -(-max(len(source.train.x), len(source.train.y)) // config.batch_size)


def plan(source: Source, config: Any) -> Plan:
    """The order of all examples, from `config.seed`."""
    counts = len(source.train.x), len(source.train.y)
    return Plan(config.seed, *counts, paired=config.data.paired, flip=config.data.flip)


def batches(
    source: Source, config: Any, start: int = 0, *, process_index: int = 0, process_count: int = 1
) -> Iterator[Batch]:
    """Endless batches {"x", "y"} of float32 in [-1, 1], from batch number `start` on.

    Batch k depends on the config and on k: not on `start`, not on `config.data.workers`. Process p of n gets
    rows p b/n to (p+1) b/n of each batch of b = `config.batch_size`. Threads, or `workers` processes, read
    ahead by a few batches. A picture that cannot be read any more is replaced by the next that can.

    Raises UserError when the batch cannot be split among the processes, or no picture can be read any more.
    """
    if config.batch_size % process_count:
        raise UserError(
            f"config.batch_size={config.batch_size}: expected a multiple of the {process_count} processes"
        )
    share, workers = config.batch_size // process_count, config.data.workers
    limit = CACHE_BYTES // (2 * max(workers, 1))
    x, y = (Resized(pictures, pair(config.data.resize), limit) for pictures in source.train)
    rows = slice(process_index * share, (process_index + 1) * share)
    load = Load(x, y, pair(config.data.crop), config.data.paired, rows)
    examples = grain.MapDataset.range(ENDLESS).map(plan(source, config))
    reading = examples.batch(config.batch_size, batch_fn=list)[start:].map(load)
    # With two processors one thread is enough, and training has the other.
    threads = max(1, min(8, (os.cpu_count() or 1) // 2))
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=max(4, 2 * threads))
    ahead = reading.to_iter_dataset(options)
    return InProcesses(ahead, workers) if workers else iter(ahead)


def test_pictures(source: Source, config: Any) -> Batch:
    """All test pictures, or the first `config.data.test_pictures`, in name order: float32 in [-1, 1].

    They are resized as in training and neither cropped nor flipped: nothing about them is random. Those that
    cannot be read are left out, and where `source.paired_test` their partners too.

    Raises UserError when none is left, or all of them take more memory than 2 GiB.
    """
    size, count = pair(config.data.resize), config.data.test_pictures
    readers = tuple(Resized(pictures, size, limit=0) for pictures in source.test)
    groups = [readers] if source.paired_test else [(reader,) for reader in readers]
    _check_memory(source, config, size)
    columns = [column for group in groups for column in _readable(group, count)]
    return {key: to_float(np.stack(column)) for key, column in zip("xy", columns, strict=True)}


def _readable(readers: tuple[Resized, ...], count: int) -> list[tuple[Picture, ...]]:
    """A column of pictures for each reader, of the first `count` (0: all) indices that can be read."""
    rows: list[tuple[Picture, ...]] = []
    for i in range(len(readers[0])):
        row = tuple(image for reader in readers if (image := reader.get(i)) is not None)
        if len(row) == len(readers):
            rows.append(row)
        if len(rows) == count:
            break
    if not rows:
        raise UserError("no test picture can be read any more; was the folder moved?")
    return list(zip(*rows, strict=True))


def _check_memory(source: Source, config: Any, size: tuple[int, int]) -> None:
    count = config.data.test_pictures or max(len(pictures) for pictures in source.test)
    each = 4 * size[0] * size[1] * (config.data.x_channels + config.data.y_channels)
    if min(count, max(len(pictures) for pictures in source.test)) * each > 2 * 2**30:
        fit = 2 * 2**30 // each
        raise UserError(
            f"{source.name}: all its test pictures do not fit in 2 GiB; set --config.data.test_pictures={fit}"
        )
