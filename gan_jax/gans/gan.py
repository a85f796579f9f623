"""The GAN: a discriminator learns to tell examples from samples, a generator to make it err.

    min over G, max over D   E log D(x) + E log(1 - D(G(z)))

Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville, Bengio: Generative Adversarial Nets, NIPS 2014,
arXiv 1406.2661, eq. 1 and algorithm 1. D steps `discriminator_steps` times, each with examples and noise of its own,
then G once.
G descends -E log D(G(z)) (section 3), or, with adversarial="minimax", E log(1 - D(G(z))) as in eq. 1.
"""

from ml_collections import ConfigDict

from gan_jax import duel, losses
from gan_jax.game import Game


def game(config: ConfigDict) -> Game:
    """The game of a config, with any of `losses.ADVERSARIAL`."""
    return duel.adversarial(config, losses.ADVERSARIAL[config.adversarial])
