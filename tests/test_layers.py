import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flax import linen as nn
from hypothesis import given
from hypothesis import strategies as st

from gan_jax import layers
from gan_jax.errors import UserError

SIDES = st.integers(1, 12)


def draw(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def nchw(array):
    return torch.from_numpy(np.ascontiguousarray(array.transpose(0, 3, 1, 2)))


def assert_same_map(ours, reference, *args):
    """Outputs, and gradients of a fixed projection of them, agree to rounding."""

    def both(function):
        def projected(*args):
            out = function(*args)
            return jnp.sum(out * jnp.cos(jnp.arange(out.size)).reshape(out.shape)), out

        gradients, out = jax.jit(jax.grad(projected, tuple(range(len(args))), has_aux=True))(*args)
        return out, gradients

    with jax.default_matmul_precision("highest"):
        for mine, theirs in zip(jax.tree.leaves(both(ours)), jax.tree.leaves(both(reference)), strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-5 * (1 + np.abs(theirs).max()))


@given(SIDES, SIDES, st.integers(0, 7))
def test_reflect_pad_is_that_of_numpy(height, width, pad):
    x = draw(1, height, width, 2)
    expected = x
    for axis in (1, 2):  # numpy repeats the edge of an axis of one pixel, as we do
        pads = [(pad, pad) if i == axis else (0, 0) for i in range(4)]
        expected = np.pad(expected, pads, "reflect" if x.shape[axis] > 1 else "edge")
    np.testing.assert_array_equal(layers.reflect_pad(x, pad), expected)


@pytest.mark.parametrize(("height", "width", "pad"), [(5, 8, 1), (4, 9, 3), (2, 1, 3)])
def test_reflect_pad_has_the_gradient_of_a_gather(height, width, pad):
    def gather(x):
        for axis in (1, 2):
            mode = "reflect" if x.shape[axis] > 1 else "edge"
            x = jnp.take(x, np.pad(np.arange(x.shape[axis]), pad, mode), axis)
        return x

    assert_same_map(lambda x: layers.reflect_pad(x, pad), gather, draw(2, height, width, 3))


@given(SIDES, SIDES)
def test_pad_to_multiple_keeps_the_corner_and_the_multiples(height, width):
    x = draw(1, height, width, 1)
    out = layers.pad_to_multiple(x, 4)
    assert out.shape == (1, -(-height // 4) * 4, -(-width // 4) * 4, 1)
    np.testing.assert_array_equal(out[:, :height, :width], x)


@pytest.mark.parametrize(
    ("size", "stride", "pad"),
    [
        (1, 1, 0),
        (3, 1, 1),
        (3, 2, 1),
        (4, 2, 1),
        (4, 1, 1),
        (7, 1, 0),
        (3, 2, 0),
        (4, 2, 0),
        (5, 2, 2),
        (5, 3, 1),
    ],
)
@pytest.mark.parametrize(("height", "width"), [(8, 10), (9, 7)])
def test_conv_is_that_of_torch(size, stride, pad, height, width):
    x, kernel = draw(2, height, width, 3), draw(size, size, 3, 5)
    weight = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
    expected = torch.nn.functional.conv2d(nchw(x), weight, stride=stride, padding=pad)
    out = layers.conv(x, kernel, stride, pad)
    np.testing.assert_allclose(out, expected.numpy().transpose(0, 2, 3, 1), atol=1e-4)


@pytest.mark.parametrize(
    ("size", "stride", "pad", "side"), [(3, 2, 1, 8), (3, 2, 1, 7), (4, 2, 1, 8), (4, 2, 1, 9), (7, 1, 0, 9)]
)
def test_conv_equals_its_plain_form(size, stride, pad, side):
    def plain(x, kernel):
        numbers = ("NHWC", "HWIO", "NHWC")
        strides, pads = (stride, stride), ((pad, pad), (pad, pad))
        return jax.lax.conv_general_dilated(x, kernel, strides, pads, dimension_numbers=numbers)

    def ours(x, kernel):
        return layers.conv(x, kernel, stride, pad)

    assert_same_map(ours, plain, draw(2, side, side + 2, 3), draw(size, size, 3, 4))


@pytest.mark.parametrize("size", [3, 4])
def test_conv_transpose_equals_its_plain_form(size):
    pads = {3: ((1, 2), (1, 2)), 4: ((2, 2), (2, 2))}[size]

    def plain(x, kernel):  # zeros between the pixels
        numbers = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(
            x, kernel, (1, 1), pads, lhs_dilation=(2, 2), dimension_numbers=numbers
        )

    assert_same_map(layers.conv_transpose, plain, draw(2, 5, 4, 3), draw(size, size, 3, 2))


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (4, 7)])
def test_conv_transpose_is_that_of_torch_and_flax(size, height, width):
    x, weight = draw(2, height, width, 3), draw(3, 5, size, size)
    kernel = np.ascontiguousarray(weight.transpose(2, 3, 0, 1)[::-1, ::-1])
    out = layers.conv_transpose(x, kernel)
    assert out.shape == (2, 2 * height, 2 * width, 5)
    of_torch = torch.nn.functional.conv_transpose2d(
        nchw(x), torch.from_numpy(weight), stride=2, padding=1, output_padding=4 - size
    )
    np.testing.assert_allclose(out, of_torch.numpy().transpose(0, 2, 3, 1), atol=1e-4)
    pads = {3: ((1, 2), (1, 2)), 4: ((2, 2), (2, 2))}[size]
    flax = nn.ConvTranspose(5, (size, size), (2, 2), pads, use_bias=False)
    np.testing.assert_allclose(out, flax.apply({"params": {"kernel": kernel}}, x), atol=1e-4)


def test_depth_to_space_lays_rows_then_columns():
    x = jnp.array([[[[0, 10, 1, 11, 2, 12, 3, 13], [4, 14, 5, 15, 6, 16, 7, 17]]]])
    expected = [[0, 1, 4, 5], [2, 3, 6, 7]]
    np.testing.assert_array_equal(layers.depth_to_space(x)[0, :, :, 0], expected)
    np.testing.assert_array_equal(layers.depth_to_space(x)[0, :, :, 1], np.add(expected, 10))


def test_nearest_repeats_pixels():
    out = layers.nearest(jnp.array([[1.0, 2.0]]).reshape(1, 1, 2, 1))
    np.testing.assert_array_equal(out[0, :, :, 0], [[1, 1, 2, 2], [1, 1, 2, 2]])


def test_leaky_relu_by_hand():
    np.testing.assert_allclose(layers.leaky_relu(jnp.array([-2.0, 0.0, 3.0])), [-0.4, 0, 3])
    np.testing.assert_allclose(layers.leaky_relu(jnp.array([-2.0, 3.0]), 0.01), [-0.02, 3])


def test_dropout_keeps_the_mean_and_needs_a_key():
    x = jnp.ones((100, 1000))
    assert layers.dropout(x, 0.25, None) is x
    out = np.asarray(layers.dropout(x, 0.25, jax.random.key(0)))
    np.testing.assert_allclose(np.unique(out), [0, 4 / 3], rtol=1e-6)
    assert abs((out == 0).mean() - 0.25) < 0.01


def test_instance_norm_by_hand():
    x = jnp.array([[1.0, 3.0], [1.0, 3.0]]).reshape(1, 2, 2, 1)
    unit = 1 / np.sqrt(1 + 1e-5)
    np.testing.assert_allclose(layers.instance_norm(x)[0, :, :, 0], [[-unit, unit]] * 2, rtol=1e-6)


@pytest.mark.parametrize(("mean", "std"), [(0, 1), (300, 1), (5, 0.01)])
def test_instance_norm_is_that_of_torch(mean, std):
    x = mean + std * draw(2, 6, 5, 3)
    expected = torch.nn.functional.instance_norm(nchw(x).double()).numpy().transpose(0, 2, 3, 1)
    np.testing.assert_allclose(layers.instance_norm(x), expected, atol=1e-4)


def test_instance_norm_has_the_gradient_of_its_formula():
    def formula(x):
        return (x - x.mean((1, 2), keepdims=True)) / jnp.sqrt(x.var((1, 2), keepdims=True) + 1e-5)

    assert_same_map(layers.instance_norm, formula, draw(2, 6, 5, 3))


def test_norms_take_their_moments_in_float32():
    x = jnp.asarray(100 + draw(1, 32, 32, 2), jnp.bfloat16)
    out = layers.instance_norm(x)
    assert out.dtype == jnp.bfloat16
    np.testing.assert_allclose(out, layers.instance_norm(x.astype(jnp.float32)), atol=0.02)


def test_batch_norm_by_hand():
    x = jnp.array([[0.0, 1.0], [2.0, 5.0]])
    params = {"params": {"scale": jnp.array([1.0, 2.0]), "bias": jnp.array([0.0, 7.0])}}
    out = layers.BatchNorm(epsilon=0.0).apply(params, x)
    np.testing.assert_allclose(out, [[-1, 5], [1, 9]], rtol=1e-6)


def test_first_parameters_are_those_of_the_reference():
    params = layers.BatchNorm().init(jax.random.key(0), jnp.zeros((1, 1, 1, 4000)))["params"]
    np.testing.assert_allclose([params["scale"].mean(), params["scale"].std()], [1, 0.02], atol=1e-3)
    assert not params["bias"].any()
    for layer in (layers.Conv(40, 5), layers.ConvTranspose(40, 4)):
        params = layer.init(jax.random.key(0), jnp.zeros((1, 8, 8, 10)))["params"]
        np.testing.assert_allclose([params["kernel"].mean(), params["kernel"].std()], [0, 0.02], atol=1e-3)
        assert not params["bias"].any()


def test_conv_mirrors_when_asked():
    x, params = draw(1, 5, 6, 2), {"params": {"kernel": draw(3, 3, 2, 1), "bias": np.ones(1, np.float32)}}
    mirrored = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    expected = layers.conv(mirrored, params["params"]["kernel"]) + 1
    np.testing.assert_allclose(layers.Conv(1, 3, pad=1, reflect=True).apply(params, x), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["deconv", "resize", "shuffle"])
def test_upsample_doubles(kind):
    x = draw(2, 3, 5, 4)
    out, _ = layers.Upsample(6, kind).init_with_output(jax.random.key(0), x)
    assert out.shape == (2, 6, 10, 6)


def test_resizing_convolution_keeps_a_flat_picture_flat():
    out, _ = layers.Upsample(1, "resize").init_with_output(jax.random.key(0), jnp.ones((1, 4, 4, 3)))
    np.testing.assert_allclose(out, np.full_like(out, out[0, 0, 0, 0]), atol=1e-6)


@pytest.mark.parametrize(
    ("module", "word"), [(layers.Norm("layer"), "norm"), (layers.Upsample(1, "up"), "upsample")]
)
def test_unknown_names_are_told(module, word):
    with pytest.raises(UserError, match=f"{word}='.*' is unknown: use"):
        module.init(jax.random.key(0), jnp.zeros((1, 4, 4, 1)))
