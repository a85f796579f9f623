"""Computed again: equal values and gradients, first and second, and less memory, as XLA plans it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from gan_jax import penalties, remat
from gan_jax.networks.resnet import ResNetGenerator

QUICK = {"xla_backend_optimization_level": 0}
X = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3)).astype(np.float32)


class Critic(nn.Module):
    """With dropout, so with a key, which has no gradient."""

    @nn.compact
    def __call__(self, x, rng=None, scale=1.0):
        x = nn.tanh(nn.Dense(8)(x))
        if rng is not None:
            x = x * jax.random.bernoulli(rng, 0.5, x.shape)
        return scale * nn.Dense(1)(x)


CRITIC = Critic()
PARAMS = CRITIC.init(jax.random.key(0), X)


def losses(apply):
    def plain(params, x, rng):
        return jnp.mean(apply(params, apply(params, x, None) * x, rng, scale=2.0) ** 2)

    def penalised(params, x, rng):
        slope = jax.grad(lambda x: jnp.sum(apply(params, x, None)))(x)
        return jnp.mean(jnp.sum(slope**2, axis=-1)) + plain(params, x, rng)

    def looped(params, x, rng):
        step = lambda x, key: (apply(params, x, key) * x, None)  # noqa: E731
        return jnp.mean(jax.lax.scan(step, x, jax.random.split(rng, 3))[0] ** 2)

    return {"plain": plain, "penalised": penalised, "looped": looped}


@pytest.mark.parametrize("name", ["plain", "penalised", "looped"])
def test_equal_values_and_gradients(name):
    """The second derivative too, and a key made within a loop, which is known to that loop alone."""
    expected, found = (
        jax.value_and_grad(losses(apply)[name], argnums=(0, 1))(PARAMS, X, jax.random.key(1))
        for apply in (CRITIC.apply, remat.forgetful(CRITIC.apply))
    )
    jax.tree.map(functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-6), found, expected)


def test_no_number_stays_no_number():
    def loss(params, x):
        return jnp.sum(remat.forgetful(CRITIC.apply)(params, x) * jnp.nan)

    assert all(np.isnan(leaf).all() for leaf in jax.tree.leaves(jax.grad(loss)(PARAMS, X)))


def test_the_penalty_of_each_example():
    """Which maps over examples, and so over branches."""

    def loss(params, apply):
        return penalties.r1(lambda x: apply(params, x).mean((1, 2, 3)), X)

    expected, found = (
        jax.grad(loss)(PARAMS, apply) for apply in (CRITIC.apply, remat.forgetful(CRITIC.apply))
    )
    jax.tree.map(functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-6), found, expected)


def test_less_memory():
    """Three generators, one behind the other, as in a cycle; what is left must be less than two thirds."""
    network = ResNetGenerator(width=8, blocks=3)
    x = jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32)
    params = jax.eval_shape(network.init, jax.random.key(0), x)

    def planned(apply):
        def loss(params, x):
            return jnp.mean(apply(params, apply(params, apply(params, x))) ** 2)

        program = jax.jit(jax.grad(loss), compiler_options=QUICK).lower(params, x)
        return program.compile().memory_analysis().temp_size_in_bytes

    assert planned(remat.forgetful(network.apply)) < 0.67 * planned(network.apply)
