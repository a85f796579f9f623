"""Points in the plane whose density is known: a ring of 8 Gaussians, a grid of 25, a Swiss roll."""

from typing import Any

import numpy as np
from jaxtyping import Float

from gan_jax.data.examples import Batch, Examples

Points = Float[np.ndarray, "n 2"]
TEST = 2500  # points; mode counting is defined by so many samples (Srivastava et al. 2017, arXiv 1705.07761)


def centres(name: str) -> Points:
    """The means of the Gaussians: 8 on a circle of radius sqrt 2, or a 5 x 5 grid of side sqrt 2.

    Source: the toy data of Gulrajani et al. 2017, arXiv 1704.00028, section 4.1 (figure 1b).
    """
    if name == "ring":
        angle = np.arange(8) * np.pi / 4
        return (2 / 1.414 * np.stack([np.cos(angle), np.sin(angle)], 1)).astype(np.float32)
    side = np.arange(-2, 3)
    return (np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2) / 2.828).astype(np.float32)


DEVIATION = {"ring": 0.02 / 1.414, "grid": 0.05 / 2.828}


def draw(name: str, random: np.random.Generator, n: int) -> Points:
    """`n` points. Swiss roll: t (cos t, sin t) / 7.5 + N(0, (0.25 / 7.5)^2), t uniform in 1.5 pi to 4.5 pi."""
    noise = random.standard_normal((n, 2))
    if name == "swiss_roll":
        t = 1.5 * np.pi * (1 + 2 * random.random(n))
        return ((t[:, None] * np.stack([np.cos(t), np.sin(t)], 1) + 0.25 * noise) / 7.5).astype(np.float32)
    middles = centres(name)
    return (middles[random.integers(len(middles), size=n)] + DEVIATION[name] * noise).astype(np.float32)


def source(data: Any) -> Examples:
    """Endless points of `config.data.examples`, and 2,500 others to test on."""
    name = data.examples

    def batch(seed: int, k: int, n: int) -> Batch:
        return {"image": draw(name, np.random.default_rng((seed, 4, k)), n)}

    test = {"image": draw(name, np.random.default_rng(2**32), TEST)}
    return Examples(f"points of the {name.replace('_', ' ')}", batch, test)
