import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn as tnn

from gan_jax.errors import UserError
from gan_jax.networks.resnet import ResNetGenerator, build


class TorchBlock(tnn.Module):
    def __init__(self, width, norm, bias):
        super().__init__()
        self.body = tnn.Sequential(
            tnn.ReflectionPad2d(1), tnn.Conv2d(width, width, 3, bias=bias), norm(width), tnn.ReLU(),
            tnn.ReflectionPad2d(1), tnn.Conv2d(width, width, 3, bias=bias), norm(width),
        )  # fmt: skip

    def forward(self, x):
        return x + self.body(x)


def torch_resnet(width, blocks, norm, bias):
    halves = [
        layer
        for wide in (width, 2 * width)
        for layer in (tnn.Conv2d(wide, 2 * wide, 3, 2, 1, bias=bias), norm(2 * wide), tnn.ReLU())
    ]
    doubles = [
        layer
        for wide in (4 * width, 2 * width)
        for layer in (
            tnn.ConvTranspose2d(wide, wide // 2, 3, 2, 1, 1, bias=bias),
            norm(wide // 2),
            tnn.ReLU(),
        )
    ]
    return tnn.Sequential(
        tnn.ReflectionPad2d(3), tnn.Conv2d(3, width, 7, bias=bias), norm(width), tnn.ReLU(),
        *halves, *(TorchBlock(4 * width, norm, bias) for _ in range(blocks)), *doubles,
        tnn.ReflectionPad2d(3), tnn.Conv2d(width, 3, 7), tnn.Tanh(),
    )  # fmt: skip


def names(blocks, batch):
    """Flax names in the order of the layers, with those of the norms when they have parameters."""
    pairs = [("conv_in", "norm_in"), *((f"down_{i}", f"down_norm_{i}") for i in range(2))]
    pairs += [(f"block_{i}/conv_{j}", f"block_{i}/norm_{j}") for i in range(blocks) for j in range(2)]
    pairs += [(f"up_{i}/deconv", f"up_norm_{i}") for i in range(2)]
    return [name for pair in pairs for name in pair[: 1 + batch]] + ["conv_out"]


@pytest.mark.parametrize("blocks", [6, 9])
def test_equals_torch_with_instance_norm(equals_torch, blocks):
    reference = torch_resnet(4, blocks, tnn.InstanceNorm2d, bias=True)
    equals_torch(ResNetGenerator(width=4, blocks=blocks), reference, names(blocks, False), (2, 20, 16, 3))


def test_equals_torch_with_batch_norm(equals_torch):
    reference = torch_resnet(4, 2, tnn.BatchNorm2d, bias=False)
    equals_torch(ResNetGenerator(width=4, blocks=2, norm="batch"), reference, names(2, True), (2, 16, 16, 3))


@given(st.integers(1, 23), st.integers(1, 23), st.sampled_from(["deconv", "resize", "shuffle"]))
def test_output_has_the_size_of_the_input(height, width, upsample):
    module = build(channels=2, width=2, blocks=1, upsample=upsample)
    x = jnp.zeros((1, height, width, 3))
    shape = jax.eval_shape(lambda key: module.init_with_output(key, x)[0], jax.random.key(0)).shape
    assert shape == (1, height, width, 2)


@pytest.mark.parametrize("side", [1, 3])
def test_tiny_pictures_give_finite_numbers(drawn, side):
    module = build(width=2, blocks=1)
    params, x = drawn(module, (1, side, side, 3))
    assert np.isfinite(jax.jit(module.apply)(params, x)).all()


def test_an_odd_picture_is_the_crop_of_the_mirrored_one(drawn):
    module = build(width=2, blocks=1)
    params, x = drawn(module, (1, 11, 9, 3))
    padded = np.pad(x, ((0, 0), (0, 1), (0, 3), (0, 0)), mode="reflect")
    apply = jax.jit(module.apply)
    np.testing.assert_allclose(apply(params, x), apply(params, padded)[:, :11, :9], atol=1e-5)


def test_dropout_only_with_a_key(drawn):
    module = build(width=2, blocks=1, dropout=0.5)
    params, x = drawn(module, (1, 8, 8, 3))
    apply = jax.jit(module.apply)
    still, plain = apply(params, x), jax.jit(build(width=2, blocks=1).apply)(params, x)
    one, two = (apply(params, x, jax.random.key(i)) for i in (2, 3))
    np.testing.assert_array_equal(still, plain)
    np.testing.assert_array_equal(one, apply(params, x, jax.random.key(2)))
    assert np.abs(one - still).max() > 1e-2
    assert np.abs(one - two).max() > 1e-2


def test_bfloat16_computes_near_float32_and_keeps_float32_parameters(drawn):
    half, full = (build(width=4, blocks=1, dtype=dtype) for dtype in ("bfloat16", "float32"))
    params, x = drawn(half, (1, 16, 16, 3))
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype("float32")}
    out, exact = jax.jit(half.apply)(params, x), jax.jit(full.apply)(params, x)
    assert out.dtype == jnp.float32
    assert 0 < np.abs(out - exact).max() < 0.1


def test_unknown_names_are_told(drawn):
    for fields in ({"norm": "layer"}, {"upsample": "bicubic"}):
        with pytest.raises(UserError, match=r"is unknown: use"):
            drawn(build(width=2, blocks=1, **fields), (1, 8, 8, 3))


def test_equals_torch_where_the_blocks_are_a_loop(equals_torch):
    """As large as the fast form of its convolutions asks for: 30 x 28 pixels, 64 channels."""
    reference = torch_resnet(16, 3, tnn.InstanceNorm2d, bias=True)
    equals_torch(ResNetGenerator(width=16, blocks=3), reference, names(3, False), (1, 120, 112, 3))


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_a_loop_of_blocks_draws_the_dropout_of_one_after_another(monkeypatch, norm):
    network = ResNetGenerator(width=4, blocks=3, norm=norm, dropout=0.5)
    x = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3)), jnp.float32)
    params, key = network.init(jax.random.key(0), x), jax.random.key(1)
    one_after_another = network.apply(params, x, key)
    monkeypatch.setattr(ResNetGenerator, "_loops", lambda *_: True)
    np.testing.assert_allclose(network.apply(params, x, key), one_after_another, atol=1e-5)
