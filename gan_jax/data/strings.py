"""Categorical examples whose distribution is known, as one-hot rows: one of 64 states, or strings of 4 symbols."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from gan_jax.data.examples import Batch, Examples

STATES, POSITIONS, SYMBOLS = 64, 4, 6
NOISE = 0.02  # share of symbols that are drawn anew
TEST = 2000


def zipf() -> Float[np.ndarray, " 64"]:
    """Probability of each state: p_k = (1 / k) / sum_j (1 / j), k = 1 to 64."""
    weights = 1 / np.arange(1, STATES + 1)
    return weights / weights.sum()


def strings(random: np.random.Generator, n: int) -> Int[np.ndarray, "n 4"]:
    """`n` strings x_i = (c + i) mod 6, c uniform over 6 classes; a symbol is drawn anew with probability 0.02."""
    legal = (random.integers(SYMBOLS, size=(n, 1)) + np.arange(POSITIONS)) % SYMBOLS
    other = random.integers(SYMBOLS, size=legal.shape)
    return np.where(random.random(legal.shape) < NOISE, other, legal)


def legal(symbols: Int[np.ndarray, "n 4"]) -> Int[np.ndarray, " n"]:
    """The class c of every string that follows the rule, -1 for the others."""
    shifted = (symbols - np.arange(symbols.shape[1])) % SYMBOLS
    return np.where((shifted == shifted[:, :1]).all(1), shifted[:, 0], -1)


def source(data: Any) -> Examples:
    """Endless one-hot examples: "zipf" [1, 64], "strings" [4, 6]."""
    name = data.examples

    def draw(random: np.random.Generator, n: int) -> Batch:
        if name == "zipf":
            return {"image": np.eye(STATES, dtype=np.float32)[random.choice(STATES, (n, 1), p=zipf())]}
        return {"image": np.eye(SYMBOLS, dtype=np.float32)[strings(random, n)]}

    def batch(seed: int, k: int, n: int) -> Batch:
        return draw(np.random.default_rng((seed, 6, k)), n)

    title = "64 states, Zipf's law" if name == "zipf" else "strings of 4 symbols out of 6"
    return Examples(title, batch, draw(np.random.default_rng(2**32), TEST))
