import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gan_jax import networks, penalties
from gan_jax.game import Player, init
from gan_jax.gans import gan

KEY = jax.random.key(0)
W = np.float32([3, 4])
BOTH = pytest.mark.parametrize("mixes", [True, False])


def linear(x):
    return x @ W


def draw(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


@BOTH
def test_a_linear_critic_has_its_weights_as_gradient(mixes):
    x = draw(3, 2)
    np.testing.assert_allclose(penalties.gradients(linear, x, mixes=mixes), [W] * 3)
    np.testing.assert_allclose(penalties.squared_norms(linear, x, mixes=mixes), [25] * 3)
    np.testing.assert_allclose(penalties.norms(linear, x, mixes=mixes), [5] * 3)
    np.testing.assert_allclose(penalties.r1(linear, x, mixes=mixes), 12.5)
    np.testing.assert_allclose(penalties.to_one(linear, x, 0 * x, KEY, mixes=mixes), 16)


@BOTH
def test_the_norm_is_over_all_entries_of_an_example(mixes):
    """Of a 2 x 3 picture of two channels: 12 slopes of 1, so sqrt 12."""
    found = penalties.norms(lambda x: x.sum((1, 2, 3)), draw(4, 2, 3, 2), mixes=mixes)
    np.testing.assert_allclose(found, [12**0.5] * 4, rtol=1e-6)


def test_a_critic_that_mixes_examples_is_asked_of_each_alone():
    """f_i = x_i1 times the sum of all: alone it is x_1 (x_1 + x_2), whose gradient is (2 x_1 + x_2, x_1)."""

    def mixing(x):
        return x[:, 0] * x.sum()

    x = np.float32([[1, 2], [3, -1]])
    np.testing.assert_allclose(penalties.gradients(mixing, x), [[4, 1], [5, 3]])
    assert np.abs(penalties.gradients(mixing, x, mixes=False) - np.float32([[4, 1], [5, 3]])).max() > 1


@BOTH
def test_every_example_is_asked_with_its_own_condition(mixes):
    x, y = draw(3, 2), draw(3, 2) + 1
    found = penalties.gradients(lambda x, y: jnp.sum(x * y, 1), x, y, mixes=mixes)
    np.testing.assert_allclose(found, y, rtol=1e-6)


@pytest.mark.parametrize("network", ["mlp_discriminator", "dcgan_discriminator"])
def test_both_forms_agree_on_networks_that_do_not_mix(network):
    module = networks.build({"network": network, "width": 4, "norm": "none"})
    x = draw(2, 8, 8, 1)
    params = module.init(KEY, x)
    alone, summed = (
        penalties.gradients(lambda x: module.apply(params, x), x, mixes=mixes) for mixes in (True, False)
    )
    np.testing.assert_allclose(alone, summed, atol=1e-6)


@BOTH
def test_a_slope_of_0_has_a_finite_gradient(mixes):
    """(0 - 1)^2 = 1, which no direction makes smaller to first order."""

    def penalty(w):
        return penalties.to_one(lambda x: x @ w, np.ones((2, 2), np.float32), draw(2, 2), KEY, mixes=mixes)

    value, slope = jax.value_and_grad(penalty)(jnp.zeros(2))
    np.testing.assert_allclose(value, 1, rtol=1e-5)
    np.testing.assert_array_equal(slope, [0, 0])


def test_points_lie_between_each_pair_with_one_share_a_pair():
    real, fake = draw(50, 4, 4, 1), draw(50, 4, 4, 1)[::-1]
    points, share = penalties.between(real, fake, KEY)
    e = share.reshape(-1, 1, 1, 1)
    np.testing.assert_allclose(points, e * real + (1 - e) * fake, atol=1e-6)
    assert len(np.unique(share)) == 50
    assert 0 <= share.min() < 0.1 < 0.9 < share.max() <= 1


@BOTH
def test_second_derivatives_are_those_of_finite_differences(mixes):
    """d/dw of E (|grad f| - 1)^2 for a network of one hidden layer, along a random direction."""
    real, fake = draw(8, 3), draw(8, 3)[::-1] + 1
    weights, direction = ((draw(3, 5) * s, draw(5, 1) * s) for s in (1.0, -0.5))

    def penalty(h):
        first, last = (w + h * d for w, d in zip(weights, direction, strict=True))
        return penalties.to_one(lambda x: (jnp.tanh(x @ first) @ last)[:, 0], real, fake, KEY, mixes=mixes)

    slope = (penalty(0.01) - penalty(-0.01)) / 0.02
    np.testing.assert_allclose(jax.grad(penalty)(0.0), slope, rtol=2e-3)
    assert abs(slope) > 0.01


# Data at 0, G = theta, D(x) = psi x from (1, 1): max |theta| over the last 100 of 1,000 steps of 0.1.
DIRAC = [(0.0, 0.1, 1.0), (0.3, 0.0, 1e-3), (1.0, 0.0, 1e-3)]


@pytest.mark.parametrize(("gamma", "least", "most"), DIRAC)
def test_r1_brings_the_dirac_gan_to_its_equilibrium(gamma, least, most):
    """Without it the two players circle around (0, 0) for ever: Mescheder et al. 2018, section 2 and theorem 4.1."""
    from pathlib import Path

    from gan_jax import settings

    config = settings.load(str(Path(__file__).parents[1] / "configs" / "gan.py:ring"))
    config = settings.vary(config.copy_and_resolve_references(), "r1", {"r1": {"r1": gamma, "batch_size": 1}})
    game = gan.game(config)
    sgd = optax.sgd(0.1)
    theta = Player(lambda key: jnp.ones(()), lambda theta, z: theta + 0 * z[:, :1], sgd)
    psi = Player(lambda key: jnp.ones(()), lambda psi, x: psi * x[:, 0], sgd)
    game = game._replace(players={"G": theta, "D": psi})
    state, batch = init(game, KEY), {"image": jnp.zeros((1, 1))}

    @jax.jit
    def rounds(params):
        def one(params, _):
            for move in game.moves:
                (name,) = move.players

                def loss(mine, move=move, name=name, params=params):
                    now = params | {name: mine}
                    G, D = (lambda v, n=n: game.players[n].apply(now[n], v) for n in "GD")
                    return move.loss(G=G, D=D, batch=batch, rng=KEY)[0]

                params = params | {name: params[name] - 0.1 * jax.grad(loss)(params[name])}
            return params, params["G"]

        return jax.lax.scan(one, params, length=1000)[1]

    path = np.abs(rounds(state.params))
    assert least < path[-100:].max() < most or (least == 0 and path[-100:].max() < most)
