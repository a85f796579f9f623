import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from ml_collections import ConfigDict

from gan_jax import optimizers, when
from gan_jax.game import Game, Move, Player, Report, init, play


def config(**fields):
    return ConfigDict(
        {"steps": 10, "rate_every": 1, "decay_fraction": 0.5, "learning_rate": 2e-4, "beta1": 0.5} | fields
    )


# The PyTorch implementation with 100 + 100 epochs, and its printed digits.
REFERENCE = [(1, 2e-4), (100, 2e-4), (101, 1.98020e-4), (150, 1.00990e-4), (200, 1.98020e-6)]


@pytest.mark.parametrize(("epoch", "rate"), REFERENCE)
@pytest.mark.parametrize("length", [1, 7])
def test_the_rates_of_the_reference(epoch, rate, length):
    by_hand = optimizers.constant_then_linear(2e-4, 100, 100, length)
    by_config = optimizers.schedule(config(steps=200 * length, rate_every=length))
    for step in (length * (epoch - 1), length * epoch - 1):  # the first and the last of the epoch
        for schedule in (by_hand, by_config):
            np.testing.assert_allclose(schedule(jnp.int32(step)), rate, rtol=3e-6)


def test_steps_of_a_config():
    """Ten steps, the last four falling by fifths: 0.8, 0.6, 0.4, 0.2 of the rate; what lies beyond stays."""
    schedule = optimizers.schedule(config(decay_fraction=0.4, learning_rate=1.0))
    rates = [schedule(jnp.int32(step)) for step in range(12)]
    np.testing.assert_allclose(rates, [1] * 6 + [0.8, 0.6, 0.4, 0.2, 0.2, 0.2], rtol=1e-6)


@pytest.mark.parametrize(
    ("fields", "rates"),
    [
        ({"decay_fraction": 0.0}, [1, 1, 1, 1]),
        ({"decay_fraction": 1.0}, [0.8, 0.6, 0.4, 0.2]),
        ({"rate_every": 2, "decay_fraction": 0.5}, [1, 1, 0.5, 0.5]),
        ({"rate_every": 9}, [1, 1, 1, 1]),
    ],
)
def test_other_shapes_of_a_schedule(fields, rates):
    schedule = optimizers.schedule(
        config(**{"steps": 4, "learning_rate": 1.0, "decay_fraction": 0.25} | fields)
    )
    np.testing.assert_allclose([schedule(jnp.int32(step)) for step in range(4)], rates, rtol=1e-6)


def test_adam_by_hand():
    """m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, p -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + 1e-8)."""
    adam = optimizers.adam(0.1, beta1=0.5, beta2=0.9)
    p, state = jnp.float32(1.0), None
    state = adam.init(p)
    # g = 2: m = 1, v = 0.4, both corrected to g and g^2, a step of 0.1.
    # g = -1: m = 0, so p rests.
    # g = 3: m = 1.5, / 0.875; v = 0.81 * 0.4 + 0.09 + 0.9 = 1.314, / 0.271.
    for gradient, expected in [(2, 0.9), (-1, 0.9), (3, 0.9 - 0.1 * (1.5 / 0.875) / (1.314 / 0.271) ** 0.5)]:
        update, state = adam.update(jnp.float32(gradient), state, p)
        p = optax.apply_updates(p, update)
        np.testing.assert_allclose(p, expected, rtol=1e-6)


def test_the_logged_rate_is_that_of_the_players_last_step():
    """A player that moves every second round is on its own clock: its schedule counts its own steps."""
    schedule = optimizers.constant_then_linear(1.0, 2, 3)
    player = Player(lambda key: jnp.float32(0.0), lambda p: p, optimizers.adam(schedule, 0.5))
    moves = (
        Move("A", ("A",), lambda A: (A(), Report())),
        Move("B", ("B",), lambda B: (B(), Report()), when.every(2)),
    )
    game = Game({"A": player, "B": player}, moves)
    step, state, logs = play(game), init(game, jax.random.key(0)), []
    for _ in range(6):
        state, log = step(state, None, jax.random.key(1))
        logs.append((log["learning_rate/A"], log["learning_rate/B"]))
    expected = [(1, 1), (1, 1), (0.75, 1), (0.5, 1), (0.25, 0.75), (0.25, 0.75)]
    np.testing.assert_allclose(logs, expected, rtol=1e-6)
    # With a constant gradient Adam moves by the rate itself.
    np.testing.assert_allclose([state.params["A"], state.params["B"]], [-3.75, -2.75], rtol=1e-5)


def test_an_optimizer_without_a_logged_rate():
    player = Player(lambda key: jnp.float32(0.0), lambda p: p, optax.sgd(0.1))
    game = Game({"A": player}, (Move("A", ("A",), lambda A: (A(), Report())),))
    _, log = play(game)(init(game, jax.random.key(0)), None, jax.random.key(1))
    assert set(log) == {"loss/A", "gradient/A"}
