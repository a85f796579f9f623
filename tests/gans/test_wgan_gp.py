import jax
import numpy as np
import pytest

from gan_jax.gans import wgan_gp

W = np.float32([3.0, 4.0])  # a linear critic x -> 3 x_1 + 4 x_2 has slope 5 everywhere


def made(tiny, **changes):
    return wgan_gp.game(tiny("wgan_gp.py:ring", {"penalty": 10.0} | changes))


def test_losses_by_hand(tiny, loss):
    """D takes the first coordinate, whose slope is 1, so that the penalty is 0."""
    game = made(tiny)
    critic, log = loss(game, "discriminator")
    np.testing.assert_allclose([critic, log["distance"], log["penalty"]], [-0.566667, 0.566667, 0], atol=1e-6)
    np.testing.assert_allclose(loss(game, "generator")[0], 0.066667, atol=1e-6)


@pytest.mark.parametrize("scale", [0.0, 0.1, 1.0])
def test_the_penalty_of_a_linear_critic_is_exact(tiny, loss, scale):
    """(|w| - 1)^2 wherever it is measured; below 1 as well as above, and finite where the slope is 0."""
    critic, log = loss(made(tiny), "discriminator", D=lambda x: x @ (scale * W))
    np.testing.assert_allclose(log["penalty"], (5 * scale - 1) ** 2, rtol=1e-5)
    np.testing.assert_allclose(critic, 10 * log["penalty"] - log["distance"], rtol=1e-5)


def test_the_penalty_is_measured_between_each_example_and_its_sample(tiny, loss):
    """f(x) = x_1^2 / 2 has slope x_1; between 3 and 1 lies e 3 + (1 - e) 1 = 1 + 2 e, whose (slope - 1)^2 is 4 e^2."""
    x, fake = np.full((4000, 2), 3, np.float32), np.full((4000, 2), 1, np.float32)
    _, log = loss(made(tiny), "discriminator", D=lambda x: x[:, 0] ** 2 / 2, x=x, G=lambda z: fake)
    np.testing.assert_allclose(log["penalty"], 4 / 3, atol=0.1)  # E 4 e^2, e ~ U(0, 1): sd 1.19 / sqrt 4000
    x[:2000] = 1  # half of the pairs have no distance between them: slope 1, no penalty
    _, log = loss(made(tiny), "discriminator", D=lambda x: x[:, 0] ** 2 / 2, x=x, G=lambda z: fake)
    np.testing.assert_allclose(log["penalty"], 2 / 3, atol=0.1)


def test_the_gradient_goes_through_the_penalty(tiny, loss):
    """d/dw of 10 (|w| - 1)^2 + w . (mean fake - mean real) is 20 (|w| - 1) w / |w| + that difference."""
    game = made(tiny)
    slope = jax.grad(lambda w: loss(game, "discriminator", D=lambda x: x @ w)[0])(W)
    np.testing.assert_allclose(slope, 20 * 4 * W / 5 + [-0.566667, 0], rtol=1e-5)
