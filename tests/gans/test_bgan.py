"""BGAN's losses by hand, and its policy gradient against the sum over all examples."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.game import moves
from gan_jax.gans import bgan

FAKE = jnp.float32([-1.5, 0.3, 1.0])
WEIGHTS = [0.051996, 0.314559, 0.633444]  # softmax of FAKE
LOG_G = jnp.float32([-2, -1, -3])
TABLE, CRITIC = jnp.float32([0.2, -0.4, 1.0]), jnp.float32([1.5, 0.0, -1.0])


def move(config, name):
    (found,) = (m for m in moves(bgan.game(config)) if m.name == name)
    return found.loss


@pytest.fixture(scope="module")
def table(tiny):
    """Moves for one symbol drawn by a table, M times for each of `latents` that are all alike."""

    def of(samples, latents, name="generator"):
        zipf = {"data.examples": "zipf", "distribution": "categorical", "latent.kind": "constant"}
        return move(tiny("bgan.py", {**zipf, "samples": samples, "batch_size": latents}), name)

    return of


def given(logits, latents, critic=CRITIC):
    """G gives this table for every latent, D the critic's number of the symbol."""
    return {
        "G": lambda z: jnp.broadcast_to(logits.reshape(1, 1, 3), (latents, 1, 3)),
        "D": lambda x: x.reshape(-1, 3) @ critic,
        "rng": jax.random.key(1),
    }


def test_reweighted_by_hand():
    weights = jax.nn.softmax(FAKE)
    np.testing.assert_allclose(weights, WEIGHTS, atol=1e-6)
    one = bgan.reweighted(weights[:, None], LOG_G[:, None])
    np.testing.assert_allclose(one, 2.318885, atol=1e-6)
    two = jnp.stack([LOG_G, 2 * LOG_G], axis=1)
    np.testing.assert_allclose(bgan.reweighted(jnp.stack([weights] * 2, 1), two), 1.5 * 2.318885, rtol=1e-5)


def test_the_boundary_by_hand():
    np.testing.assert_allclose(bgan.boundary(FAKE), 0.556667, atol=1e-6)
    np.testing.assert_allclose(jax.grad(bgan.boundary)(FAKE), FAKE / 3, rtol=1e-6)


def expected_gradient(samples, critic=CRITIC):
    """E over all draws x_1 ... x_M of -sum_m w_m grad log g(x_m), each draw by its probability."""
    g = np.asarray(jax.nn.softmax(TABLE), np.float64)
    scores = np.eye(3) - g  # grad log g(x) by the table's logits
    total = np.zeros(3)
    for drawn in itertools.product(range(3), repeat=samples):
        weights = np.exp(np.asarray(critic, np.float64)[list(drawn)])
        total -= np.prod(g[list(drawn)]) * (weights / weights.sum() @ scores[list(drawn)])
    return total


@pytest.mark.parametrize("samples", [2, 4])
def test_the_gradient_is_unbiased(table, samples):
    """8,000 groups of M draws against the sum over all 3^M of them: the weights carry no gradient."""
    loss, groups = table(samples, 8000), 8000
    found = jax.grad(lambda logits: loss(**given(logits, groups))[0])(TABLE)
    np.testing.assert_allclose(found, expected_gradient(samples), atol=4 * 0.5 / np.sqrt(groups))
    assert np.abs(expected_gradient(samples)).max() > 0.1


def test_many_draws_pull_to_the_data():
    """As M grows the gradient goes to g - p, p = g e^F / sum g e^F: that of -E_p log g. Its error falls as 1/M."""
    g, p = jax.nn.softmax(TABLE), jax.nn.softmax(TABLE + CRITIC)
    gaps = [np.abs(expected_gradient(m) - (g - p)).max() for m in (2, 4, 8)]
    assert gaps[0] > 1.5 * gaps[1] > 1.5**2 * gaps[2]


def test_nothing_moves_where_the_samples_are_the_data():
    np.testing.assert_allclose(expected_gradient(3, np.zeros(3)), 0, atol=1e-6)


def test_the_log_tells_how_many_samples_count(table):
    _, report = table(4, 16)(**given(TABLE, 16, jnp.zeros(3)))
    np.testing.assert_allclose(report.log["effective_samples"], 4, rtol=1e-5)
    _, report = table(4, 16)(**given(TABLE, 16, jnp.float32([100, 0, 0])))
    assert 1 <= report.log["effective_samples"] < 4


def test_the_discriminator_sees_every_sample(table):
    """Logits 2, -1, 1/2 of examples, and of samples that are symbol 0 nearly always: E sp(-r) + sp(-1.5)."""
    networks = given(jnp.float32([50, 0, 0]), 3, jnp.float32([-1.5, 9, 9]))
    x = jnp.float32([2, -1, 0.5]).reshape(3, 1)
    seen = []

    def D(examples):
        seen.append(len(examples))
        return examples[:, 0] if len(examples) == 3 else networks["D"](examples)

    loss, _ = table(5, 3, "discriminator")(**networks | {"D": D}, batch={"image": x})
    sp = np.log1p(np.exp([-2, 1, -0.5, -1.5]))
    np.testing.assert_allclose(loss, sp[:3].mean() + sp[3], rtol=1e-5)
    assert seen == [3, 15]


def test_the_continuous_game_descends_the_square(tiny):
    config = tiny("bgan.py", {"data.examples": "ring", "distribution": "continuous", "batch_size": 3})
    networks = {"G": lambda z: jnp.stack([FAKE, FAKE], 1), "D": lambda x: x[:, 0]}
    loss, report = move(config, "generator")(**networks, rng=jax.random.key(0))
    np.testing.assert_allclose(loss, 0.556667, atol=1e-6)
    assert report.log == {}
