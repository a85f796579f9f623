"""LS-GAN: L learns a loss, smaller on an example than on a sample by a margin that grows with their distance.

    min over L   gamma E L(x) + E max(0, a),   a = Delta(x, G(z)) + L(x) - L(G(z)),   Delta(x, y) = tau |x - y|_1
    min over G   E L(G(z))

Qi: Loss-Sensitive Generative Adversarial Networks on Lipschitz Densities, 2017, arXiv 1701.06264: the margin
constraint, and the two objectives that follow. L is the player D, but large where it doubts: a loss. Samples that
have come close to examples need little margin and are left alone. Every example is paired with one sample of the
batch. Not LSGAN, the least-squares one.
gamma = 0 is what the author's code has without labels; the paper's L is never below 0, so with gamma above 0 the
network goes through a softplus. L's slope is drawn to 1 by the penalty of WGAN-GP with weight `penalty`: the theory
is of Lipschitz-continuous L.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import duel, losses, penalties, stabilizers
from gan_jax.game import Game, Network


def game(config: ConfigDict) -> Game:
    """The game of a config; tau is `config.margin` and gamma `config.example_loss`."""
    gamma, mixes = config.example_loss, stabilizers.mixes(config)

    def loss_of(D: Network) -> Network:
        return (lambda x: jax.nn.softplus(D(x))) if gamma else D

    def sensitive(D: Network, x: Array, fake: Array, key: Array) -> tuple[Float[Array, ""], duel.Log]:
        L = loss_of(D)
        on_real, on_fake = L(x), L(fake)
        a = losses.violations(on_real, on_fake, config.margin * losses.distances(x, fake))
        loss = gamma * jnp.mean(on_real) + jnp.mean(jax.nn.relu(a))
        if config.penalty:
            loss += config.penalty * penalties.to_one(L, x, fake, key, mixes=mixes)
        return loss, {"violated": jnp.mean(a > 0), **duel.outputs(on_real, on_fake)}

    def generator(D: Network, fake: Array) -> Float[Array, ""]:
        return jnp.mean(loss_of(D)(fake))

    return duel.duel(config, sensitive, generator)
