"""Kernel distances between two sets of features: the squared maximum mean discrepancy (MMD), and KID."""

from collections.abc import Callable

import numpy as np

from gan_jax.metrics import distances
from gan_jax.metrics.distances import Features, Matrix, check

Kernel = Callable[[Features, Features], Matrix]

SHUFFLES = 400  # of the permutation test: the smallest p-value is 1 / 401
WIDTH_PICTURES = 1000  # so many pictures settle the width of a Gaussian kernel


def polynomial(a: Features, b: Features) -> Matrix:
    """k(a, b) = (a b / dimension + 1)^3. Source: Binkowski et al. 2018, section 4 (the kernel of KID)."""
    return (a @ b.T / a.shape[1] + 1) ** 3


def gaussian(width: float) -> Kernel:
    """k(a, b) = exp(-|a - b|^2 / (2 width^2)). ValueError for a width that is not above 0."""
    if not width > 0:
        raise ValueError("the kernel needs a width above 0; are all pictures equal?")
    return lambda a, b: np.exp(-distances.squared(a, b) / (2 * width**2))


def median_width(real: Features) -> float:
    """The median distance of two real pictures, among the first 1,000 (Gretton et al. 2012, section 8).

    Taken from real pictures alone, so that every set of fakes is held against the same kernel.
    """
    real = np.asarray(real[:WIDTH_PICTURES], np.float64)
    real = real - real.mean(axis=0)
    return float(np.sqrt(np.median(distances.squared(real, real)[np.triu_indices(len(real), 1)])))


def mmd(real: Features, fake: Features, kernel: Kernel) -> float:
    """The unbiased estimate of MMD^2; it may be a little below 0.

    mean of k(x, x') over pairs of two different reals + mean of k(y, y') over pairs of two different fakes
    - 2 mean of k(x, y). Source: Gretton et al. 2012, eq. 3.
    ValueError for sets of different width or fewer than 2 pictures.
    """
    real, fake = check(real, fake, 2)
    across = sum(float(kernel(real[part], fake).sum()) for part in distances.rows(len(real), len(fake)))
    return _within(real, kernel) + _within(fake, kernel) - 2 * across / (len(real) * len(fake))


def kid(real: Features, fake: Features) -> float:
    """Kernel distance: the unbiased MMD^2 of the cubic kernel over all pictures. Often quoted times 1,000.

    Subsets of 1,000, as usual elsewhere, estimate the same number with more noise.
    Source: Binkowski et al. 2018, section 4.
    """
    return mmd(real, fake, polynomial)


def permutation_p(
    real: Features, fake: Features, kernel: Kernel, seed: int = 0, shuffles: int = SHUFFLES
) -> float:
    """How often shuffled labels give an MMD^2 as large as the true ones: (1 + hits) / (1 + shuffles).

    Small when the two sets differ. Exact under the hypothesis that they do not: P(p <= a) <= a.
    Source: Phipson and Smyth 2010, for the ones added.
    """
    real, fake = check(real, fake, 2)
    pooled, n, m = np.concatenate([real, fake]), len(real), len(fake)
    first = np.arange(n + m) < n
    rng = np.random.default_rng(seed)
    labels = np.stack([first, *(rng.permutation(first) for _ in range(shuffles))], axis=1).astype(np.float64)
    near_first, near_all, own = (np.empty((n + m, k)) for k in (labels.shape[1], 1, 1))
    for part in distances.rows(n + m, n + m):
        block = kernel(pooled[part], pooled)
        near_first[part], near_all[part, 0] = block @ labels, block.sum(axis=1)
        own[part, 0] = np.diagonal(block[:, part])
    in_first = (labels * near_first).sum(axis=0)
    across = ((1 - labels) * near_first).sum(axis=0)
    in_second = near_all.sum() - in_first - 2 * across
    own_first = (labels * own).sum(axis=0)
    values = (
        (in_first - own_first) / (n * (n - 1))
        + (in_second - own.sum() + own_first) / (m * (m - 1))
        - 2 * across / (n * m)
    )
    slack = 1e-12 * np.abs(near_all).sum() / (n * m)  # equal splits may differ by rounding
    return float((1 + (values[1:] >= values[0] - slack).sum()) / (1 + shuffles))


def _within(points: Features, kernel: Kernel) -> float:
    total, count = 0.0, len(points)
    for part in distances.rows(count, count):
        block = kernel(points[part], points)
        total += float(block.sum() - np.diagonal(block[:, part]).sum())
    return total / (count * (count - 1))
