"""Penalties on a critic's gradient: functions of the critic as a callable, its examples, and a key.

A critic here takes [b, ...], and conditions [b, ...] if it has any, and gives [b] numbers. Each example's gradient is
taken by itself, so that a critic which mixes examples (batch norm) is penalised for what it does to each of them
alone. For a critic which is known not to (`mixes` is False) the gradient of the sum is the same, in two thirds of the
time where it convolves.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

Critic = Callable[..., Float[Array, " b"]]
Examples = Float[Array, "b *shape"]


def gradients(critic: Critic, x: Examples, *conditions: Array, mixes: bool = True) -> Examples:
    """d critic(x_i) / d x_i for every example i."""
    if not mixes:
        return jax.grad(lambda every: jnp.sum(critic(every, *conditions)))(x)

    def alone(one: Array, *condition: Array) -> Float[Array, ""]:
        return critic(one[None], *(c[None] for c in condition))[0]

    return jax.vmap(jax.grad(alone))(x, *conditions)


def squared_norms(critic: Critic, x: Examples, *conditions: Array, mixes: bool = True) -> Float[Array, " b"]:
    """|d critic(x_i) / d x_i|^2, summed over all entries of an example."""
    slopes = gradients(critic, x, *conditions, mixes=mixes)
    return jnp.sum(jnp.square(slopes.reshape(len(x), -1)), axis=1)


def norms(critic: Critic, x: Examples, *conditions: Array, mixes: bool = True) -> Float[Array, " b"]:
    """|d critic(x_i) / d x_i|_2; 1e-12 under the root, whose slope at 0 would be infinite."""
    return jnp.sqrt(squared_norms(critic, x, *conditions, mixes=mixes) + 1e-12)


def r1(critic: Critic, real: Examples, *conditions: Array, mixes: bool = True) -> Float[Array, ""]:
    """1/2 E |grad D(x)|^2 on real examples; its weight is gamma.

    Source: Mescheder et al. 2018, arXiv 1801.04406, eq. 9. (`r1` of generated examples is R2, eq. 10.)
    """
    return 0.5 * jnp.mean(squared_norms(critic, real, *conditions, mixes=mixes))


def between(real: Examples, fake: Examples, key: Key[Array, ""]) -> tuple[Examples, Float[Array, " b"]]:
    """Points e x + (1 - e) G(z), one e ~ U(0, 1) for each pair, and these e.

    Source: Gulrajani et al. 2017, arXiv 1704.00028, algorithm 1.
    """
    share = jax.random.uniform(key, (len(real),))
    e = share.reshape(-1, *(1,) * (real.ndim - 1))
    return e * real + (1 - e) * fake, share


def to_one(
    critic: Critic, real: Examples, fake: Examples, key: Key[Array, ""], *, mixes: bool = True
) -> Float[Array, ""]:
    """E (|grad f(x')| - 1)^2 at points x' between real and fake ones; its weight is lambda.

    Source: Gulrajani et al. 2017, arXiv 1704.00028, eq. 3.
    """
    points, _ = between(real, fake, key)
    return jnp.mean(jnp.square(norms(critic, points, mixes=mixes) - 1))
