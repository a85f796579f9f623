import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax import networks
from gan_jax.gans import dcgan


def test_losses_by_hand(tiny, loss):
    """Outputs (2, -1, 0.5) and (-1.5, 0.3, 1): E sp(-r) + E sp(q), and E sp(-q)."""
    x, fake = (
        jnp.broadcast_to(np.float32(v).reshape(3, 1, 1, 1), (3, 8, 8, 1))
        for v in ([2, -1, 0.5], [-1.5, 0.3, 1])
    )
    given = {"x": x, "G": lambda z: fake, "D": lambda x: x[:, 0, 0, 0]}
    game = dcgan.game(tiny("dcgan.py"))
    np.testing.assert_allclose(loss(game, "discriminator", **given)[0], 1.427766, atol=1e-6)
    np.testing.assert_allclose(loss(game, "generator", **given)[0], 0.856343, atol=1e-6)


def test_the_discriminator_has_examples_and_samples_in_batches_of_their_own(tiny, loss):
    """A D that takes off the batch's mean sees neither: 2 log 2, where one joint batch would tell them apart."""
    x, fake = jnp.full((3, 8, 8, 1), 1.0), jnp.full((3, 8, 8, 1), -1.0)

    def D(x):
        return 100 * (x - x.mean())[:, 0, 0, 0]

    found, _ = loss(dcgan.game(tiny("dcgan.py")), "discriminator", x=x, G=lambda z: fake, D=D)
    np.testing.assert_allclose(found, 2 * np.log(2), rtol=1e-5)


def shapes(module, *inputs):
    return jax.eval_shape(module.init, jax.random.key(0), *inputs)["params"]


@pytest.mark.parametrize("side", [8, 28, 64])
def test_batch_norm_is_left_out_of_the_last_layer_of_g_and_the_first_of_d(side):
    block = {"width": 4, "norm": "batch"}
    G = networks.build({"network": "dcgan_generator", **block}, shape=(side, side, 1))
    D = networks.build({"network": "dcgan_discriminator", **block})
    doublings = {8: 1, 28: 2, 64: 4}[side]
    found = shapes(G, jnp.zeros((2, 10)))
    assert {name for name in found if "norm" in name} == {f"norm_{i}" for i in range(doublings + 1)}
    assert found["conv"]["kernel"].shape == (3, 3, 4, 1)
    found = shapes(D, jnp.zeros((2, side, side, 1)))
    assert {name for name in found if "norm" in name} == {f"norm_{i}" for i in range(1, doublings)}
    assert sorted(name for name in found if "conv" in name) == [f"conv_{i}" for i in range(doublings)]


@pytest.mark.parametrize(("side", "maps"), [(8, [4]), (28, [14, 7]), (64, [32, 16, 8, 4])])
def test_every_layer_of_d_halves_and_of_g_doubles(side, maps):
    """The maps that Flax reports for each layer."""
    D = networks.build({"network": "dcgan_discriminator", "width": 4})
    G = networks.build({"network": "dcgan_generator", "width": 4}, shape=(side, side, 1))

    def sides(module, x, kind):
        _, seen = jax.eval_shape(
            lambda: module.init_with_output(jax.random.key(0), x, capture_intermediates=True, mutable=True)
        )
        found = seen["intermediates"]
        return [found[name]["__call__"][0].shape[1] for name in sorted(found) if name.startswith(kind)]

    assert sides(D, jnp.zeros((2, side, side, 1)), "conv_") == maps
    assert sides(G, jnp.zeros((2, 10)), "deconv_") == [*maps[-2::-1], side]
