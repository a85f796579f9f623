"""Distributions of discrete examples that a network's outputs are the logits of: drawn from, and weighed by."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from gan_jax.sampling import bernoulli, categorical

Examples = Float[Array, "b *shape"]


class Distribution(NamedTuple):
    """`draw(logits, key)` gives an example for each of b rows of logits, `log_probability(x, logits)` [b] nats."""

    draw: Callable[[Examples, Key[Array, ""]], Examples]
    log_probability: Callable[[Examples, Examples], Float[Array, " b"]]


def log_bernoulli(x: Examples, logits: Examples) -> Float[Array, " b"]:
    """log prod_i sigmoid(x_i l_i), x_i = 1 (ink, of probability sigmoid(l_i)) or -1 (paper)."""
    return jnp.sum(jax.nn.log_sigmoid(x * logits).reshape(len(x), -1), axis=1)


def log_categorical(x: Examples, logits: Examples) -> Float[Array, " b"]:
    """log prod_i softmax(l_i)[x_i] of one-hot rows x_i."""
    return jnp.sum((x * jax.nn.log_softmax(logits)).reshape(len(x), -1), axis=1)


DISTRIBUTIONS = {
    "bernoulli": Distribution(bernoulli, log_bernoulli),
    "categorical": Distribution(categorical, log_categorical),
}


def effective(weights: Float[Array, "m *groups"]) -> Float[Array, ""]:
    """1 / sum_m w^2, the effective number of samples, of weights that sum to 1: m where all are alike, 1 where one
    has it all; the mean over groups.
    """
    return jnp.mean(1 / jnp.sum(jnp.square(weights), axis=0))
