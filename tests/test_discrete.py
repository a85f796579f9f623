import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax import discrete

LOGITS = jnp.float32([[0.3, -1.2], [2.0, 0.0]])


def test_ink_and_paper_by_hand():
    """sigmoid(log 3) = 3/4: ink twice 9/16, ink and paper 3/16, paper twice 1/16."""
    logits, x = jnp.full((3, 2), np.log(3)), jnp.float32([[1, 1], [1, -1], [-1, -1]])
    np.testing.assert_allclose(np.exp(discrete.log_bernoulli(x, logits)), [9 / 16, 3 / 16, 1 / 16], rtol=1e-6)


def test_symbols_by_hand():
    logits = jnp.log(jnp.float32([[[1, 1, 2], [1, 0.5, 0.5]]]))
    x = jnp.float32([[[0, 0, 1], [0, 1, 0]]])
    np.testing.assert_allclose(np.exp(discrete.log_categorical(x, logits)), [0.5 * 0.25], rtol=1e-6)


def test_the_probabilities_of_all_examples_add_up_to_one():
    pictures = jnp.float32(list(itertools.product([-1, 1], repeat=4))).reshape(16, 2, 2)
    logits = jnp.broadcast_to(LOGITS, (16, 2, 2))
    np.testing.assert_allclose(np.exp(discrete.log_bernoulli(pictures, logits)).sum(), 1, rtol=1e-5)
    strings = jnp.eye(2)[jnp.array(list(itertools.product(range(2), repeat=2)))]
    logits = jnp.broadcast_to(LOGITS, (4, 2, 2))
    np.testing.assert_allclose(np.exp(discrete.log_categorical(strings, logits)).sum(), 1, rtol=1e-5)


@pytest.mark.parametrize("name", discrete.DISTRIBUTIONS)
def test_draws_come_as_often_as_their_probability_says(name):
    draw, log_probability = discrete.DISTRIBUTIONS[name]
    logits = jnp.broadcast_to(LOGITS, (20_000, 2, 2))
    drawn = draw(logits, jax.random.key(0))
    kinds, first, counts = np.unique(
        np.asarray(drawn).reshape(-1, 4), axis=0, return_index=True, return_counts=True
    )
    expected = np.exp(np.asarray(log_probability(drawn, logits)))[first]
    assert len(kinds) == (16 if name == "bernoulli" else 4)
    np.testing.assert_allclose(counts / 20_000, expected, atol=4 * np.sqrt(0.25 / 20_000))


def test_what_is_drawn_carries_no_gradient():
    for draw, _ in discrete.DISTRIBUTIONS.values():
        slope = jax.grad(lambda logits, draw=draw: draw(logits, jax.random.key(0)).sum())(LOGITS)
        np.testing.assert_array_equal(slope, 0)


def test_effective_samples_by_hand():
    """Equal weights count all 4; one weight counts 1; (1/2, 1/2, 0, 0) counts 2. The mean over groups."""
    weights = jnp.float32([[0.25, 1, 0.5], [0.25, 0, 0.5], [0.25, 0, 0], [0.25, 0, 0]])
    assert discrete.effective(weights) == pytest.approx((4 + 1 + 2) / 3)
    assert discrete.effective(weights[:, 2]) == pytest.approx(2)
