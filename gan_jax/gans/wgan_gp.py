"""WGAN-GP: the Wasserstein critic f, its slope drawn to 1 between examples and samples by a penalty.

    min over f   E f(G(z)) - E f(x) + lambda E (|grad f(x')| - 1)^2,   x' = e x + (1 - e) G(z),  e ~ U(0, 1)
    min over G   -E f(G(z))

Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville: Improved Training of Wasserstein GANs, NIPS 2017, arXiv 1704.00028,
eq. 3 and algorithm 1. f is the player D; it needs a network that does not mix examples, so no batch norm (section 4).
E f(x) - E f(G(z)), logged as "distance", estimates the Wasserstein distance; where the penalty leaves f a slope above
1, as it does while x and G(z) are apart, it is too large by that factor.
"""

from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import duel, losses, penalties, stabilizers
from gan_jax.game import Game, Network


def game(config: ConfigDict) -> Game:
    """The game of a config; lambda is `config.penalty`."""
    mixes = stabilizers.mixes(config)

    def critic(f: Network, x: Array, fake: Array, key: Array) -> tuple[Float[Array, ""], duel.Log]:
        minus_distance = losses.wasserstein_discriminator(f(x), f(fake))
        penalty = penalties.to_one(f, x, fake, key, mixes=mixes)
        return minus_distance + config.penalty * penalty, {"distance": -minus_distance, "penalty": penalty}

    def generator(f: Network, fake: Array) -> Float[Array, ""]:
        return losses.wasserstein_generator(f(fake))

    return duel.duel(config, critic, generator)
