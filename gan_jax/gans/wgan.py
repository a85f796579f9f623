"""WGAN: a critic f whose weights are clipped estimates the Wasserstein distance, and G makes it smaller.

    max over f, |w| <= c   E f(x) - E f(G(z))
    min over G             -E f(G(z))

Arjovsky, Chintala, Bottou: Wasserstein GAN, ICML 2017, arXiv 1701.07875, eq. 2, theorem 3 and algorithm 1. f is the
player D: its numbers are no logits. After every step of f each of its parameters, the biases and gains too, is clipped
to [-c, c]; that bounds the slope of f by some K, so that E f(x) - E f(G(z)), logged as "distance", estimates K times
the distance: its fall is told by it, not its size. Both players have RMSProp, since momentum makes the critic unstable
(section 4).
"""

import optax
from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import duel, losses, optimizers
from gan_jax.errors import UserError
from gan_jax.game import Game, Network


def game(config: ConfigDict) -> Game:
    """The game of a config; c is `config.clip`.

    Raises:
        UserError: c is 0, which would make every weight 0.
    """
    if not config.clip:
        raise UserError("config.clip is 0: expected a number above 0, such as --config.clip=0.01")

    def critic(f: Network, x: Array, fake: Array, key: Array) -> tuple[Float[Array, ""], duel.Log]:
        minus_distance = losses.wasserstein_discriminator(f(x), f(fake))
        return minus_distance, {"distance": -minus_distance}

    def generator(f: Network, fake: Array) -> Float[Array, ""]:
        return losses.wasserstein_generator(f(fake))

    of_g = optimizers.rmsprop(optimizers.schedule(config, period=config.discriminator_steps))
    of_f = optax.chain(
        optimizers.rmsprop(optimizers.schedule(config, config.discriminator_rate)),
        optimizers.clip_weights(config.clip),
    )
    return duel.duel(config, critic, generator, optimizers=(of_g, of_f))
