import jax
import jax.numpy as jnp
import pytest
from torch import nn as tnn

from gan_jax.errors import UserError
from gan_jax.networks.patchgan import build


def torch_patchgan(width, layers, norm, bias, channels=3):
    body = [tnn.Conv2d(channels, width, 4, 2, 1), tnn.LeakyReLU(0.2)]
    before = width
    for i in range(1, layers + 1):
        after = width * min(2**i, 8)
        body += [
            tnn.Conv2d(before, after, 4, 1 if i == layers else 2, 1, bias=bias),
            norm(after),
            tnn.LeakyReLU(0.2),
        ]
        before = after
    return tnn.Sequential(*body, tnn.Conv2d(before, 1, 4, 1, 1))


def names(layers, batch):
    pairs = [(f"conv_{i}", f"norm_{i}") for i in range(1, layers + 1)]
    return ["conv_0", *(name for pair in pairs for name in pair[: 1 + batch]), f"conv_{layers + 1}"]


@pytest.mark.parametrize("layers", [1, 2, 3, 4, 5])
def test_equals_torch_with_instance_norm(equals_torch, layers):
    reference = torch_patchgan(3, layers, tnn.InstanceNorm2d, bias=True)
    side = 4 * 2**layers
    equals_torch(build(width=3, layers=layers), reference, names(layers, False), (2, side, side + 6, 3))


@pytest.mark.parametrize(
    ("norm", "reference", "batch"), [("batch", tnn.BatchNorm2d, True), ("none", tnn.Identity, False)]
)
def test_equals_torch_with_another_norm(equals_torch, norm, reference, batch):
    reference = torch_patchgan(4, 3, reference, bias=False, channels=6)
    equals_torch(build(width=4, norm=norm), reference, names(3, batch), (2, 35, 48, 6))


@pytest.mark.parametrize(("side", "logits"), [(256, 30), (128, 14), (70, 6), (64, 6), (24, 1)])
def test_number_of_patches(side, logits):
    x = jnp.zeros((2, side, side, 3))
    shape = jax.eval_shape(lambda key: build().init_with_output(key, x)[0], jax.random.key(0)).shape
    assert shape == (2, logits, logits, 1)


@pytest.mark.parametrize(("layers", "smallest"), [(1, 6), (3, 24)])
def test_a_picture_too_small_is_told_the_smallest_side(layers, smallest):
    init, key = build(width=1, layers=layers).init, jax.random.key(0)
    with pytest.raises(UserError, match=f"at least {smallest} x {smallest} pixels, not 30 x {smallest - 1}"):
        jax.eval_shape(init, key, jnp.zeros((1, 30, smallest - 1, 3)))
    jax.eval_shape(init, key, jnp.zeros((1, smallest, smallest, 3)))
