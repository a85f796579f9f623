"""How many modes of a known density samples reach, and how near they come."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

NEAR = 0.25  # of the ring's radius 1.41; its centres lie 1.08 apart
LEAST = 0.01  # share of all samples that a captured mode owns


class Modes(NamedTuple):
    """What samples do to the modes of a density; all but `captured` and `hit` are shares or nats."""

    captured: int  # modes with at least 1 % of all samples within NEAR of them
    near: float  # share of samples within NEAR of a mode
    high_quality: float  # share within three standard deviations of a mode
    hit: int  # modes with at least one high-quality sample
    kl: float  # KL divergence of the modes' shares (each sample to its nearest) from equal shares


def count(points: Float[np.ndarray, "n 2"], centres: Float[np.ndarray, "modes 2"], deviation: float) -> Modes:
    """The modes of equal Gaussians that samples reach.

    "Hit" and "high quality" are those of Srivastava et al. 2017, arXiv 1705.07761, section 4.1; since one
    lucky sample is enough for a hit, `captured` asks for 1 %.
    """
    distances = np.linalg.norm(points[:, None] - centres[None], axis=-1)
    nearest, distance = distances.argmin(1), distances.min(1)
    owned = np.bincount(nearest[distance < NEAR], minlength=len(centres))
    sharp = distance < 3 * deviation
    return Modes(
        captured=int((owned >= LEAST * len(points)).sum()),
        near=float((distance < NEAR).mean()),
        high_quality=float(sharp.mean()),
        hit=len(np.unique(nearest[sharp])),
        kl=from_equal(nearest, len(centres)),
    )


def from_equal(modes: Int[np.ndarray, " n"], number: int) -> float:
    """KL(shares of the modes || equal shares) in nats: 0 where all are equal, log `number` where there is only one."""
    shares = np.bincount(modes, minlength=number) / len(modes)
    present = shares[shares > 0]
    return float((present * np.log(present * number)).sum())
