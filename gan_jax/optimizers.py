"""Pieces of optimizer chains that the papers share."""

import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int
from ml_collections import ConfigDict


def constant_then_linear(rate: float, constant: int, decay: int, every: int = 1) -> optax.Schedule:
    """A constant learning rate, then a straight line that ends just above zero.

        rate * (1 - max(0, e - constant) / (decay + 1)),     e = 1 + floor(step / every)

    `every` is the number of steps in one unit e: 1 counts steps, an epoch's length counts epochs from 1 as the
    reference implementation does (with 100 + 100 epochs and rate 2e-4: epoch 101 has 1.98020e-4, epoch 200 1.98020e-6).

    Source: Zhu et al. 2017, arXiv 1703.10593, section 4 (training details).
    """

    def schedule(step: Int[Array, ""]) -> Float[Array, ""]:
        unit = 1 + step // every
        return rate * (1.0 - jnp.clip(unit - constant, 0, decay) / (decay + 1.0))

    return schedule


def adam(rate: float | optax.Schedule, beta1: float, beta2: float = 0.999) -> optax.GradientTransformation:
    """Adam (Kingma and Ba 2015, arXiv 1412.6980) whose state holds the learning rate of its last step, to be logged."""
    return optax.inject_hyperparams(optax.adam, static_args=("b1", "b2"))(
        learning_rate=rate, b1=beta1, b2=beta2
    )


def schedule(config: ConfigDict) -> optax.Schedule:
    """`constant_then_linear` over a config's `steps`, the last `decay_fraction` of them falling.

    The units are `config.rate_every` steps long.
    """
    units = max(1, config.steps // config.rate_every)
    decay = round(units * config.decay_fraction)
    return constant_then_linear(config.learning_rate, units - decay, decay, config.rate_every)
