"""InfoGAN's losses by hand: what Q reads, and who descends it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.game import moves
from gan_jax.gans import infogan

KEY = jax.random.key(0)
REAL, FAKE = [2, -1, 0.5], [-1.5, 0.3, 1.0]
DISCRIMINATOR, GENERATOR = 1.427766, 0.856343  # E sp(-r) + E sp(q), E sp(-q)
SILENT = np.log(10)  # -log Q(c | x) of ten equal logits


def numbers(values):
    return jnp.pad(jnp.float32(values)[:, None], ((0, 0), (0, 1)))


@pytest.fixture(scope="module")
def losses(tiny):
    def of(**changes):
        config = tiny("infogan.py", {"batch_size": 3, "continuous": 0, **changes})
        return {move.name: move.loss for move in moves(infogan.game(config))}

    return of


def play(loss, **changes):
    """The trunk lets numbers pass: D's outputs are REAL on examples and FAKE on samples; Q reads nothing."""
    given = {
        "G": lambda z, c: numbers(FAKE),
        "T": lambda x: x,
        "D": lambda f: f[:, 0],
        "Q": lambda f: jnp.zeros((3, 10)),
        "batch": {"image": numbers(REAL)},
        "rng": KEY,
    } | changes
    return loss(**{name: value for name, value in given.items() if name in loss.__code__.co_varnames})


def test_what_is_read_of_a_code_by_hand():
    """Logits (0, log 3) give c = second a probability of 3/4; equal ones give 1/2."""
    logits, c = jnp.log(jnp.float32([[1, 3], [1, 1]])), jnp.float32([[0, 1], [1, 0]])
    np.testing.assert_allclose(infogan.cross_entropy(logits, c), np.log([4 / 3, 2]).mean(), rtol=1e-6)
    mean, u = jnp.float32([[0, 1], [2, 0]]), jnp.float32([[1, 1], [0, -1]])
    np.testing.assert_allclose(infogan.gaussian(mean, u), 0.5 * (1 + 4 + 1) / 2, rtol=1e-6)
    assert infogan.gaussian(mean[:, :0], u[:, :0]) == 0


def test_both_losses_by_hand(losses):
    of = losses(information=0.5)
    np.testing.assert_allclose(play(of["discriminator"])[0], DISCRIMINATOR + 0.5 * SILENT, atol=1e-5)
    np.testing.assert_allclose(play(of["generator"])[0], GENERATOR + 0.5 * SILENT, atol=1e-5)


def test_the_bound_is_none_of_what_is_not_read_and_all_of_what_is(losses):
    """L_I is 0 where Q says nothing, and H(c) = log 10 = 2.3026 where the sample shows c, which Q reads."""
    loss = losses()["discriminator"]
    np.testing.assert_allclose(play(loss)[1].log["information"], 0, atol=1e-6)
    x = {"batch": {"image": jnp.zeros((3, 10))}, "G": lambda z, c: c, "D": lambda f: f[:, 0] * 0}
    np.testing.assert_allclose(play(loss, **x, Q=lambda f: 50 * f)[1].log["information"], 2.302585, atol=1e-5)


def test_the_generator_is_not_told_in_the_control(losses):
    of = losses(inform_generator=False)
    np.testing.assert_allclose(play(of["generator"])[0], GENERATOR, atol=1e-5)
    np.testing.assert_allclose(play(of["discriminator"])[0], DISCRIMINATOR + SILENT, atol=1e-5)


def test_continuous_codes_are_the_last_numbers_of_the_latent(losses):
    """A G that shows its latent, and a Q that reads the last two of it: nothing is lost, whatever the weight."""
    loss = losses(continuous=2, information=0.0, information_continuous=7.0)["generator"]
    shown = {"G": lambda z, c: z, "D": lambda f: 0 * f[:, 0]}
    read = play(loss, **shown, Q=lambda f: jnp.concatenate([jnp.zeros((3, 10)), f[:, -2:]], 1))[0]
    np.testing.assert_allclose(read, np.log(2), atol=1e-6)
    unread = play(loss, **shown, Q=lambda f: jnp.concatenate([jnp.zeros((3, 10)), f[:, :2]], 1))[0]
    assert unread > np.log(2) + 0.1


def test_codes_are_drawn_for_each_sample_and_lie_in_their_range(tiny):
    game = infogan.game(tiny("infogan.py"))
    z = game.sampler.latent(KEY, 4000)
    assert z.shape == (4000, 18)
    u = z[:, 16:]
    assert np.abs(u).max() <= 1
    np.testing.assert_allclose(u.mean(0), 0, atol=0.05)
    np.testing.assert_allclose(u.std(0), 1 / np.sqrt(3), atol=0.02)
    np.testing.assert_allclose(np.corrcoef(u.T)[0, 1], 0, atol=0.05)
    assert game.sampler.classes == 10


def test_the_trunk_is_trained_with_both_of_its_heads(tiny):
    first, second = infogan.game(tiny("infogan.py")).moves
    assert (first.players, second.players) == (("T", "D", "Q"), ("G",))
