"""Latents, draws and samples against what their distributions say."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax import sampling
from gan_jax.rules import CHOICES

KEY = jax.random.key(0)
N = 40_000


def latents(kind):
    return np.asarray(sampling.latent(SimpleNamespace(kind=kind, size=2))(KEY, N), np.float64)


@pytest.mark.parametrize(("kind", "deviation", "fourth"), [("normal", 1, 3), ("uniform", 3**-0.5, 9 / 5)])
def test_latents_have_the_moments_of_their_distribution(kind, deviation, fourth):
    """E z = 0, E z^2 = 1 or 1/3, E z^4 / (E z^2)^2 = 3 or 9/5, and the entries do not depend on each other."""
    z = latents(kind)
    assert z.shape == (N, 2)
    np.testing.assert_allclose(z.mean(0), 0, atol=4.5 * deviation / np.sqrt(N))
    np.testing.assert_allclose(z.std(0), deviation, rtol=0.02)
    np.testing.assert_allclose((z**4).mean(0) / deviation**4, fourth, rtol=0.05)
    assert abs(np.corrcoef(z.T)[0, 1]) < 4.5 / np.sqrt(N)


def test_uniform_latents_lie_in_their_range_and_constant_ones_are_one():
    assert -1 <= latents("uniform").min() < -0.99 < 0.99 < latents("uniform").max() <= 1
    np.testing.assert_array_equal(latents("constant"), 1)


def test_the_rules_know_all_latents():
    assert set(CHOICES["latent.kind"]) == set(sampling.LATENTS)


def test_ink_comes_with_the_probability_of_its_logit():
    """sigmoid(log 3) = 3/4, sigmoid(0) = 1/2; a mean of 1 p - 1 (1 - p)."""
    logits = jnp.broadcast_to(jnp.float32([np.log(3), 0, -100, 100]), (N, 4))
    drawn = np.asarray(sampling.bernoulli(logits, KEY))
    assert set(np.unique(drawn)) == {-1, 1}
    np.testing.assert_allclose(drawn.mean(0), [0.5, 0, -1, 1], atol=4.5 / np.sqrt(N))
    assert abs(np.corrcoef(drawn[:, :2].T)[0, 1]) < 4.5 / np.sqrt(N)


def test_symbols_come_with_the_probability_of_their_logits():
    logits = jnp.log(jnp.float32([[1, 2, 5], [4, 2, 2]])) + 3
    drawn = np.asarray(sampling.categorical(jnp.broadcast_to(logits, (N, 2, 3)), KEY))
    assert drawn.shape == (N, 2, 3)
    np.testing.assert_array_equal(drawn.sum(-1), 1)
    expected = np.float64([[1, 2, 5], [4, 2, 2]]) / 8
    np.testing.assert_array_less(np.abs(drawn.mean(0) - expected), 4.5 * np.sqrt(expected / N))
    first, second = drawn[:, 0, 0], drawn[:, 1, 0]
    assert abs(np.corrcoef(first, second)[0, 1]) < 4.5 / np.sqrt(N)


def network(z, y=None):
    """Shows its latent and its condition."""
    return z if y is None else jnp.concatenate([z, y], axis=1)


def test_samples_of_given_latents_and_labels():
    sampler = sampling.Sampler("G", sampling.normal(2), classes=3)
    z, label = jnp.arange(4.0).reshape(2, 2), jnp.int32([2, 0])
    made = sampling.sample(sampler, network, KEY, 2, label, z)
    np.testing.assert_array_equal(made, [[0, 1, 0, 0, 1], [2, 3, 1, 0, 0]])


def test_labels_are_drawn_alike_where_none_are_given():
    sampler = sampling.Sampler("G", sampling.normal(1), classes=4)
    made = np.asarray(sampling.sample(sampler, network, KEY, N))
    np.testing.assert_allclose(made[:, 1:].mean(0), 0.25, atol=4.5 * np.sqrt(0.1875 / N))
    assert abs(np.corrcoef(made[:, 0], made[:, 1])[0, 1]) < 4.5 / np.sqrt(N)


def test_samples_are_finished_with_a_key_of_their_own():
    def finish(made, key):
        return jnp.stack([made[:, 0], jax.random.normal(key, (len(made),))], axis=1)

    sampler = sampling.Sampler("G", sampling.normal(1), finish=finish)
    made = np.asarray(sampling.sample(sampler, network, KEY, 2000))
    assert abs(np.corrcoef(made.T)[0, 1]) < 4.5 / np.sqrt(2000), "not the latent's noise again"
    np.testing.assert_array_equal(sampling.sample(sampler, network, KEY, 2000), made)
    assert not np.array_equal(sampling.sample(sampler, network, jax.random.key(1), 2000), made)
