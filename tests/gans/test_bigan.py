"""BiGAN's losses by hand, and who sees which pair."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.game import init, moves
from gan_jax.gans import bigan

KEY = jax.random.key(0)
REAL, FAKE = np.float32([2, -1, 0.5]), np.float32([-1.5, 0.3, 1])
DISCRIMINATOR = 1.427766  # E sp(-r) + E sp(q)
INVERSES = 1.994432  # E sp(r) + E sp(-q) = 1.138089 + 0.856343


def pictures(values):
    """A picture for each number, which is all of its pixels."""
    return jnp.broadcast_to(jnp.reshape(values, (-1, 1, 1, 1)), (len(values), 8, 8, 1))


def first(x, *_):
    return x.reshape(len(x), -1)[:, 0]


@pytest.fixture(scope="module")
def game(tiny):
    return bigan.game(tiny("bigan.py", {"batch_size": 3}))


@pytest.fixture(scope="module")
def losses(game):
    return {move.name: move.loss for move in moves(game)}


def play(losses, **networks):
    given = {"batch": {"image": pictures(REAL)}, "rng": KEY, **networks}
    return [losses[name](**given)[0] for name in ("discriminator", "inverses")]


def test_both_sides_by_hand(losses):
    """The inverse objective has both terms: the labels are swapped, not the fake term alone."""
    found = play(losses, G=lambda z: pictures(FAKE), E=lambda x: first(x)[:, None], D=first)
    np.testing.assert_allclose(found, [DISCRIMINATOR, INVERSES], atol=1e-6)


def test_examples_come_with_their_code_and_samples_with_their_latent(losses):
    """Where E undoes G, every pair agrees, so that this D cannot tell them apart: 2 log 2 on both sides."""

    def apart(x, z):
        return first(x) - first(z)

    networks = {"G": lambda z: pictures(first(z)), "E": lambda x: first(x)[:, None], "D": apart}
    np.testing.assert_allclose(play(losses, **networks), 2 * np.log(2), atol=1e-6)


def test_the_encoder_is_trained_through_examples_and_the_generator_through_samples(losses):
    """d/dE of E sp(r) and d/dG of E sp(-q) at 0 are 1/2 and -1/2, where both are one number."""

    def loss(g, e):
        given = {"batch": {"image": jnp.zeros((3, 8, 8, 1))}, "rng": KEY}
        G, E = (lambda z: pictures(jnp.full(3, g))), (lambda x: jnp.full((3, 1), e))
        both = {"G": G, "E": E, "D": lambda x, z: first(x) + jnp.where(first(x) == 0, first(z), 0)}
        return losses["inverses"](**given, **both)[0]

    slopes = jax.grad(loss, argnums=(0, 1))(0.5, 0.0)
    np.testing.assert_allclose(slopes, [-1 / (1 + np.exp(0.5)), 0.5], atol=1e-6)


def test_one_step_of_all_at_the_same_parameters(game):
    (group,) = game.moves
    assert [move.players for move in group] == [("D",), ("G", "E")]


def test_the_latent_enters_d_at_every_layer(game):
    params = init(game, KEY).params["D"]
    assert [params[f"dense_{i}"]["condition"].shape[0] for i in range(3)] == [8, 8, 8]


def test_r1_is_of_the_whole_pair(tiny):
    """D = 3 x_0 + 4 z_0 has the gradient (3, 4): R1 = 1/2 25 on real pairs, R2 the same on made ones."""
    config = tiny("bigan.py", {"batch_size": 3, "r1": 1.0, "r2": 0.1})
    losses = {move.name: move.loss for move in moves(bigan.game(config))}
    networks = {"G": lambda z: pictures(FAKE), "E": lambda x: x.reshape(len(x), -1)[:, :8]}
    D = {"D": lambda x, z: 3 * first(x) + 4 * first(z)}
    plain = {move.name: move.loss for move in moves(bigan.game(tiny("bigan.py", {"batch_size": 3})))}
    gained = play(losses, **networks, **D)[0] - play(plain, **networks, **D)[0]
    np.testing.assert_allclose(gained, 12.5 + 1.25, rtol=1e-5)


def test_points_are_shown_as_samples_alone(tiny):
    made = bigan.game(tiny("bigan.py", {"data.examples": "ring"}))
    assert (made.rows, made.show()) == ((), {})
