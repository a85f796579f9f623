import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.gans import wgan_egp

V = np.float32([-0.5, 0, 0.8])  # slopes of 0.5, 1 and 1.8


def made(tiny, **changes):
    return wgan_egp.game(tiny("wgan_egp.py:ring", {"penalty": 10.0} | changes))


def test_exponentials_by_hand():
    """(e^0.5 - 1 + e^0.8 - 1) / 3 and (e^0.25 - 1 + e^0.64 - 1) / 3; weighted by |v| / mean |v|."""
    np.testing.assert_allclose(wgan_egp.exponential(V, "absolute").mean(), 0.624754, atol=1e-6)
    np.testing.assert_allclose(wgan_egp.exponential(V, "square").mean(), 0.393502, atol=1e-6)
    w = wgan_egp.WEIGHTS["violation"](V, V)
    np.testing.assert_allclose((w * wgan_egp.exponential(V, "absolute")).mean(), 1.003687, atol=1e-6)


@pytest.mark.parametrize("name", wgan_egp.WEIGHTS)
def test_weights_have_mean_1(name):
    share = np.float32([0.1, 0.5, 0.9])
    np.testing.assert_allclose(wgan_egp.WEIGHTS[name](jnp.asarray(V), share).mean(), 1, rtol=1e-6)


def test_it_is_the_penalty_of_wgan_gp_near_a_slope_of_1():
    """v^2 + v^4 / 2, to sixth order."""
    v = np.float32([-0.2, 0.1])
    np.testing.assert_allclose(wgan_egp.exponential(v, "square"), v**2 + v**4 / 2, rtol=2e-3)


@pytest.mark.parametrize("kind", wgan_egp.POWERS)
def test_far_from_1_it_is_finite_and_still_pulls(kind):
    """The tangent at the limit c is e^c (1 + u - c) - 1, whose slope by u is e^c."""
    limit = wgan_egp.LIMITS[kind]
    v = {"absolute": 100.0, "square": 10.0}[kind]  # u = 100
    values = wgan_egp.exponential(jnp.array([v]), kind)
    np.testing.assert_allclose(values, np.exp(limit) * (101 - limit) - 1, rtol=1e-5)
    slope = jax.grad(lambda v: wgan_egp.exponential(v[None], kind)[0])(jnp.float32(v))
    np.testing.assert_allclose(slope, np.exp(limit) * {"absolute": 1, "square": 2 * v}[kind], rtol=1e-5)


@pytest.mark.parametrize("importance", ["violation", "none"])
@pytest.mark.parametrize("kind", ["absolute", "square"])
def test_losses_by_hand(tiny, loss, kind, importance):
    """A linear critic has one slope, so that the weights are all 1: 5 - 1 = 4, within the limits after a division."""
    game = made(tiny, exponential=kind, importance=importance)
    critic, log = loss(game, "discriminator", D=lambda x: x @ np.float32([1.2, 1.6]))
    np.testing.assert_allclose(log["penalty"], np.e - 1, rtol=1e-5)  # |w| = 2, v = 1
    np.testing.assert_allclose([critic, log["distance"]], [10 * (np.e - 1) - 0.68, 0.68], rtol=1e-5)
    np.testing.assert_allclose(loss(game, "generator")[0], 0.066667, atol=1e-6)


def test_no_gradient_goes_through_the_weights(tiny, loss):
    """d/ds of mean w_i h(|s g_i| - 1) with w fixed: 1/2 sum w_i h'(v_i) g_i, for slopes g of 1.5 and 3 at s = 1.

    v = (0.5, 2), w = (0.4, 1.6), h' = e^|v|.
    """
    slopes = np.float32([1.5, 3])

    def penalty(s):
        def D(x):
            return s * jnp.where(x[:, 1] > 0, slopes[1], slopes[0]) * x[:, 0]

        x = np.float32([[1, -1], [1, 1]])
        game = made(tiny, exponential="absolute")
        return loss(game, "discriminator", D=D, G=lambda z: x, x=x)[1]["penalty"]

    expected = (0.4 * np.exp(0.5) * 1.5 + 1.6 * np.exp(2) * 3) / 2
    np.testing.assert_allclose(jax.grad(penalty)(1.0), expected, rtol=1e-5)


def test_the_weights_of_the_location(tiny, loss):
    """For f(x) = (x_1 + 1)^2 / 2, x_1 = 1 and 0 on the two sides: |v| = x_1 = e, so E 2 e (e^e - 1) = 2 - 1 = 1."""
    x = np.float32([[1, 0]]).repeat(8000, 0)
    game = made(tiny, exponential="absolute", importance="location")
    given = {"D": lambda x: (x[:, 0] + 1) ** 2 / 2, "G": lambda z: 0 * x, "x": x}
    np.testing.assert_allclose(loss(game, "discriminator", **given)[1]["penalty"], 1, atol=0.05)
