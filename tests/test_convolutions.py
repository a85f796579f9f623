import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flax import linen as nn
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_jax import convolutions

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


@settings(max_examples=8)
@given(SIDES, SIDES, st.integers(0, 7))
def test_reflect_pad_is_that_of_numpy(height, width, pad):
    x = draw(1, height, width, 2)
    expected = x
    for axis in (1, 2):  # numpy repeats the edge of an axis of one pixel, as we do
        pads = [(pad, pad) if i == axis else (0, 0) for i in range(4)]
        expected = np.pad(expected, pads, "reflect" if x.shape[axis] > 1 else "edge")
    np.testing.assert_array_equal(convolutions.reflect_pad(x, pad), expected)


@pytest.mark.parametrize(("height", "width", "pad"), [(5, 8, 1), (4, 9, 3), (2, 1, 3)])
def test_reflect_pad_has_the_gradient_of_a_gather(height, width, pad):
    def gather(x):
        for axis in (1, 2):
            mode = "reflect" if x.shape[axis] > 1 else "edge"
            x = jnp.take(x, np.pad(np.arange(x.shape[axis]), pad, mode), axis)
        return x

    assert_same_map(lambda x: convolutions.reflect_pad(x, pad), gather, draw(2, height, width, 3))


@settings(max_examples=8)
@given(SIDES, SIDES)
def test_pad_to_multiple_keeps_the_corner_and_the_multiples(height, width):
    x = draw(1, height, width, 1)
    out = convolutions.pad_to_multiple(x, 4)
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
    out = convolutions.conv(x, kernel, stride, pad)
    np.testing.assert_allclose(out, expected.numpy().transpose(0, 2, 3, 1), atol=1e-4)


def plain_conv(x, kernel, stride, pad):
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), ((pad, pad), (pad, pad)), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def plain_transpose(x, kernel):
    """With zeros between the pixels."""
    pads = {3: ((1, 2), (1, 2)), 4: ((2, 2), (2, 2))}[kernel.shape[0]]
    return jax.lax.conv_general_dilated(
        x, kernel, (1, 1), pads, lhs_dilation=(2, 2), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


# Each form of its own: strides, few inputs, few outputs, ordinary ones, more channels than pixels.
@pytest.mark.parametrize(
    ("size", "stride", "pad", "side", "inputs", "outputs"),
    [
        (3, 2, 1, 8, 5, 6),
        (3, 2, 1, 7, 5, 6),
        (4, 2, 1, 9, 5, 6),
        (7, 1, 0, 9, 3, 6),
        (4, 1, 1, 6, 5, 1),
        (3, 1, 1, 6, 5, 6),
        (3, 1, 1, 2, 20, 19),
        (4, 2, 1, 5, 20, 19),
    ],
)
def test_conv_equals_its_plain_form(size, stride, pad, side, inputs, outputs):
    x, kernel = draw(2, side, side + 2, inputs), draw(size, size, inputs, outputs)
    ours, plain = (lambda *args, f=f: f(*args, stride, pad) for f in (convolutions.conv, plain_conv))
    assert_same_map(ours, plain, x, kernel)


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize(("height", "width", "inputs", "outputs"), [(5, 4, 3, 2), (5, 4, 3, 6), (1, 2, 8, 9)])
def test_conv_transpose_equals_its_plain_form(size, height, width, inputs, outputs):
    x, kernel = draw(2, height, width, inputs), draw(size, size, inputs, outputs)
    assert_same_map(convolutions.conv_transpose, plain_transpose, x, kernel)


@pytest.mark.parametrize(("stride", "pad"), [(1, 1), (2, 1)])
def test_conv_has_the_second_derivative_of_its_plain_form(stride, pad):
    """That of a gradient penalty: the parameters' gradient of the norm of the pictures' gradient."""

    def penalty(conv):
        def slope(x, kernel):
            return jax.grad(lambda x: jnp.sum(jnp.tanh(conv(x, kernel, stride, pad))))(x)

        return lambda x, kernel: jnp.square(slope(x, kernel))

    x, kernel = draw(2, 6, 7, 5), 0.1 * draw(4, 4, 5, 6)
    assert_same_map(penalty(convolutions.conv), penalty(plain_conv), x, kernel)


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (4, 7)])
def test_conv_transpose_is_that_of_torch_and_flax(size, height, width):
    x, weight = draw(2, height, width, 3), draw(3, 5, size, size)
    kernel = np.ascontiguousarray(weight.transpose(2, 3, 0, 1)[::-1, ::-1])
    out = convolutions.conv_transpose(x, kernel)
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
    np.testing.assert_array_equal(convolutions.depth_to_space(x)[0, :, :, 0], expected)
    np.testing.assert_array_equal(convolutions.depth_to_space(x)[0, :, :, 1], np.add(expected, 10))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 1), (5, 4), (8, 9)])
@pytest.mark.parametrize(("inputs", "outputs"), [(3, 6), (6, 2), (20, 19)])
def test_conv_nearest_is_repeating_mirroring_and_convolving(height, width, inputs, outputs):
    def reference(x, kernel):
        x = convolutions.nearest(x)
        return plain_conv(jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect"), kernel, 1, 0)

    assert_same_map(
        convolutions.conv_nearest, reference, draw(2, height, width, inputs), draw(3, 3, inputs, outputs)
    )


def test_conv_within_a_loop_has_the_gradients_it_has_outside():
    x, kernels = draw(1, 6, 6, 8), 0.1 * draw(2, 3, 3, 8, 8)

    def looped(x, kernels):
        return jax.lax.scan(lambda x, kernel: (convolutions.conv(x, kernel, 1, 1), None), x, kernels)[0]

    def reference(x, kernels):
        return plain_conv(plain_conv(x, kernels[0], 1, 1), kernels[1], 1, 1)

    assert_same_map(looped, reference, x, kernels)


def test_nearest_repeats_pixels():
    out = convolutions.nearest(jnp.array([[1.0, 2.0]]).reshape(1, 1, 2, 1))
    np.testing.assert_array_equal(out[0, :, :, 0], [[1, 1, 2, 2], [1, 1, 2, 2]])
