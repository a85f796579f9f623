"""The 1-nearest-neighbour two-sample test: can a picture's nearest neighbour tell whether it is real?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import sparse

from gan_jax.metrics import distances
from gan_jax.metrics.distances import TIE, Features, check

SHUFFLES = 1000


class TwoSample(NamedTuple):
    """Shares of pictures whose nearest neighbour is of their own kind, and a p-value.

    `accuracy` is the mean over all, `real` and `fake` the same over either kind. All three are 0.5 where the
    sets cannot be told apart. `real` high and `fake` low: fakes lie around the real pictures, but not on them.
    `fake` high: fakes are nearer to each other than real ones are (modes are missing). All far below 0.5: fakes are
    copies. The mean alone can hide two parts that differ, so read all three.
    """

    accuracy: float
    real: float
    fake: float
    p_value: float


def nearest_neighbour(real: Features, fake: Features, seed: int = 0, shuffles: int = SHUFFLES) -> TwoSample:
    """Classifies each picture of the pooled sets by its nearest other one (leave-one-out, Euclidean).

    Neighbours equally near (copies) share the vote. The p-value is of a two-sided permutation test of
    `accuracy`: labels are shuffled over the fixed neighbours, and twice the smaller tail counts, with
    one added above and below. With sets of different sizes chance is not 0.5: give as many of each.
    Source: Lopez-Paz and Oquab 2017, section 3; Xu et al. 2018 for the two parts.
    ValueError for sets of different width or fewer than 2 pictures.
    """
    real, fake = check(real, fake, 2)
    pooled, n = np.concatenate([real, fake]), len(real)
    is_real = np.arange(len(pooled)) < n
    votes = neighbours(pooled)
    own = _agreement(votes, is_real[:, None].astype(np.float64))[:, 0]
    rng = np.random.default_rng(seed)
    draws = [rng.permutation(is_real) for _ in range(shuffles)]
    shuffled = np.array(draws, np.float64).reshape(shuffles, len(pooled)).T
    chance = _agreement(votes, shuffled).mean(axis=0)
    above, below = (
        (1 + hits) / (1 + shuffles)
        for hits in ((chance >= own.mean() - 1e-12).sum(), (chance <= own.mean() + 1e-12).sum())
    )
    accuracy, of_real, of_fake = own.mean(), own[:n].mean(), own[n:].mean()
    return TwoSample(float(accuracy), float(of_real), float(of_fake), float(min(1.0, 2 * min(above, below))))


def neighbours(points: Features) -> sparse.csr_array:
    """Row i holds 1 at the nearest other point of i, or 1 / t at each of t that are equally near."""
    count, found = len(points), []
    for part, block in distances.blocks(points, points):
        block[np.arange(len(block)), np.arange(part.start, part.stop)] = np.inf
        near = block <= block.min(axis=1, keepdims=True) * TIE
        found.append(sparse.csr_array(near / near.sum(axis=1, keepdims=True)))
    return sparse.csr_array(sparse.vstack(found)).reshape((count, count))


def _agreement(
    votes: sparse.csr_array, labels: Float[np.ndarray, "points draws"]
) -> Float[np.ndarray, "points draws"]:
    """The share of each point's neighbours that have its own label, 0 or 1, for every draw of labels."""
    ones = votes @ labels
    return labels * ones + (1 - labels) * (1 - ones)
