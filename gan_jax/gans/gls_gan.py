"""GLS-GAN: a family of costs between the loss-sensitive GAN and the Wasserstein GAN.

    min over L   E C(a),   a = Delta(x, G(z)) + L(x) - L(G(z)),   Delta(x, y) = tau |x - y|_1,   C(a) = max(a, nu a)
    min over G   E L(G(z))

Qi: Loss-Sensitive Generative Adversarial Networks on Lipschitz Densities, 2017, arXiv 1701.06264, appendix D. L is
the player D, but large where it doubts. Any cost with C(a) >= a, and C(a) = a for a >= 0, may be taken; here nu <= 1:
0 gives LS-GAN, 1 gives WGAN, as the margin then has no gradient and f = -L, and -1 gives |a|. The slope of L is drawn
to 1 by the penalty of WGAN-GP with weight `penalty`, or its weights are clipped to `clip` after each step, as in the
author's code.
"""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import duel, losses, optimizers, penalties, stabilizers
from gan_jax.game import Game, Network


def game(config: ConfigDict) -> Game:
    """The game of a config; tau is `config.margin`, nu `config.slope`."""
    mixes = stabilizers.mixes(config)

    def sensitive(L: Network, x: Array, fake: Array, key: Array) -> tuple[Float[Array, ""], duel.Log]:
        on_real, on_fake = L(x), L(fake)
        a = losses.violations(on_real, on_fake, config.margin * losses.distances(x, fake))
        loss = jnp.mean(cost(a, config.slope))
        if config.penalty:
            loss += config.penalty * penalties.to_one(L, x, fake, key, mixes=mixes)
        return loss, {"violated": jnp.mean(a > 0), **duel.outputs(on_real, on_fake)}

    def generator(L: Network, fake: Array) -> Float[Array, ""]:
        return jnp.mean(L(fake))

    of_l = stabilizers.discriminator_adam(config)
    if config.clip:
        of_l = optax.chain(of_l, optimizers.clip_weights(config.clip))
    return duel.duel(config, sensitive, generator, optimizers=(stabilizers.adam(config), of_l))


def cost(a: Float[Array, " b"], nu: float) -> Float[Array, " b"]:
    """C_nu(a) = max(a, nu a) for nu <= 1; never below a."""
    return jax.nn.leaky_relu(a, nu)
