"""MaliGAN's loss by hand, and its policy gradient against the sum over all batches."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.game import moves
from gan_jax.gans import maligan

FAKE, LOG_G = jnp.float32([-1.5, 0.3, 1.0]), jnp.float32([-2, -1, -3])
TABLE, CRITIC = jnp.float32([0.2, -0.4, 1.0]), jnp.float32([1.5, 0.0, -1.0])


@pytest.fixture(scope="module")
def table(tiny):
    """The generator's loss for a batch of one symbol of 3, drawn by a table; the critic knows the symbol."""

    def of(size, **changes):
        config = tiny("maligan.py", {"latent.kind": "constant", "batch_size": size, **changes})
        (found,) = (m for m in moves(maligan.game(config)) if m.name == "generator")

        def loss(logits, key, critic=CRITIC):
            G = lambda z: jnp.broadcast_to(logits.reshape(1, 1, 3), (size, 1, 3))  # noqa: E731
            return found.loss(G=G, D=lambda x: x.reshape(-1, 3) @ critic, rng=key)

        return loss

    return of


def test_weighted_by_hand():
    """-sum softmax(F) log g, of which the baseline of 1/m takes off the mean of -log g, 2."""
    weights = jax.nn.softmax(FAKE)
    np.testing.assert_allclose(maligan.weighted(weights, LOG_G, 0.0), 2.318885, atol=1e-6)
    np.testing.assert_allclose(maligan.weighted(weights, LOG_G, 1.0), 0.318885, atol=1e-6)


def expected_gradient(size, baseline):
    """E over all batches x_1 ... x_m of -sum_i (w_i - b) grad log g(x_i), each by its probability."""
    g = np.asarray(jax.nn.softmax(TABLE), np.float64)
    scores = np.eye(3) - g
    total = np.zeros(3)
    for drawn in itertools.product(range(3), repeat=size):
        weights = np.exp(np.asarray(CRITIC, np.float64)[list(drawn)])
        weights = weights / weights.sum() - baseline / size
        total -= np.prod(g[list(drawn)]) * (weights @ scores[list(drawn)])
    return total


def gradients(loss, draws=2000):
    keys = jax.random.split(jax.random.key(2), draws)
    return jax.vmap(jax.grad(lambda logits, key: loss(logits, key)[0]), in_axes=(None, 0))(TABLE, keys)


def test_the_gradient_is_unbiased_whatever_the_baseline(table):
    """2,000 batches of 4 draws against the sum over all 81; the baseline takes nothing away but noise."""
    exact = expected_gradient(4, 0.0)
    np.testing.assert_allclose(expected_gradient(4, 1.0), exact, atol=1e-6)
    found = [gradients(table(4, baseline=baseline)) for baseline in (0.0, 1.0)]
    for each in found:
        np.testing.assert_allclose(each.mean(0), exact, atol=4 * 0.5 / np.sqrt(2000))
    assert np.abs(exact).max() > 0.1


def test_the_baseline_takes_noise_away_near_equilibrium(table):
    """Where D hardly tells samples apart, b = 0 leaves the noise of E grad log g = 0; b = 1/m none of it."""

    def noise(baseline):
        loss = table(16, baseline=baseline)
        one = jax.grad(lambda logits, key: loss(logits, key, 0.1 * CRITIC)[0])
        each = jax.vmap(one, in_axes=(None, 0))(TABLE, jax.random.split(jax.random.key(3), 500))
        return float(each.var(0).sum())

    assert noise(1.0) < 0.05 * noise(0.0)


def test_samples_that_are_alike_do_not_move_the_generator(table):
    slope = jax.grad(lambda logits: table(8)(logits, jax.random.key(0), jnp.zeros(3))[0])(TABLE)
    np.testing.assert_allclose(slope, 0, atol=1e-6)


def test_one_sample_cannot_have_all_the_weight(table):
    """Logits of 1000 and -1000 count as 10 and -10; the log tells how many samples the weights leave."""
    huge = jnp.float32([1000, -1000, -1000])
    clipped, report = table(8)(TABLE, jax.random.key(0), huge)
    same, _ = table(8)(TABLE, jax.random.key(0), huge / 100)
    np.testing.assert_allclose(clipped, same, rtol=1e-6)
    assert 1 <= report.log["effective_samples"] <= 8
    _, report = table(8)(TABLE, jax.random.key(0), jnp.zeros(3))
    np.testing.assert_allclose(report.log["effective_samples"], 8, rtol=1e-6)
