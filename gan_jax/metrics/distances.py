"""Squared distances between two sets of points, a block of rows at a time, so that memory stays bounded."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

Features = Float[np.ndarray, "n dimension"]
Matrix = Float[np.ndarray, "rows columns"]

BLOCK = 2**22  # numbers in a block: 32 MiB of float64
ROUNDING = 1e-12  # squared distances below this share of the squared lengths count as 0
TIE = 1 + 1e-9  # squared distances of a smaller ratio are equal but for rounding


def rows(count: int, columns: int) -> Iterator[slice]:
    """Slices that cut `count` rows of `columns` numbers into blocks of at most BLOCK numbers."""
    step = max(1, BLOCK // max(columns, 1))
    return (slice(at, min(at + step, count)) for at in range(0, count, step))


def squared(a: Features, b: Features) -> Matrix:
    """|a_i - b_j|^2 = |a_i|^2 + |b_j|^2 - 2 a_i b_j in float64; what is rounding becomes 0."""
    lengths = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :]
    distances = lengths - 2 * (a @ b.T)
    return np.where(distances < ROUNDING * lengths, 0.0, distances)


def blocks(a: Features, b: Features) -> Iterator[tuple[slice, Matrix]]:
    """The rows of `squared(a, b)` in blocks, each with the slice of `a` that it belongs to.

    The mean of `b` is subtracted first: distances stay, and rounding falls where features share an offset.
    """
    centre = b.mean(axis=0)
    a, b = a - centre, b - centre
    for part in rows(len(a), len(b)):
        yield part, squared(a[part], b)


def check(real: Features, fake: Features, least: int) -> tuple[Features, Features]:
    """Both sets as float64. ValueError when they are no such sets, not finite, or of fewer than `least` points."""
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise ValueError(f"features of shapes {real.shape} and {fake.shape} cannot be compared")
    if min(len(real), len(fake)) < least:
        raise ValueError(f"{len(real)} and {len(fake)} pictures: at least {least} of each are needed")
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if not (np.isfinite(real).all() and np.isfinite(fake).all()):
        raise ValueError("features must be finite numbers")
    return real, fake
