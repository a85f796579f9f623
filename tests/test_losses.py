import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax import losses
from gan_jax.losses import ADVERSARIAL

# Three logits on real and three on generated examples, with values worked out by hand:
# sp(-2) = 0.126928, sp(1) = 1.313262, sp(-0.5) = 0.474077; sp(-1.5) = 0.201413, sp(0.3) = 0.854355, sp(1) = 1.313262.
REAL, FAKE = np.float32([2, -1, 0.5]), np.float32([-1.5, 0.3, 1.0])
GOLDEN = [
    ("log", 1.427766, 0.856343),
    ("minimax", 1.427766, -0.789677),
    ("least_squares", (1 + 4 + 0.25) / 3 + (2.25 + 0.09 + 1) / 3, (6.25 + 0.49 + 0) / 3),
    ("wasserstein", -0.2 / 3 - 1.5 / 3, 0.2 / 3),
    ("hinge", (0 + 2 + 0.5) / 3 + (0 + 1.3 + 2) / 3, 0.2 / 3),
]
# The same at logits of 0, where D cannot tell: -log(1/2) = log 2 for each term of the log losses.
UNDECIDED = [
    ("log", 2 * np.log(2), np.log(2)),
    ("minimax", 2 * np.log(2), -np.log(2)),
    ("least_squares", 1, 1),
    ("wasserstein", 0, 0),
    ("hinge", 2, 0),
]


def test_every_adversarial_loss_has_golden_values():
    assert {name for name, *_ in GOLDEN} == {name for name, *_ in UNDECIDED} == set(ADVERSARIAL)


@pytest.mark.parametrize(("name", "discriminator", "generator"), GOLDEN)
def test_golden_values(name, discriminator, generator):
    np.testing.assert_allclose(ADVERSARIAL[name].discriminator(REAL, FAKE), discriminator, atol=1e-6)
    np.testing.assert_allclose(ADVERSARIAL[name].generator(FAKE), generator, atol=1e-6)


@pytest.mark.parametrize(("name", "discriminator", "generator"), UNDECIDED)
def test_an_undecided_discriminator(name, discriminator, generator):
    zeros = jnp.zeros((2, 3, 3, 1))
    np.testing.assert_allclose(ADVERSARIAL[name].discriminator(zeros, zeros), discriminator, atol=1e-6)
    np.testing.assert_allclose(ADVERSARIAL[name].generator(zeros), generator, atol=1e-6)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_means_over_patches_of_any_shape(name):
    """Each side is a mean of its own, so real and fake may differ in size, and repeating entries changes nothing."""
    pair = ADVERSARIAL[name]
    patches = np.tile(REAL.reshape(3, 1, 1, 1), (1, 2, 2, 1))
    np.testing.assert_allclose(pair.discriminator(patches, FAKE), pair.discriminator(REAL, FAKE), rtol=1e-6)
    assert pair.discriminator(patches, FAKE).shape == pair.generator(patches).shape == ()


# At logits so sure that a sigmoid is 0 or 1: (real, fake, D's loss, its gradient by real, by fake).
WRONG, RIGHT = (-1e4, 1e4), (1e4, -1e4)
EXTREME = [
    ("log", *WRONG, 2e4, -1, 1),
    ("log", *RIGHT, 0, 0, 0),
    ("least_squares", *WRONG, 1e8 + 2e4 + 1 + 1e8, -2e4 - 2, 2e4),
    ("least_squares", *RIGHT, 1e8 - 2e4 + 1 + 1e8, 2e4 - 2, -2e4),
    ("wasserstein", *WRONG, 2e4, -1, 1),
    ("hinge", *WRONG, 2e4 + 2, -1, 1),
    ("hinge", *RIGHT, 0, 0, 0),
]


@pytest.mark.parametrize(("name", "real", "fake", "value", "by_real", "by_fake"), EXTREME)
def test_extreme_logits_of_a_discriminator(name, real, fake, value, by_real, by_fake):
    loss, gradients = jax.value_and_grad(ADVERSARIAL[name].discriminator, (0, 1))(
        jnp.array([real]), jnp.array([fake])
    )
    np.testing.assert_allclose([loss, *jnp.concatenate(gradients)], [value, by_real, by_fake], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "fake", "value", "slope"),
    [
        ("log", -1e4, 1e4, -1),
        ("log", 1e4, 0, 0),
        ("minimax", -1e4, 0, 0),
        ("minimax", 1e4, -1e4, -1),
        ("least_squares", -1e4, 1e8 + 2e4 + 1, -2e4 - 2),
        ("wasserstein", -1e4, 1e4, -1),
        ("hinge", 1e4, -1e4, -1),
    ],
)
def test_extreme_logits_of_a_generator(name, fake, value, slope):
    loss, gradient = jax.value_and_grad(ADVERSARIAL[name].generator)(jnp.array([fake]))
    np.testing.assert_allclose([loss, gradient[0]], [value, slope], rtol=1e-6)


@pytest.mark.parametrize("seen_through", [0.001, 0.25, 0.5, 0.999])
def test_the_non_saturating_gradient_is_strong_where_the_minimax_one_vanishes(seen_through):
    """By the logit, -log D has slope -(1 - D) and log(1 - D) has slope -D, at D = D(G(z))."""
    logit = jnp.log(jnp.array([seen_through / (1 - seen_through)]))
    saturating, strong = (jax.grad(ADVERSARIAL[name].generator)(logit)[0] for name in ("minimax", "log"))
    np.testing.assert_allclose([saturating, strong], [-seen_through, seen_through - 1], rtol=1e-4)


def divergence(p, q):
    """2 JSD(p, q) = KL(p, m) + KL(q, m) with m = (p + q) / 2."""
    middle = (p + q) / 2
    return np.sum(p * np.log(p / middle)) + np.sum(q * np.log(q / middle))


@pytest.mark.parametrize(
    "counts", [([6, 6], [6, 6]), ([11, 1], [1, 11]), ([1, 2, 9], [5, 5, 2]), ([4, 4, 3, 1], [1, 1, 1, 9])]
)
def test_the_best_discriminator_measures_the_jensen_shannon_divergence(counts):
    """At D* = p / (p + q) the minimax value is -log 4 + 2 JSD(p, q), and no other D has a higher one.

    Expectations under p and q are means over 12 samples that repeat each outcome in its proportion.
    """
    real, fake = map(np.array, counts)
    p, q = real / 12, fake / 12

    def value(logits):
        samples = (np.repeat(logits, count).astype(np.float32) for count in (real, fake))
        return -losses.log_discriminator(*samples)

    best = value(np.log(p / q))
    np.testing.assert_allclose(best, -np.log(4) + divergence(p, q), atol=1e-6)
    for nudge in np.eye(len(p)):
        assert max(value(np.log(p / q) + nudge), value(np.log(p / q) - nudge)) < best


def test_reconstruction():
    output, target = jnp.array([[1.0, -2.0], [0.5, 4.0]]), jnp.array([[0.0, 1.0], [0.5, 2.0]])
    assert losses.l1(output, target) == (1 + 3 + 0 + 2) / 4
    assert losses.l2(output, target) == (1 + 9 + 0 + 4) / 4
    np.testing.assert_array_equal(jax.grad(losses.l1)(output, target), [[0.25, -0.25], [0, 0.25]])
    np.testing.assert_array_equal(jax.grad(losses.l2)(output, target), [[0.5, -1.5], [0, 1]])
