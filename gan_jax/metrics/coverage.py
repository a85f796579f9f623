"""Precision, recall, density and coverage: do fakes lie where real pictures lie, and everywhere there?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from gan_jax.metrics import distances
from gan_jax.metrics.distances import TIE, Features, check

NEIGHBOURS = 5


class Coverage(NamedTuple):
    """`precision` and `density` fall when fakes are bad, `recall` and `coverage` when they lack variety.

    Two sets of one distribution have a density of about 1 and a coverage of about 1 - 2^-k, 0.97. A density
    above 1 tells of concentration, not of quality.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def coverage(real: Features, fake: Features, k: int = NEIGHBOURS) -> Coverage:
    """Holds each set against balls around the other's pictures, as wide as to their k-th nearest neighbour.

    precision = the share of fakes in any ball of a real picture; recall = the share of real pictures in any
    ball of a fake (Kynkaanniemi et al. 2019, eqs. 1 and 2: the border counts).
    density = the number of real balls around a fake, over k, the mean over fakes; coverage = the share of
    real balls that hold a fake (Naeem et al. 2020, section 3: the border does not count).
    A picture is not its own neighbour. Give as many of each.
    ValueError for sets of different width or with k pictures or fewer.
    """
    real, fake = check(real, fake, k + 1)
    around_real, around_fake = radii(real, k), radii(fake, k)
    inside, hit = np.zeros(len(fake), bool), np.zeros(len(fake), np.int64)
    recalled, covered = np.zeros(len(real), bool), np.zeros(len(real), bool)
    for part, block in distances.blocks(real, fake):
        strictly = block * TIE < around_real[part, None]
        inside |= (block <= around_real[part, None] * TIE).any(axis=0)
        hit += strictly.sum(axis=0)
        recalled[part] = (block <= around_fake[None, :] * TIE).any(axis=1)
        covered[part] = strictly.any(axis=1)
    return Coverage(
        float(inside.mean()), float(recalled.mean()), float(hit.mean() / k), float(covered.mean())
    )


def radii(points: Features, k: int) -> Float[np.ndarray, "n"]:
    """The squared distance of each point to its k-th nearest other point."""
    found = np.empty(len(points))
    for part, block in distances.blocks(points, points):
        block[np.arange(len(block)), np.arange(part.start, part.stop)] = np.inf
        found[part] = np.partition(block, k - 1, axis=1)[:, k - 1]
    return found
