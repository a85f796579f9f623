"""Options that any game from noise may use: augmentation, R1 and R2, and what a discriminator's optimizer needs."""

from typing import Any

import jax
import optax
from jaxtyping import Array, Float, Key
from ml_collections import ConfigDict

from gan_jax import optimizers, penalties
from gan_jax.augment import augment
from gan_jax.game import Network
from gan_jax.penalties import Critic, Examples


def augmented(D: Network, config: ConfigDict, key: Key[Array, ""]) -> Network:
    """D that sees its pictures through the changes of `config.augment`: other draws for every call of one loss."""
    if not config.augment:
        return D
    calls = iter(jax.random.split(key, 8))
    return lambda x, *rest, **options: D(augment(x, config.augment, next(calls)), *rest, **options)


def mixes(config: ConfigDict) -> bool:
    """Whether the discriminator's numbers for one example depend on the others: with batch norm."""
    return config.discriminator.get("norm", "none") == "batch"


def penalty(
    D: Critic, real: Examples, fake: Examples, config: ConfigDict, *conditions: Array
) -> Float[Array, ""] | float:
    """`config.r1` R1 + `config.r2` R2; a weight of 0 leaves its term out.

    Source: Mescheder et al. 2018, arXiv 1801.04406, eq. 9 and 10.
    """
    total: Any = 0.0
    if config.r1:
        total += config.r1 * penalties.r1(D, real, *conditions, mixes=mixes(config))
    if config.r2:
        total += config.r2 * penalties.r1(D, fake, *conditions, mixes=mixes(config))
    return total


def adam(config: ConfigDict) -> optax.GradientTransformation:
    """The generator's Adam, by `config.learning_rate`, `beta1` and `beta2`."""
    rate = optimizers.schedule(config, period=config.get("discriminator_steps", 1))
    return optimizers.adam(rate, config.beta1, config.beta2)


def discriminator_adam(config: ConfigDict) -> optax.GradientTransformation:
    """The discriminator's Adam, by `config.discriminator_rate` (0: the generator's), and its power iteration."""
    rate = config.discriminator_rate or config.learning_rate
    adam = optimizers.adam(optimizers.schedule(config, rate), config.beta1, config.beta2)
    spectral = config.discriminator.get("spectral", False)
    return optax.chain(adam, optimizers.power_iteration()) if spectral else adam
