"""Convolutions of bfloat16 pictures as products, against XLA's own in float32."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_jax import bfloat16, compiler, convolutions, winograd
from gan_jax.layers import Conv, ConvTranspose, ResizeConv

HALF = jnp.bfloat16
SIDES, TAPS = st.integers(1, 6), st.integers(1, 4)


def plain(x, kernel):
    x, kernel = x.astype(jnp.float32), kernel.astype(jnp.float32)
    return jax.lax.conv_general_dilated(
        x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"), precision="highest"
    )


def whole(*shape):
    """Numbers from -2 to 2, so that sums of a few dozen products are exact in bfloat16 too."""
    return jnp.asarray(np.random.default_rng(sum(shape)).integers(-2, 3, shape), HALF)


def gradients(conv, x, kernel, g):
    return jax.vjp(conv, x, kernel)[1](g)


def test_by_hand():
    """Pixels 1 2 3 4 and taps 1 10 make 21 32 43 in each of two rows, added up with weights 1 and 2."""
    x = jnp.asarray([[1, 2, 3, 4]] * 2, HALF).reshape(1, 2, 4, 1)
    kernel = jnp.asarray([[1, 10], [2, 20]], HALF).reshape(2, 2, 1, 1)
    np.testing.assert_array_equal(bfloat16.correlate(x, kernel)[0, 0, :, 0], [63, 96, 129])


@settings(max_examples=20)
@given(SIDES, SIDES, TAPS, TAPS, st.integers(1, 2), st.sampled_from([0, 10**9]))
def test_it_is_the_plain_convolution_with_its_gradients(height, width, rows, columns, batch, pixels):
    """Exactly, for numbers that need no rounding, in both forms."""
    x, kernel = whole(batch, height + rows - 1, width + columns - 1, 2), whole(rows, columns, 2, 3)
    g = whole(batch, height, width, 3) // 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bfloat16, "PIXELS", pixels)
        np.testing.assert_array_equal(bfloat16.correlate(x, kernel), plain(x, kernel))
        ours = gradients(bfloat16.correlate, x, kernel, g)
    for mine, theirs in zip(ours, gradients(plain, x, kernel, g.astype(jnp.float32)), strict=True):
        assert mine.dtype == HALF
        np.testing.assert_array_equal(mine, theirs)


def test_gradients_of_gradients():
    random = np.random.default_rng(0)
    x = jnp.asarray(random.normal(size=(1, 6, 5, 8)), HALF)
    kernel = jnp.asarray(random.normal(size=(3, 2, 8, 8)) / 7, HALF)

    def penalty(conv):
        def size(x, kernel):
            slopes = jax.grad(lambda x, k: jnp.sum(jnp.sin(conv(x, k).astype(jnp.float32))), (0, 1))(
                x, kernel
            )
            return sum(jnp.sum(jnp.square(slope.astype(jnp.float32))) for slope in slopes)

        return jax.grad(size, (0, 1))

    ours, exact = (penalty(conv)(x, kernel) for conv in (bfloat16.correlate, plain))
    for mine, theirs in zip(ours, exact, strict=True):
        theirs = theirs.astype(jnp.float32)
        np.testing.assert_allclose(mine.astype(jnp.float32), theirs, atol=0.03 * np.abs(theirs).max())


def test_sums_are_rounded_once():
    """In bfloat16 a sum of ones ends at 256, where adding one changes nothing."""
    x, kernel = jnp.ones((1, 66, 66, 32), HALF), jnp.ones((3, 3, 32, 32), HALF)
    out = bfloat16.correlate(x, kernel)
    np.testing.assert_array_equal(out, jnp.full(out.shape, 9 * 32, HALF))
    np.testing.assert_array_equal(bfloat16.gather(x, out), jnp.full((3, 3, 32, 32), 64 * 64 * 9 * 32, HALF))


@pytest.mark.parametrize(
    "layer", [Conv(4, 3, pad=1, dtype=HALF), ConvTranspose(4, dtype=HALF), ResizeConv(4, dtype=HALF)]
)
def test_the_gradient_of_a_bias_is_a_sum_in_float32(layer):
    x = jnp.zeros((1, 64, 64, 2))
    params = layer.init(jax.random.key(0), x)["params"]
    out, pull = jax.vjp(lambda params: layer.apply({"params": params}, x), params)
    assert out.dtype == HALF
    np.testing.assert_array_equal(pull(jnp.ones_like(out))[0]["bias"], np.full(4, out[0, ..., 0].size))


@pytest.mark.parametrize("pad", [0, 1, 3])
def test_conv_takes_it_where_it_suits(monkeypatch, pad):
    x, kernel = whole(1, 9, 8, 32), whole(3, 3, 32, 32)
    called = []
    real = bfloat16.correlate
    monkeypatch.setattr(bfloat16, "correlate", lambda x, kernel: called.append(1) or real(x, kernel))
    out = convolutions.conv(x, kernel, 1, pad)
    assert called
    expected = plain(jnp.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0))), kernel)
    np.testing.assert_array_equal(out, expected.astype(HALF))


def test_what_it_is_for():
    x, kernel = jnp.zeros((1, 8, 8, 32), HALF), jnp.zeros((3, 3, 32, 32), HALF)
    assert bfloat16.suits(x, kernel)
    assert not bfloat16.suits(x.astype(jnp.float32), kernel.astype(jnp.float32))
    assert not bfloat16.suits(x[..., :3], kernel[:, :, :3])
    with winograd.left_out():
        assert not bfloat16.suits(x, kernel)


def test_programs_in_bfloat16_have_options_of_their_own():
    assert compiler.options("bfloat16").items() >= compiler.BFLOAT16_OPTIONS.items()
    assert compiler.options("float32") == compiler.options()
    assert compiler.options()[compiler.YNNPACK] != compiler.options("bfloat16")[compiler.YNNPACK]
