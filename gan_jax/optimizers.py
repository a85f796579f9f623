"""Pieces of optimizer chains that the papers share."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PyTree
from ml_collections import ConfigDict

from gan_jax.layers import spectral_norm


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


def rmsprop(rate: float | optax.Schedule, decay: float = 0.99) -> optax.GradientTransformation:
    """RMSProp as PyTorch has it: g / (sqrt(mean g^2) + 1e-8), no momentum.

    Optax has the 1e-8 within the root, a floor of 1e-4 that swallows the small gradients of a clipped critic.

    Source: Hinton 2012, lecture 6e; PyTorch's defaults, as used by Arjovsky et al. 2017, arXiv 1701.07875.
    """
    return optax.inject_hyperparams(optax.rmsprop, static_args=("decay", "eps", "eps_in_sqrt"))(
        learning_rate=rate, decay=decay, eps=1e-8, eps_in_sqrt=False
    )


def clip_weights(limit: float) -> optax.GradientTransformation:
    """The last piece of a chain: every parameter ends in [-limit, limit] after the step.

    Source: Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1, line 7.
    """

    def update(updates: PyTree, state: optax.EmptyState, params: PyTree) -> tuple[PyTree, optax.EmptyState]:
        return jax.tree.map(lambda u, p: jnp.clip(p + u, -limit, limit) - p, updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def power_iteration() -> optax.GradientTransformation:
    """The last piece of a chain: every "u" beside a "kernel" takes one step of `layers.spectral_norm`.

    Source: Miyato et al. 2018, arXiv 1802.05957, algorithm 1.
    """

    def moved(updates: PyTree, params: PyTree) -> PyTree:
        if not isinstance(params, Mapping):
            return updates
        new = {name: moved(updates[name], value) for name, value in params.items()}
        if "u" in params and "kernel" in params:
            new["u"] = spectral_norm(params["kernel"] + updates["kernel"], params["u"])[1] - params["u"]
        return new

    def update(updates: PyTree, state: optax.EmptyState, params: PyTree) -> tuple[PyTree, optax.EmptyState]:
        return moved(updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def schedule(config: ConfigDict, rate: float = 0.0, period: int = 1) -> optax.Schedule:
    """`constant_then_linear` over a config's `steps`, the last `decay_fraction` of them falling.

    It starts at `rate`, or at `config.learning_rate` where that is 0. The units are `config.rate_every` steps long.
    A player that moves in every `period`-th step only counts its own steps, and so many fewer of them.
    """
    every = max(1, config.rate_every // period)
    units = max(1, config.steps // (every * period))
    decay = round(units * config.decay_fraction)
    return constant_then_linear(rate or config.learning_rate, units - decay, decay, every)
