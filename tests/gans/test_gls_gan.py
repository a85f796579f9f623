import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.gans import gls_gan, ls_gan, wgan

# The pairs of test_ls_gan.py: margin + L(x) - L(G(z)) = 3.9, -1.2, -0.25.
REAL, FAKE, MARGINS = (np.float32(v) for v in ([2, -1, 0.5], [-1.5, 0.3, 1.0], [0.4, 0.1, 0.25]))
COSTS = [(1.0, 0.816667), (0.2, 1.203333), (0.0, 1.3), (-1.0, 1.783333)]


def made(tiny, slope, **changes):
    return gls_gan.game(tiny("gls_gan.py:ring", {"slope": slope, "margin": 1.0, "penalty": 0.0} | changes))


@pytest.mark.parametrize(("slope", "expected"), COSTS)
def test_losses_by_hand(tiny, loss, slope, expected):
    real, fake = (np.stack([v / 1000, 0 * v], 1) for v in (REAL, FAKE))
    real[:, 1] = MARGINS - abs(real - fake)[:, 0]
    given = {"x": real, "G": lambda z: fake, "D": lambda x: 1000 * x[:, 0]}
    found, log = loss(made(tiny, slope), "discriminator", **given)
    np.testing.assert_allclose([found, log["violated"]], [expected, 1 / 3], atol=1e-5)
    np.testing.assert_allclose(loss(made(tiny, slope), "generator", **given)[0], FAKE.mean(), atol=1e-5)


@pytest.mark.parametrize("slope", [slope for slope, _ in COSTS])
def test_no_cost_is_below_its_argument(slope):
    a = jnp.linspace(-3, 3, 61)
    cost = gls_gan.cost(a, slope)
    assert bool(jnp.all(cost >= a))
    np.testing.assert_array_equal(cost[a >= 0], a[a >= 0])


def network(weights, x):
    return jnp.tanh(x @ weights["in"]) @ weights["out"]


@pytest.mark.parametrize("seed", range(3))
def test_the_special_cases_have_the_gradients_of_wgan_and_ls_gan(tiny, loss, seed):
    """For the same weights and batch: slope 1 is WGAN with f = -L, and slope 0 is LS-GAN."""
    random = np.random.default_rng(seed)
    x, fake, *weights = (
        random.normal(size=shape).astype(np.float32) for shape in ((32, 2), (32, 2), (2, 8), (8,))
    )
    weights = dict(zip(("in", "out"), weights, strict=True))

    def gradient(game, sign=1.0):
        def objective(weights):
            given = {"x": x, "G": lambda z: fake, "D": lambda x: sign * network(weights, x)}
            return loss(game, "discriminator", **given)[0]

        return jax.tree.leaves(jax.grad(objective)(weights))

    as_wgan = gradient(wgan.game(tiny("wgan.py:ring")), sign=-1.0)
    as_ls_gan = gradient(ls_gan.game(tiny("ls_gan.py:ring", {"margin": 1.0, "penalty": 0.0})))
    for found, expected in ((made(tiny, 1.0), as_wgan), (made(tiny, 0.0), as_ls_gan)):
        for ours, theirs in zip(gradient(found), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
    for other in (0.2, -1.0):
        ours = gradient(made(tiny, other))
        for expected in (as_wgan, as_ls_gan):
            assert max(np.abs(a - b).max() for a, b in zip(ours, expected, strict=True)) > 1e-3


def test_clipping_instead_of_the_penalty(tiny, draw, begin, play):
    config = tiny("gls_gan.py:clipped", {"discriminator.width": 16})
    game = gls_gan.game(config)
    params = {name: p.init(jax.random.key(0)) for name, p in game.players.items()}
    state, _ = play(game)(begin(game, params), draw(config), jax.random.key(0))
    largest = max(abs(leaf).max() for leaf in jax.tree.leaves(state.params["D"]))
    np.testing.assert_allclose(largest, 0.08, rtol=1e-6)
