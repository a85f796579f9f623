from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn as tnn

from gan_jax.errors import UserError
from gan_jax.networks.unet import build


class TorchLevel(tnn.Module):
    """All of the U-Net from one level inwards: x in front of what comes back from below."""

    def __init__(self, outer, inner, below, norm, bias):
        super().__init__()
        down = tnn.Conv2d(outer, inner, 4, 2, 1, bias=bias)
        up = tnn.ConvTranspose2d(2 * inner if below else inner, outer, 4, 2, 1, bias=bias)
        middle = [norm(inner), below] if below else []
        self.body = tnn.Sequential(tnn.LeakyReLU(0.2), down, *middle, tnn.ReLU(), up, norm(outer))

    def forward(self, x):
        return torch.cat([x, self.body(x)], dim=1)


def torch_unet(width, levels, norm, bias):
    widths = [width * min(2**i, 8) for i in range(levels)]
    level = None
    for outer, inner in reversed(list(pairwise(widths))):
        level = TorchLevel(outer, inner, level, norm, bias)
    up = tnn.ConvTranspose2d(2 * width, 3, 4, 2, 1)
    return tnn.Sequential(tnn.Conv2d(3, width, 4, 2, 1, bias=bias), level, tnn.ReLU(), up, tnn.Tanh())


def names(levels, batch):
    inner = levels - 1
    down = [name for i in range(1, inner) for name in (f"down_{i}", f"down_norm_{i}")[: 1 + batch]]
    up = [name for i in range(inner, 0, -1) for name in (f"up_{i}", f"up_norm_{i}")[: 1 + batch]]
    return ["down_0", *down, f"down_{inner}", *up, "up_0"]


def test_equals_torch_with_instance_norm(equals_torch):
    reference = torch_unet(4, 5, tnn.InstanceNorm2d, bias=True)
    equals_torch(build(width=4, levels=5, norm="instance"), reference, names(5, False), (2, 64, 32, 3))


def test_equals_torch_with_batch_norm(equals_torch):
    reference = torch_unet(2, 6, tnn.BatchNorm2d, bias=False)
    equals_torch(build(width=2, levels=6), reference, names(6, True), (2, 64, 64, 3))


@settings(max_examples=10)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(5, 8))
def test_output_has_the_size_of_the_input(height, width, levels):
    module = build(channels=1, width=1, levels=levels)
    x = jnp.zeros((1, height, width, 3))
    shape = jax.eval_shape(lambda key: module.init_with_output(key, x)[0], jax.random.key(0)).shape
    assert shape == (1, height, width, 1)


@pytest.mark.parametrize(("levels", "draws"), [(5, 0), (6, 1), (8, 3)])
def test_dropout_on_the_inner_levels_alone(levels, draws):
    module = build(width=1, levels=levels)
    x = jnp.zeros((1, 2**levels, 2**levels, 3))
    params = jax.eval_shape(module.init, jax.random.key(0), x)
    text = str(jax.make_jaxpr(lambda p, key: module.apply(p, x, rng=key))(params, jax.random.key(0)))
    assert text.count("random_bits") == draws
    assert "random_bits" not in str(jax.make_jaxpr(lambda p: module.apply(p, x))(params))


def test_dropout_changes_with_the_key(drawn):
    module = build(width=2, levels=6, norm="instance")
    params, x = drawn(module, (1, 64, 64, 3), std=0.5)
    apply = jax.jit(module.apply)
    one, two = (apply(params, x, jax.random.key(i)) for i in (2, 3))
    assert np.abs(one - two).max() > 1e-3


def test_too_few_levels_are_told(drawn):
    with pytest.raises(UserError, match="levels=4 is too few"):
        drawn(build(width=1, levels=4), (1, 16, 16, 3))
