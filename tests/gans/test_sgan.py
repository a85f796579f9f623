"""SGAN's losses by hand, with one logit of K + 1 held at 0."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.errors import UserError
from gan_jax.game import moves
from gan_jax.gans import sgan

KEY = jax.random.key(0)
LOGITS = np.float32([[1, 0, -1], [0.2, 0.2, 0.2]])
LABELS = np.int32([0, 2])
SUPERVISED = (0.407606 + 1.098612) / 2  # log Z - l_y: 1.407606 - 1, 1.298612 - 0.2
# 1/2 E sp(-log Z) + 1/2 sp(log 3), of D = 0.803388, 0.785601 and of D = 3/4
UNSUPERVISED = 0.5 * (0.218918 + 0.241306) / 2 + 0.5 * 1.386294


@pytest.fixture(scope="module")
def losses(tiny):
    def of(**changes):
        tiny_ = {"data.classes": 10, "data.labelled": 10, **changes}
        return {move.name: move.loss for move in moves(sgan.game(tiny("sgan.py", tiny_)))}

    return of


def head(features, condition=None, rng=None):
    """Examples that are their own logits."""
    return features


def play(loss, **changes):
    batch = {"image": LOGITS, "labelled": LOGITS, "label": LABELS}
    given = {"G": lambda z: jnp.zeros((2, 3)), "T": head, "D": head, "batch": batch, "rng": KEY}
    return loss(**given | changes)


def test_the_logit_of_real_is_the_sum_of_the_classes():
    np.testing.assert_allclose(sgan.real(LOGITS), [1.407606, 1.298612], atol=1e-6)
    np.testing.assert_allclose(jax.nn.sigmoid(sgan.real(LOGITS)), [0.803388, 0.785601], atol=1e-6)
    with_fake = jnp.concatenate([LOGITS, jnp.zeros((2, 1))], axis=1)
    np.testing.assert_allclose(jax.nn.softmax(with_fake)[:, :3].sum(1), [0.803388, 0.785601], atol=1e-6)


def test_the_classifier_by_hand(losses):
    loss, report = play(losses()["classifier"])
    np.testing.assert_allclose(loss, SUPERVISED + UNSUPERVISED, atol=1e-5)
    np.testing.assert_allclose(report.log["labelled/loss"], SUPERVISED, atol=1e-6)
    assert report.log["labelled/accuracy"] == 0.5, "the first of three equal logits is the answer"
    loss, _ = play(losses(unlabelled=3.0)["classifier"])
    np.testing.assert_allclose(loss, SUPERVISED + 3 * UNSUPERVISED, atol=1e-5)


def test_on_the_labels_alone_nothing_else_counts(losses):
    """The baseline: the same network, the same labels; neither G nor the unlabelled examples are asked."""
    batch = {"image": jnp.full((2, 3), jnp.nan), "labelled": LOGITS, "label": LABELS}
    loss, _ = play(losses(unlabelled=0.0)["classifier"], batch=batch, G=lambda z: jnp.full((2, 3), jnp.nan))
    np.testing.assert_allclose(loss, SUPERVISED, atol=1e-6)


def test_features_are_matched_in_the_mean():
    real, fake = jnp.float32([[1, 2], [3, 6]]), jnp.float32([[0, 0], [2, 2]])
    np.testing.assert_allclose(sgan.matching(real, fake), ((2 - 1) ** 2 + (4 - 1) ** 2) / 2)


def test_both_losses_of_the_generator(losses):
    """Matching takes T's features of unlabelled examples; the other asks D: -log 3/4 where Z = 3."""
    batch = {"image": jnp.ones((2, 3)), "labelled": jnp.nan, "label": jnp.nan}
    loss, _ = play(losses()["generator"], batch=batch)
    np.testing.assert_allclose(loss, 1.0)
    loss, _ = play(losses(feature_matching=False)["generator"], batch=batch)
    np.testing.assert_allclose(loss, -np.log(0.75), atol=1e-6)


def test_noise_enters_the_input_and_every_hidden_layer_once(tiny):
    """T gives its last hidden layer before the noise, which the head then adds: deviation 0.5 on each."""
    game = sgan.game(tiny("sgan.py", {"discriminator.depth": 0, "batch_size": 4}))
    x, quiet = jnp.ones((4, 8, 8, 1)), jnp.zeros((1, 10))
    features = game.players["T"].apply({}, x, None, KEY)
    np.testing.assert_array_equal(features, x.reshape(4, 64))
    head = {"dense_0": {"kernel": jnp.eye(64, 10), "bias": quiet[0]}}
    noise = np.stack(
        [game.players["D"].apply(head, features, None, jax.random.key(i)) - 1 for i in range(50)]
    )
    np.testing.assert_allclose([noise.mean(), noise.std()], [0, 0.5], atol=0.05)
    np.testing.assert_array_equal(game.players["D"].apply(head, features), jnp.ones((4, 10)))


@pytest.mark.parametrize("changes", [{"data.classes": 0}, {"data.labelled": 0}])
def test_labels_are_needed(tiny, changes):
    with pytest.raises(UserError, match=r"config\.data\.classes=.*such as 10 and 50"):
        sgan.game(tiny("sgan.py", {"data.classes": 10, "data.labelled": 10, **changes}))
