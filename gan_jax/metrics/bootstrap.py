"""How far a number would move with other pictures of the same kind: intervals by resampling.

A mean over pictures is drawn again with replacement. Distances between sets cannot be: a picture drawn twice
is its own nearest neighbour, and its kernel with itself is no estimate of anything. They are computed on random
halves instead. For a statistic that is a mean to first order, the half-sample's variance around the
whole is s^2 / (n/2) (1 - 1/2) = s^2 / n: exactly that of the whole set (Shao and Wu 1989; Politis and Romano
1994). Its bias at n/2 is another one than at n, so halves give the width alone, centred on the number itself.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from gan_jax.metrics.distances import Features

LEVEL = 0.95
Z = 1.959964  # of the normal distribution at LEVEL
DRAWS, SET_DRAWS = 2000, 100
MOST = 250  # of large sets smaller parts than half are drawn, and the width is scaled

Statistic = Callable[[Features, Features], Mapping[str, float]]


class Interval(NamedTuple):
    """An interval of 95 % and the standard error."""

    low: float
    high: float
    error: float


def of_mean(values: Float[np.ndarray, "n"], seed: int = 0, draws: int = DRAWS) -> Interval:
    """Percentile interval of the mean of `values` (Efron and Tibshirani 1993, section 13.3)."""
    rng = np.random.default_rng(seed)
    means = np.array([rng.choice(values, len(values)).mean() for _ in range(draws)])
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high), float(means.std(ddof=1)))


def of_ratio(
    top: Float[np.ndarray, "n"], bottom: Float[np.ndarray, "n"], seed: int = 0, draws: int = DRAWS
) -> Interval:
    """Percentile interval of mean(top) / mean(bottom), both of the same pictures, which are drawn together.

    Draws whose bottom is not above 0 are passed over.
    """
    chosen = np.random.default_rng(seed).integers(len(top), size=(draws, len(top)))
    tops, bottoms = top[chosen].mean(axis=1), bottom[chosen].mean(axis=1)
    ratios = tops[bottoms > 0] / bottoms[bottoms > 0]
    low, high = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high), float(ratios.std(ddof=1)))


def of_share(share: float, count: int) -> Interval:
    """Wilson's interval of a share of `count` pictures (Wilson 1927): not empty at 0 and 1, as halves can be."""
    spread = Z**2 / count
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * np.sqrt(share * (1 - share) / count + spread / (4 * count))
    return Interval(float(middle - half), float(middle + half), float(half / Z))


def of_sets(
    statistic: Statistic,
    real: Features,
    fake: Features,
    seed: int = 0,
    draws: int = SET_DRAWS,
) -> dict[str, Interval]:
    """How far each number of `statistic(real, fake)` lies from its mean over random halves of both sets.

    Add the interval to the number itself. With a share f of the pictures drawn the deviations are multiplied
    by sqrt(f / (1 - f)), which is 1 for halves. Between sets that do not differ, distances vary less than
    their halves say; the interval is then too wide, never too narrow.
    """
    rng = np.random.default_rng(seed)
    share = min(0.5, MOST / min(len(real), len(fake)))
    drawn = []
    for _ in range(draws):
        parts = (_part(points, share, rng) for points in (real, fake))
        drawn.append(statistic(*parts))
    scale = np.sqrt(share / (1 - share))
    names = [name for name in drawn[0] if all(name in one for one in drawn)]
    return {name: _spread(np.array([one[name] for one in drawn]), float(scale)) for name in names}


def _part(points: Features, share: float, rng: np.random.Generator) -> Features:
    # Of a far larger set fewer are drawn than its share: that overstates its small part in the width.
    count = min(round(share * len(points)), 2 * MOST)
    return points[rng.choice(len(points), count, replace=False)]


def _spread(values: Float[np.ndarray, "draws"], scale: float) -> Interval:
    deviations = scale * (values - values.mean())
    low, high = np.quantile(deviations, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high), float(deviations.std(ddof=1)))
