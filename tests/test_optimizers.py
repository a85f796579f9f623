import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from ml_collections import ConfigDict

from gan_jax import optimizers, when
from gan_jax.game import Game, Move, Player, Report, init
from gan_jax.layers import spectral_norm
from gan_jax.play import Play


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
    step, state, logs = Play(game), init(game, jax.random.key(0)), []
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
    _, log = Play(game)(init(game, jax.random.key(0)), None, jax.random.key(1))
    assert set(log) == {"loss/A", "gradient/A"}


def test_rmsprop_is_that_of_torch():
    """Small gradients too: below the 1e-4 that optax's own epsilon would be."""
    start = np.float32([1.0, -2.0, 0.5])
    parameter = torch.nn.Parameter(torch.tensor(start))
    theirs = torch.optim.RMSprop([parameter], lr=0.01)
    ours, p = optimizers.rmsprop(0.01), jnp.asarray(start)
    state = ours.init(p)
    for step in range(5):
        gradient = np.float32([1e-6, 0.3, -2.0]) * (step + 1) * (-1) ** step
        parameter.grad = torch.tensor(gradient)
        theirs.step()
        update, state = ours.update(jnp.asarray(gradient), state, p)
        p = optax.apply_updates(p, update)
        np.testing.assert_allclose(p, parameter.detach().numpy(), rtol=1e-5)


def test_clipped_weights_end_within_the_limit():
    """0.05 moves freely, -0.3 and 0.2 stop at the border, and so does what begins beyond it."""
    chain = optax.chain(optax.sgd(1.0), optimizers.clip_weights(0.1))
    p = {"a": jnp.float32([0.0, -0.1, 0.0]), "b": jnp.float32([0.7])}
    gradient = {"a": jnp.float32([-0.05, 0.2, -0.2]), "b": jnp.float32([0.0])}
    update, _ = chain.update(gradient, chain.init(p), p)
    found = optax.apply_updates(p, update)
    np.testing.assert_allclose(found["a"], [0.05, -0.1, 0.1], rtol=1e-6)
    np.testing.assert_allclose(found["b"], [0.1], rtol=1e-6)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 1)])
def test_power_iteration_finds_the_largest_singular_value(shape):
    """Beside every kernel, however deep; other parameters are left as the chain moved them."""
    random = np.random.default_rng(shape[0])
    kernel = random.normal(size=shape).astype(np.float32)
    layer = {"kernel": kernel, "u": random.normal(size=shape[0]).astype(np.float32), "bias": np.ones(2)}
    params = jax.tree.map(jnp.asarray, {"inner": {"dense": layer}, "other": {"u": np.float32([7])}})
    transform = optimizers.power_iteration()
    state = transform.init(params)
    estimates = []
    for _ in range(60):
        update, state = transform.update(jax.tree.map(jnp.zeros_like, params), state, params)
        params = optax.apply_updates(params, update)
        estimates.append(
            float(spectral_norm(params["inner"]["dense"]["kernel"], params["inner"]["dense"]["u"])[0])
        )
    true = np.linalg.svd(kernel, compute_uv=False)[0]
    np.testing.assert_allclose(estimates[-1], true, rtol=1e-3)
    assert max(estimates) <= true * (
        1 + 1e-5
    )  # never over-estimated, so that the divided kernel is never below 1
    assert estimates == pytest.approx(sorted(estimates), rel=1e-5)
    np.testing.assert_array_equal(params["other"]["u"], [7])
    np.testing.assert_array_equal(params["inner"]["dense"]["kernel"], kernel)


def test_power_iteration_sees_the_kernel_after_its_step():
    params = {"kernel": jnp.eye(2), "u": jnp.float32([0.6, 0.8])}
    update = {"kernel": jnp.diag(jnp.float32([1, 0])), "u": jnp.zeros(2)}
    moved, _ = optimizers.power_iteration().update(update, optax.EmptyState(), params)
    by_hand = np.array([4 * 0.6, 0.8])  # W W' u with W = diag(2, 1)
    np.testing.assert_allclose(params["u"] + moved["u"], by_hand / np.linalg.norm(by_hand), rtol=1e-5)


@pytest.mark.parametrize(
    ("every", "period", "rates"), [(1, 2, [1, 1, 2 / 3, 1 / 3]), (4, 2, [1, 1, 1, 1, 0.5, 0.5])]
)
def test_a_schedule_of_a_player_that_moves_in_every_second_step(every, period, rates):
    """8 or 12 rounds are 4 or 6 steps of its own, the last half, or third, falling; units of 4 rounds are 2 steps."""
    fields = {"steps": 2 * len(rates), "rate_every": every, "decay_fraction": 0.5 if every == 1 else 0.34}
    schedule = optimizers.schedule(config(learning_rate=1.0, **fields), period=period)
    np.testing.assert_allclose([schedule(jnp.int32(step)) for step in range(len(rates))], rates, rtol=1e-6)
