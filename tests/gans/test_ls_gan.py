import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.game import Player, init
from gan_jax.gans import ls_gan

# L on examples and samples, and margins, put into points of which L takes 1,000 times the first coordinate.
REAL, FAKE, MARGINS = (np.float32(v) for v in ([2, -1, 0.5], [-1.5, 0.3, 1.0], [0.4, 0.1, 0.25]))
VIOLATIONS = np.array([3.9, -1.2, -0.25])  # margin + L(x) - L(G(z))


def pairs():
    """Points whose l1 distances are the margins."""
    real, fake = (np.stack([v / 1000, 0 * v], 1) for v in (REAL, FAKE))
    real[:, 1] = MARGINS - abs(real - fake)[:, 0]
    return {"x": real, "G": lambda z: fake, "D": lambda x: 1000 * x[:, 0]}


def made(tiny, **changes):
    return ls_gan.game(tiny("ls_gan.py:ring", {"margin": 1.0, "penalty": 0.0} | changes))


def test_losses_by_hand(tiny, loss):
    """Only the first pair is violated: 3.9 / 3 = 1.3. G descends the mean of L itself."""
    found, log = loss(made(tiny), "discriminator", **pairs())
    np.testing.assert_allclose([found, log["violated"]], [1.3, 1 / 3], atol=1e-5)
    np.testing.assert_allclose(loss(made(tiny), "generator", **pairs())[0], FAKE.mean(), atol=1e-5)


def test_the_margin_is_tau_times_the_sum_over_all_entries(tiny, loss):
    """Between (0, 0) and (3, -4) lies 7; L gives both 0, so that 0.02 of 7 remains."""
    given = {"x": np.zeros((1, 2), np.float32), "G": lambda z: np.float32([[3, -4]])}
    found, _ = loss(made(tiny, margin=0.02), "discriminator", D=lambda x: 0 * x[:, 0], **given)
    np.testing.assert_allclose(found, 0.14, rtol=1e-6)


def test_with_the_first_term_the_loss_is_never_below_0(tiny, loss):
    """gamma E sp(L(x)) + E max(0, margin + sp(L(x)) - sp(L(G(z)))), all by hand for gamma = 0.1."""
    real, fake = np.log1p(np.exp(REAL)), np.log1p(np.exp(FAKE))
    by_hand = 0.1 * real.mean() + np.maximum(MARGINS + real - fake, 0).mean()
    game = made(tiny, example_loss=0.1)
    np.testing.assert_allclose(loss(game, "discriminator", **pairs())[0], by_hand, rtol=1e-5)
    np.testing.assert_allclose(loss(game, "generator", **pairs())[0], fake.mean(), rtol=1e-5)


def test_the_penalty_is_that_of_wgan_gp(tiny, loss):
    """L has slope 1,000: 0.001 of 999^2 on top of the 1.3."""
    found, _ = loss(made(tiny, penalty=0.001), "discriminator", **pairs())
    np.testing.assert_allclose(found, 1.3 + 998.001, rtol=1e-5)


def test_satisfied_pairs_carry_no_gradient(tiny, loss):
    """A sample that is worse than its example by more than the margin is left alone."""

    def objective(outputs):
        given = pairs() | {"D": lambda x: outputs[:3] if x is given_x else outputs[3:]}
        given_x = given["x"]
        return loss(made(tiny), "discriminator", **given)[0]

    outputs = jnp.concatenate([jnp.asarray(REAL), jnp.asarray(FAKE)])
    slopes = jax.grad(objective)(outputs)
    np.testing.assert_allclose(slopes, np.array([1, 0, 0, -1, 0, 0]) / 3, atol=1e-6)


@pytest.mark.slow
def test_a_trained_loss_keeps_the_margins_of_two_clouds(tiny, play):
    """Of two fixed clouds 4 apart, fewer than 5 % of the pairs stay closer in L than their margin, where all began."""
    game = ls_gan.game(tiny("ls_gan.py:ring", {"discriminator.width": 64, "margin": 0.5}))
    samples = Player(lambda key: {}, lambda params, z: 0.3 * z + np.float32([[-4, 0]]))
    game = game._replace(players={**game.players, "G": samples}, moves=game.moves[:1])
    state, round = init(game, jax.random.key(0)), play(game)
    random, violated = np.random.default_rng(0), []
    for _ in range(500):
        x = 0.3 * random.standard_normal((256, 2)).astype(np.float32)
        state, log = round(state, {"image": x}, jax.random.key(0))
        violated.append(float(log["violated"]))
    assert violated[0] > 0.5
    assert np.mean(violated[-50:]) < 0.05
