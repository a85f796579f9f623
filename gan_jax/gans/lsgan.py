"""LSGAN: least squares instead of a classifier's logarithms, so that examples far on the right side still pull.

    min over D   1/2 E (D(x) - b)^2 + 1/2 E (D(G(z)) - a)^2
    min over G   1/2 E (D(G(z)) - c)^2

Mao, Li, Xie, Lau, Wang, Smolley: Least Squares Generative Adversarial Networks, ICCV 2017, arXiv 1611.04076, eq. 2.
D gives plain numbers. For fixed G the best D is (b p + a q) / (p + q), p the examples' density and q the samples' (eq.
5); with b - c = 1 and b - a = 2 G then descends the Pearson chi-squared divergence of p + q and 2 q (section 3.2), as
with (a, b, c) = (-1, 1, 0), eq. 8; (0, 1, 1), eq. 9, is what CycleGAN has. Not LS-GAN, the loss-sensitive one.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import duel
from gan_jax.game import Game, Network


def game(config: ConfigDict) -> Game:
    """The game of a config; (a, b, c) are `config.codes.fake`, `.real` and `.wanted`."""
    a, b, c = config.codes.fake, config.codes.real, config.codes.wanted

    def discriminator(D: Network, x: Array, fake: Array, key: Array) -> tuple[Float[Array, ""], duel.Log]:
        on_real, on_fake = D(x), D(fake)
        loss = 0.5 * jnp.mean(jnp.square(on_real - b)) + 0.5 * jnp.mean(jnp.square(on_fake - a))
        return loss, duel.outputs(on_real, on_fake)

    def generator(D: Network, fake: Array) -> Float[Array, ""]:
        return 0.5 * jnp.mean(jnp.square(D(fake) - c))

    return duel.duel(config, discriminator, generator)
