import jax
import numpy as np
import pytest

from gan_jax.gans import lsgan

# D, on outputs (2, -1, 0.5) and (-1.5, 0.3, 1): 1/2 mean (1 + 4 + 0.25) + 1/2 mean (2.25 + 0.09 + 1), and so on.
CODES = [((0.0, 1.0, 1.0), 1.431667, 1.123333), ((-1.0, 1.0, 0.0), 1.865, 0.556667)]


def made(tiny, codes):
    a, b, c = codes
    return lsgan.game(tiny("lsgan.py:ring", {"codes.fake": a, "codes.real": b, "codes.wanted": c}))


@pytest.mark.parametrize(("codes", "discriminator", "generator"), CODES)
def test_losses_by_hand(tiny, loss, codes, discriminator, generator):
    game = made(tiny, codes)
    np.testing.assert_allclose(loss(game, "discriminator")[0], discriminator, atol=1e-6)
    np.testing.assert_allclose(loss(game, "generator")[0], generator, atol=1e-6)


def test_the_variant_of_theorem_1(tiny):
    codes = tiny("lsgan.py:pearson").codes
    assert (codes.real - codes.wanted, codes.real - codes.fake) == (1, 2)


@pytest.mark.parametrize("codes", [codes for codes, *_ in CODES])
def test_the_best_discriminator(tiny, loss, codes):
    """On three outcomes with densities p and q, in twelfths, it is (b p + a q) / (p + q): there the slope is 0.

    At (-1, 1, 0) the generator's loss is then a quarter of the Pearson divergence of p + q and 2 q, of which samples
    take part q: E_q D^2 / 2 = 1/2 sum q ((p - q) / (p + q))^2.
    """
    p, q = np.array([6, 4, 2]), np.array([2, 4, 6])
    real, fake = (np.repeat(np.eye(3, dtype=np.float32), count, axis=0) for count in (p, q))
    a, b, _ = codes
    best = ((b * p + a * q) / (p + q)).astype(np.float32)
    networks = {"G": lambda z: fake, "x": real}

    def objective(D):
        return loss(made(tiny, codes), "discriminator", D=lambda x: x @ D, **networks)[0]

    np.testing.assert_allclose(jax.grad(objective)(best), 0, atol=1e-6)
    assert objective(best) < objective(best + 0.1)
    if codes == (-1.0, 1.0, 0.0):
        generator = loss(made(tiny, codes), "generator", D=lambda x: x @ best, **networks)[0]
        np.testing.assert_allclose(generator, 0.5 * np.sum(q / 12 * ((p - q) / (p + q)) ** 2), rtol=1e-6)


def test_samples_beyond_the_border_still_pull(tiny, loss):
    """Where a sample is taken for real with D = 5, the gradient is 4 towards the border; a log's would be 0.007."""
    game = made(tiny, (0.0, 1.0, 1.0))

    def objective(d):
        return loss(game, "generator", G=lambda z: np.zeros((1, 2), np.float32), D=lambda x: d + 0 * x[:, 0])[
            0
        ]

    np.testing.assert_allclose(jax.grad(objective)(5.0), 4)
