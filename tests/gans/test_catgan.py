"""CatGAN's losses by hand: entropies of categories."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.errors import UserError
from gan_jax.game import moves
from gan_jax.gans import catgan

KEY = jax.random.key(0)
# p(c | x) of three examples; H of their mean (.366667, .433333, .2) is 1.052139, the mean of their H is 0.843250.
LOGITS = jnp.log(jnp.float32([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])) + 5
FAIRNESS, DOUBT = 1.052139, 0.843250
UNSURE = jnp.zeros((3, 3))  # H = log 3 of each, and of their mean


@pytest.fixture(scope="module")
def losses(tiny):
    def of(**changes):
        config = tiny("catgan.py", {"batch_size": 3, "categories": 3, **changes})
        return {move.name: move.loss for move in moves(catgan.game(config))}

    return of


def play(loss, examples, samples, **more):
    """Examples and samples that are their own logits."""
    given = {"G": lambda z: samples, "D": lambda x, *_: x, "rng": KEY}
    if "batch" in loss.__code__.co_varnames:
        given["batch"] = {"image": examples, **more}
    return loss(**given)


def test_entropies_by_hand():
    np.testing.assert_allclose(catgan.fairness(LOGITS), FAIRNESS, atol=1e-6)
    np.testing.assert_allclose(catgan.doubt(LOGITS), DOUBT, atol=1e-6)
    np.testing.assert_allclose([catgan.fairness(UNSURE), catgan.doubt(UNSURE)], np.log(3), rtol=1e-6)


def test_entropies_are_finite_where_a_probability_is_none():
    """Categories of their own for three examples: no doubt, and all the fairness."""
    sure = 200 * jnp.eye(3)
    np.testing.assert_allclose([catgan.doubt(sure), catgan.fairness(sure)], [0, np.log(3)], atol=1e-6)
    assert np.isfinite(jax.grad(catgan.doubt)(sure)).all()
    assert np.isfinite(jax.grad(catgan.fairness)(sure)).all()


def test_the_discriminator_is_sure_and_fair_on_examples_and_unsure_of_samples(losses):
    loss, report = play(losses()["discriminator"], LOGITS, UNSURE)
    np.testing.assert_allclose(loss, -FAIRNESS + DOUBT - np.log(3), atol=1e-6)
    np.testing.assert_allclose(report.log["examples/fairness"], FAIRNESS, atol=1e-6)
    np.testing.assert_allclose(report.log["samples/doubt"], np.log(3), atol=1e-6)


def test_the_generator_wants_its_samples_sure_and_fair(losses):
    loss, _ = play(losses()["generator"], UNSURE, LOGITS)
    np.testing.assert_allclose(loss, -FAIRNESS + DOUBT, atol=1e-6)


def test_labels_add_their_cross_entropy(losses):
    of = losses(**{"data.classes": 10, "data.labelled": 10, "categories": 10, "supervised": 0.5})
    labels = {"labelled": LOGITS, "label": jnp.int32([0, 1, 0])}
    loss, _ = play(of["discriminator"], LOGITS, UNSURE, **labels)
    plain = -FAIRNESS + DOUBT - np.log(3)
    np.testing.assert_allclose(loss - plain, -0.5 * np.log([0.7, 0.8, 0.3]).mean(), atol=1e-5)


def test_categories_are_at_least_the_known_classes(tiny):
    labels = {"data.classes": 10, "data.labelled": 10, "categories": 9}
    with pytest.raises(UserError, match=r"config\.categories=9: expected at least the 10 classes"):
        catgan.game(tiny("catgan.py", labels))
