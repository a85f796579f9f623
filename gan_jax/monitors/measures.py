"""How far a set of pictures has gone wrong, as numbers; what counts as too far is said where they are used.

Pictures of more than 16 pixels a side are compared by their means over 16 x 16 fields: what is wrong in these ways is
seen from afar, and large pictures cost no more than small ones. Points and rows of symbols are taken as they are.
"""

import numpy as np
from jaxtyping import Float

from gan_jax.metrics import distances

Examples = Float[np.ndarray, "n ..."]
Features = Float[np.ndarray, "n dimension"]

SIDE = 16


def features(examples: Examples) -> Features:
    """Each example as a row of float64: a picture by its means over at most SIDE x SIDE fields, channel by channel."""
    found = np.asarray(examples, np.float64)
    if found.ndim == 4:
        for axis in (1, 2):
            length = found.shape[axis]
            starts = np.arange(min(SIDE, length)) * length // min(SIDE, length)
            counts = np.diff(np.append(starts, length)).reshape([-1 if i == axis else 1 for i in range(4)])
            found = np.add.reduceat(found, starts, axis=axis) / counts
    return found.reshape(len(found), -1)


def diversity(made: Examples, real: Examples) -> float:
    """How much outputs differ from each other, over how much real examples do: 1 is as it should be, 0 is one for all.

    The median over outputs of the distance to the nearest other output, so that a few outputs for many inputs are
    noticed as well as a single one. Infinite where real examples do not differ either. ValueError for fewer than 2.
    """
    count = min(len(made), len(real))
    own = float(np.median(_nearest_other(features(made[:count]))))
    usual = float(np.median(_nearest_other(features(real[:count]))))
    return own / usual if usual > 0 else np.inf


def change(made: Examples, given: Examples) -> float:
    """The mean distance |output - input|, over that of an input to the next one: 0 is a copy, about 1 is unrelated.

    Where channels differ, grey is compared. Infinite where all inputs are equal. ValueError for other sizes.
    """
    if made.shape != given.shape:
        made, given = _grey(made), _grey(given)
    if made.shape != given.shape:
        raise ValueError(f"outputs of shape {made.shape} for inputs of shape {given.shape}")
    usual = float(np.abs(np.asarray(given, np.float64) - np.roll(given, 1, axis=0)).mean())
    return float(np.abs(np.asarray(made, np.float64) - given).mean()) / usual if usual > 0 else np.inf


def likeness(made: Examples, given: Examples) -> float:
    """The mean correlation of an output with its input, in [-1, 1], from grey fields: -1 is a negative.

    r = sum (a - mean a) (b - mean b) / sqrt(sum (a - mean a)^2 sum (b - mean b)^2); pictures of one shade count as 0.
    """
    a, b = (features(_grey(pictures)) for pictures in (made, given))
    a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in (a, b))
    size = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return float(np.mean(np.divide((a * b).sum(axis=1), size, out=np.zeros_like(size), where=size > 1e-9)))


def copied(made: Examples, test: Examples, train: Features, nearer: float) -> float:
    """The share of outputs nearer to an example trained on than `nearer` times the usual distance of a test example.

    `train` are the `features` of examples trained on. 0 where test examples are among those trained on.
    """
    usual = np.median(_nearest(features(test), train))
    return float(np.mean(_nearest(features(made), train) < nearer * usual))


def _nearest(rows: Features, others: Features) -> Float[np.ndarray, "n"]:
    return np.sqrt(np.concatenate([block.min(axis=1) for _, block in distances.blocks(rows, others)]))


def _nearest_other(rows: Features) -> Float[np.ndarray, "n"]:
    if len(rows) < 2:
        raise ValueError("one example has no other")
    found = np.empty(len(rows))
    for part, block in distances.blocks(rows, rows):
        block[np.arange(len(block)), np.arange(part.start, part.stop)] = np.inf
        found[part] = block.min(axis=1)
    return np.sqrt(found)


def _grey(pictures: Examples) -> Examples:
    return np.asarray(pictures, np.float64).mean(axis=-1, keepdims=True)
