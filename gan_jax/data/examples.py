"""Examples to learn a distribution from: points, digits, strings, pictures; with or without labels."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from gan_jax.errors import UserError

Batch = dict[str, np.ndarray]
Draw = Callable[[int, int, int], Batch]

# What `config.data.examples` may name, and the module that has it.
MODULES = {
    **dict.fromkeys(("ring", "grid", "swiss_roll"), "toys"),
    **dict.fromkeys(("digits", "binary_digits", "stacked_digits"), "digits"),
    **dict.fromkeys(("zipf", "strings"), "strings"),
    **dict.fromkeys(("mnist", "fashion_mnist"), "idx"),
    "monuments": "crops",
    "tfds": "labelled",
}
FIXED = {
    **dict.fromkeys(("ring", "grid", "swiss_roll"), (2,)),
    **dict.fromkeys(("digits", "binary_digits"), (8, 8, 1)),
    "stacked_digits": (8, 8, 2),
    "zipf": (1, 64),
    "strings": (4, 6),
}


class Examples(NamedTuple):
    """Where examples come from.

    `draw(seed, k, n)` gives {"image": [n, ...], "label": [n]} of batch k, "label" only where there are `classes`;
    `test` has the
    same keys, the classes in turn. `length` is how many there are to train on, 0 where
    there is no end to them.
    """

    name: str
    draw: Draw
    test: Batch
    classes: int = 0
    length: int = 0
    found: tuple[str, ...] = ()

    @property
    def paired_test(self) -> bool:
        """Never: an example stands alone."""
        return False


def source(data: Any) -> Examples:
    """The examples that `config.data.examples` names.

    Raises:
        UserError: no such examples, or they cannot be read.
    """
    if data.examples not in MODULES:
        raise UserError(f"config.data.examples={data.examples!r}: expected one of {', '.join(MODULES)}")
    found: Examples = import_module(f"gan_jax.data.{MODULES[data.examples]}").source(data)
    if data.classes not in (0, found.classes):
        raise UserError(
            f"config.data.classes={data.classes}: expected {found.classes} for {found.name}"
            + (", or 0 to leave labels out" if found.classes else ": they have no labels")
        )
    if data.labelled:
        _check_labelled(data, found)
    return found


def _check_labelled(data: Any, found: Examples) -> None:
    if not found.classes:
        expected = f"0: {found.name} have no labels"
    elif not data.classes:
        expected = f"0, or --config.data.classes={found.classes}"
    elif not found.length:
        expected = f"0: there is no end to {found.name}, of which all have labels"
    elif not found.classes <= data.labelled <= found.length:
        expected = f"{found.classes} (one for each class) to {found.length:,} (all there are)"
    else:
        return
    raise UserError(f"config.data.labelled={data.labelled}: expected {expected}")


def example_shape(data: Any) -> tuple[int, ...]:
    """The shape of one example of `config.data`, known before any is read."""
    return FIXED.get(data.examples) or (data.side, data.side, data.channels)


def batch_shapes(config: Any) -> dict[str, tuple[int, ...]]:
    """The shapes of what a batch of this config holds."""
    images = (config.batch_size, *example_shape(config.data))
    labels = {"label": (config.batch_size,)} if config.data.classes else {}
    return {"image": images, **labels, **({"labelled": images} if config.data.labelled else {})}


def from_arrays(name: str, train: Batch, test: Batch, classes: int, found: tuple[str, ...] = ()) -> Examples:
    """Examples that are all in memory: floats in [-1, 1], or uint8, which become that when they are drawn.

    Batch k holds entries k n to (k + 1) n of an endless row of epochs, each in an order of its own.
    """
    length = len(train["image"])

    def draw(seed: int, k: int, n: int) -> Batch:
        epochs, entries = np.divmod(np.arange(k * n, (k + 1) * n), length)
        order = [
            _order(seed, int(epoch), length)[entry] for epoch, entry in zip(epochs, entries, strict=True)
        ]
        return scaled({key: leaf[np.array(order)] for key, leaf in train.items()})

    return Examples(name, draw, scaled(in_turn(test)), classes, length, found)


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, length: int) -> Int[np.ndarray, " length"]:
    return np.random.default_rng((seed, 0, epoch)).permutation(length)


def scaled(batch: Batch) -> Batch:
    """Levels 0 to 255 become floats in [-1, 1]; what is float already stays."""
    image = batch["image"]
    return batch | {"image": (image / np.float32(127.5) - 1 if image.dtype == np.uint8 else image)}


def in_turn(batch: Batch) -> Batch:
    """The first of every class, then the second of every class, and so on; what is left over comes last."""
    if "label" not in batch:
        return batch
    labels = batch["label"]
    rank = np.zeros(len(labels), int)
    for label in np.unique(labels):
        rank[labels == label] = np.arange((labels == label).sum())
    order = np.lexsort((labels, rank))
    return {key: leaf[order] for key, leaf in batch.items()}


def batches(
    source: Examples, config: Any, start: int = 0, *, process_index: int = 0, process_count: int = 1
) -> Iterator[Batch]:
    """Endless batches from number `start` on; batch k depends on the config and on k alone.

    {"image", "label"}, or, for `config.data.labelled` = n > 0, {"image", "labelled", "label"}: pictures without
    labels, and
    as many of the n, equally many of each class, whose labels are known. Process p of q has rows p b/q to (p+1) b/q.

    Raises:
        UserError: the batch cannot be split among the processes.
    """
    size = config.batch_size
    if size % process_count:
        raise UserError(f"config.batch_size={size}: expected a multiple of the {process_count} processes")
    share = size // process_count
    rows = slice(process_index * share, (process_index + 1) * share)
    few = labelled(source, config.seed, config.data.labelled) if config.data.labelled else None
    for k in count(start):
        batch = source.draw(config.seed, k, size)
        if few is not None:
            drawn = np.random.default_rng((config.seed, 3, k)).integers(len(few["label"]), size=size)
            batch = {"image": batch["image"], "labelled": few["image"][drawn], "label": few["label"][drawn]}
        yield {key: leaf[rows] for key, leaf in batch.items() if config.data.classes or key != "label"}


def labelled(source: Examples, seed: int, count: int) -> Batch:
    """`count` examples with their labels, equally many of each class (one more of the first ones where it
    cannot be).
    """
    pool = source.draw(seed, 0, source.length)  # the first epoch: every example once
    turn = in_turn(pool)
    return {key: leaf[:count] for key, leaf in turn.items()}


def held_out(images: np.ndarray, labels: np.ndarray, count: int) -> tuple[Batch, Batch]:
    """All but `count`, and `count` of them, in an order that never changes."""
    order = np.random.default_rng(0).permutation(len(images))
    parts = order[:-count], order[-count:]
    train, test = ({"image": images[part], "label": labels[part]} for part in parts)
    return train, test


def steps_per_epoch(source: Examples, config: Any) -> int:
    """Batches in which every example is shown once, rounded up; endless examples have epochs of one batch."""
    return max(1, -(-source.length // config.batch_size))


def test_examples(source: Examples, config: Any) -> Batch:
    """The examples to test on, the classes in turn, or the first `config.data.test_pictures` of them."""
    count = config.data.test_pictures or len(source.test["image"])
    return {key: leaf[:count] for key, leaf in source.test.items() if config.data.classes or key != "label"}


def describe(source: Examples) -> str:
    """What was found, in a short block."""
    endless = "endlessly many" if not source.length else f"{source.length:,}"
    head = f"{source.name}: {endless} examples to train on, {len(source.test['image']):,} to test on"
    return "\n".join([head, *(f"  {line}" for line in source.found)])
