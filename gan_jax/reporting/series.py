"""Curves as numbers: smoothed, thinned, scaled, with ticks that people like."""

import itertools
import math
from collections.abc import Sequence

from gan_jax.reporting.facts import Point

RAW, SMOOTH = 400, 200  # points of a curve at most
FEW = 40  # points that are shown as they are


def smoothed(points: Sequence[Point]) -> list[Point]:
    """The exponential mean over about a twentieth of the finite points, each earlier one weighing less by 1 - 1/w.

    m_t = sum_k (1 - 1/w)^k v_(t-k) / sum_k (1 - 1/w)^k, without the pull towards 0 at the start.
    """
    found = [point for point in points if math.isfinite(point.value)]
    keep = 1 - 1 / max(1.0, len(found) / 20)
    total = weight = 0.0
    means = []
    for step, value in found:
        total, weight = keep * total + value, keep * weight + 1
        means.append(Point(step, total / weight))
    return means


def unrest(points: Sequence[Point]) -> float:
    """The way that a curve goes up and down, over its range: 1 for one that only falls; 0 where it has none."""
    found = [point.value for point in points if math.isfinite(point.value)]
    reach = max(found, default=0.0) - min(found, default=0.0)
    return sum(abs(b - a) for a, b in itertools.pairwise(found)) / reach if reach else 0.0


def thinned(points: Sequence[Point], most: int = RAW) -> list[Point]:
    """At most `most` points: of each stretch the lowest and the highest in their order, so that no peak is lost.

    A gap, nan, stays one.
    """
    if len(points) <= most:
        return list(points)
    found: list[Point] = []
    stretches = max(1, most // 3)
    for i in range(stretches):
        part = points[i * len(points) // stretches : (i + 1) * len(points) // stretches]
        sound = [point for point in part if math.isfinite(point.value)]
        gap = next((point for point in part if not math.isfinite(point.value)), None)
        ends = {min(sound, key=lambda p: p.value), max(sound, key=lambda p: p.value)} if sound else set()
        found += sorted(ends | ({gap} if gap else set()))
    return found


def every(points: Sequence[Point], most: int = SMOOTH) -> list[Point]:
    """At most `most` points, evenly by number, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]


def span(values: Sequence[float]) -> tuple[float, float]:
    """From the lowest to the highest but for one in a hundred at either end, where there are many; never empty."""
    ordered = sorted(values)
    cut = len(ordered) // 100
    low, high = (ordered[cut], ordered[len(ordered) - 1 - cut]) if ordered else (0.0, 1.0)
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        pad = abs(low) / 10 or 1.0
        return low - pad, high + pad
    return low, high


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Up to about `count` round numbers from low to high: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten from low to high, both above 0, and between them 2 and 5 where these are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = range(first, last + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [f * 10.0**p for p in powers for f in factors if low <= f * 10.0**p <= high]
        if len(found) <= 5:
            return found
    return found[:: -(-len(found) // 5)]


def short(value: float) -> str:
    """ "0.25", "1.5k", "2M", "3e-05": a label beside an axis."""
    size = abs(value)
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if size >= unit and size < 1e9:
            return f"{value / unit:.4g}{name}"
    return f"{value:.3g}"
