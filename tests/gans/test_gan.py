import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gan_jax.game import Player, init
from gan_jax.gans import gan

VALUE = -0.943953  # -log 4 + 2 JSD(N(0, 1), N(1.5, 1)), JSD = 0.221171 by numerical integration


def made(tiny, adversarial):
    return gan.game(tiny("gan.py:ring", {"adversarial": adversarial}))


@pytest.mark.parametrize(
    ("adversarial", "discriminator", "generator"),
    [("log", 1.427766, 0.856343), ("minimax", 1.427766, -0.789677), ("hinge", 1.933333, 0.066667)],
)
def test_losses_by_hand(tiny, loss, adversarial, discriminator, generator):
    game = made(tiny, adversarial)
    found, log = loss(game, "discriminator")
    np.testing.assert_allclose(found, discriminator, atol=1e-6)
    np.testing.assert_allclose([log["logits/real"], log["logits/fake"]], [0.5, -0.066667], atol=1e-6)
    np.testing.assert_allclose(loss(game, "generator")[0], generator, atol=1e-6)


@pytest.mark.parametrize(("adversarial", "slope"), [("minimax", -4.5398e-5), ("log", -0.9999546)])
def test_where_d_is_sure_the_minimax_gradient_vanishes(tiny, loss, adversarial, slope):
    """At a logit of -10, by a sample's first coordinate, which is the logit: -D and -(1 - D), D = 1 / (1 + e^10)."""

    def objective(q):
        return loss(made(tiny, adversarial), "generator", G=lambda z: q[None])[0]

    np.testing.assert_allclose(jax.grad(objective)(jnp.float32([-10, 0])), [slope, 0], rtol=1e-4)


def test_each_step_of_d_has_noise_of_its_own_and_g_comes_last(tiny, draw, play):
    config = tiny("gan.py:ring", {"discriminator_steps": 3})
    game = gan.game(config)
    state, round = init(game, jax.random.key(0)), play(game)
    logs = []
    for _ in range(3):
        state, log = round(state, draw(config), jax.random.key(0))
        logs.append(log)
    assert ["loss/generator" in log for log in logs] == [False, False, True]
    assert len({float(log["logits/fake"]) for log in logs[:2]}) == 2


def test_the_generators_rate_falls_over_its_own_steps(tiny, draw, play):
    """Of 8 steps with one of G's in every second, the last half falls: G's 4 rates are 1, 1, 2/3, 1/3."""
    changes = {"discriminator_steps": 2, "decay_fraction": 0.5, "steps": 8, "learning_rate": 1.0}
    config = tiny("gan.py:ring", changes)
    game = gan.game(config)
    state, round = init(game, jax.random.key(0)), play(game)
    rates = []
    for step in range(8):
        state, log = round(state, draw(config), jax.random.key(0))
        rates += [float(log["learning_rate/G"])] * (step % 2)
    np.testing.assert_allclose(rates, [1, 1, 2 / 3, 1 / 3], rtol=1e-6)


@pytest.mark.slow
def test_a_trained_discriminator_is_the_ratio_of_the_densities(tiny, play):
    """Of N(0, 1) and N(1.5, 1): D* = 1 / (1 + e^(1.5 (x - 0.75))), and the value is -log 4 + 2 JSD."""
    sizes = {"discriminator.width": 64, "discriminator.depth": 2, "batch_size": 512}
    config = tiny("gan.py:ring", sizes)
    game = gan.game(config)
    samples = Player(lambda key: {}, lambda params, z: z + np.float32([[1.5, 0]]))
    D = game.players["D"]._replace(optimizer=optax.adam(optax.cosine_decay_schedule(3e-3, 2000)))
    game = game._replace(players={"G": samples, "D": D}, moves=game.moves[:1])
    state, round = init(game, jax.random.key(0)), play(game)
    random = np.random.default_rng(0)
    values = []
    for _ in range(2000):
        x = random.standard_normal((512, 2)).astype(np.float32)
        state, log = round(state, {"image": x}, jax.random.key(0))
        values.append(-float(log["loss/discriminator"]))
    assert abs(np.mean(values[-200:]) - VALUE) < 0.01
    at = np.stack([np.linspace(-2, 3.5, 50), np.zeros(50)], 1).astype(np.float32)
    found = jax.nn.sigmoid(D.apply(state.params["D"], at))
    assert np.abs(found - 1 / (1 + np.exp(1.5 * (at[:, 0] - 0.75)))).max() < 0.05
