"""WGAN-EGP: WGAN-GP with a penalty that grows exponentially, and weighs most where the slope is furthest from 1.

    min over f   E f(G(z)) - E f(x) + lambda E w h(v),   v = |grad f(x')| - 1,   x' = e x + (1 - e) G(z)
    min over G   -E f(G(z))

After Cui and Jiang: Effective Lipschitz Constraint Enforcement for Wasserstein GAN Training, ICCIA 2017, reconstructed:
from its abstract and from what others report of it we know of an exponential penalty and of importance weights at no
further cost; the formulas below are ours.

    h(v) = e^(v^2) - 1, "square": v^2 + v^4 / 2 + ..., the penalty of WGAN-GP for small v; or
           e^|v| - 1, "absolute", whose slope at 0 is 1, so that lambda above the distance holds |grad f| at 1 exactly
    w    = |v| / mean |v|, "violation"; 2 e, "location": more weight near the examples; or 1, "none"

All weights have mean 1 and carry no gradient.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import duel, losses, penalties, stabilizers
from gan_jax.game import Game, Network

Vector = Float[Array, " b"]
POWERS: dict[str, Callable[[Vector], Vector]] = {"absolute": jnp.abs, "square": jnp.square}
LIMITS = {"absolute": 5.0, "square": 10.0}  # of the exponent
WEIGHTS: dict[str, Callable[[Vector, Vector], Vector]] = {
    "violation": lambda v, share: jnp.abs(v) / (jnp.mean(jnp.abs(v)) + 1e-8),
    "location": lambda v, share: 2 * share,
    "none": lambda v, share: jnp.ones_like(v),
}


def game(config: ConfigDict) -> Game:
    """The game of a config; lambda is `config.penalty`, h `config.exponential`, w `config.importance`."""
    mixes = stabilizers.mixes(config)

    def critic(f: Network, x: Array, fake: Array, key: Array) -> tuple[Float[Array, ""], duel.Log]:
        minus_distance = losses.wasserstein_discriminator(f(x), f(fake))
        points, share = penalties.between(x, fake, key)
        v = penalties.norms(f, points, mixes=mixes) - 1
        w = jax.lax.stop_gradient(WEIGHTS[config.importance](v, share))
        penalty = jnp.mean(w * exponential(v, config.exponential))
        return minus_distance + config.penalty * penalty, {"distance": -minus_distance, "penalty": penalty}

    def generator(f: Network, fake: Array) -> Float[Array, ""]:
        return losses.wasserstein_generator(f(fake))

    return duel.duel(config, critic, generator)


def exponential(v: Vector, kind: str) -> Vector:
    """e^u - 1, u = |v| or v^2; above LIMITS it goes on along its tangent, finite and still with a slope."""
    u, limit = POWERS[kind](v), LIMITS[kind]
    return jnp.exp(jnp.minimum(u, limit)) * (1 + jnp.maximum(u - limit, 0)) - 1
