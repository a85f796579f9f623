import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_jax import convolutions, winograd

SIDES = st.integers(1, 9)


def draw(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def plain(x, kernel):
    return jax.lax.conv_general_dilated(
        x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"), precision="highest"
    )


def pulled(function, *args):
    """The output, and the gradients of a fixed projection of it."""

    def projected(*args):
        out = function(*args)
        return jnp.sum(out * jnp.cos(jnp.arange(out.size)).reshape(out.shape)), out

    gradients, out = jax.jit(jax.grad(projected, tuple(range(len(args))), has_aux=True))(*args)
    return out, *gradients


def assert_equal(ours, reference, *args):
    for mine, theirs in zip(pulled(ours, *args), pulled(reference, *args), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=3e-6 * np.abs(theirs).max() + 1e-9)


def test_an_axis_by_hand():
    """Pixels 1 2 3 4 and taps 1 10 100 make 321 and 432."""
    x = jnp.asarray([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 4, 1) * jnp.ones((1, 3, 1, 1))
    kernel = jnp.zeros((3, 3, 1, 1)).at[1, :, 0, 0].set(jnp.asarray([1.0, 10.0, 100.0]))
    np.testing.assert_allclose(winograd.correlate(x, kernel)[0, 0, :, 0], [321, 432], rtol=1e-6)


@settings(max_examples=12)
@given(SIDES, SIDES, st.integers(1, 3))
def test_it_is_the_plain_convolution_with_its_gradients(height, width, batch):
    x, kernel = draw(batch, height + 2, width + 2, 5), draw(3, 3, 5, 4)
    assert_equal(winograd.correlate, plain, x, kernel)


@pytest.mark.parametrize("channels", [64, 256])
def test_no_digits_are_lost(channels):
    """Against double precision: no more than a few roundings, as the plain form."""
    x, kernel = draw(1, 18, 18, channels), draw(3, 3, channels, 8)
    weight = torch.from_numpy(kernel.transpose(3, 2, 0, 1).astype(np.float64))
    picture = torch.from_numpy(x.transpose(0, 3, 1, 2).astype(np.float64))
    exact = torch.nn.functional.conv2d(picture, weight).numpy().transpose(0, 2, 3, 1)
    largest = np.abs(exact).max()
    assert np.abs(winograd.correlate(x, kernel) - exact).max() < 2e-6 * largest
    assert np.abs(plain(x, kernel) - exact).max() < 2e-6 * largest


def test_bfloat16_is_rounded_three_times():
    """The transformed pixels and taps, and the results: 2^-9 of a number at most, each a third of that on average."""
    x, kernel = draw(1, 14, 14, 64).astype(jnp.bfloat16), draw(3, 3, 64, 64).astype(jnp.bfloat16)
    ours = pulled(winograd.correlate, x, kernel)
    exact = pulled(plain, *(jnp.asarray(each, jnp.float32) for each in (x, kernel)))
    for mine, theirs in zip(ours, exact, strict=True):
        assert mine.dtype == jnp.bfloat16
        error = np.asarray(mine, np.float32) - theirs
        assert 1e-3 < np.sqrt(np.mean(error**2) / np.mean(theirs**2)) < 6e-3


def test_pictures_in_turn(monkeypatch):
    x, kernel = draw(3, 8, 9, 6), draw(3, 3, 6, 7)
    together = pulled(winograd.correlate, x, kernel)
    monkeypatch.setattr(winograd, "AT_ONCE", 100)
    jax.clear_caches()
    in_turn = pulled(winograd.correlate, x, kernel)
    for a, b in zip(in_turn, together, strict=True):
        np.testing.assert_allclose(a, b, atol=3e-6 * np.abs(b).max())


def test_the_second_derivative():
    def penalty(conv):
        return lambda x, kernel: jnp.square(jax.grad(lambda x: jnp.sum(jnp.tanh(conv(x, kernel))))(x))

    x, kernel = draw(2, 7, 6, 4), 0.2 * draw(3, 3, 4, 5)
    assert_equal(penalty(winograd.correlate), penalty(plain), x, kernel)


def test_the_gradient_of_the_gradient_to_the_taps():
    x, g = draw(1, 6, 8, 3), draw(1, 4, 6, 5)

    def reference(x, g):
        return jax.vjp(lambda kernel: plain(x, kernel), jnp.zeros((3, 3, 3, 5)))[1](g)[0]

    assert_equal(winograd.gather, reference, x, g)


def test_what_it_is_for():
    kernel = jnp.zeros((3, 3, 64, 64))
    assert winograd.suits(jnp.zeros((1, 32, 32, 64)), kernel, pad=1)
    assert winograd.suits(jnp.zeros((1, 34, 34, 64)), kernel)
    assert not winograd.suits(jnp.zeros((1, 16, 16, 64)), kernel, pad=1)
    assert not winograd.suits(jnp.zeros((1, 128, 128, 64)), kernel, pad=1)
    assert winograd.suits(jnp.zeros((1, 32, 32, 64), jnp.bfloat16), kernel.astype(jnp.bfloat16), pad=1)
    assert not winograd.suits(jnp.zeros((1, 32, 32, 64), jnp.bfloat16), kernel, pad=1)
    assert not winograd.suits(jnp.zeros((1, 32, 32, 64)), jnp.zeros((3, 3, 64, 32)), pad=1)
    assert not winograd.suits(jnp.zeros((1, 32, 32, 64)), jnp.zeros((4, 4, 64, 64)), pad=1)


def test_conv_takes_it_where_it_suits(monkeypatch):
    x, kernel = draw(1, 32, 30, 64), draw(3, 3, 64, 64)
    called = []
    real = winograd.correlate
    monkeypatch.setattr(winograd, "correlate", lambda x, kernel: called.append(1) or real(x, kernel))
    out = convolutions.conv(x, kernel, 1, 1)
    assert called
    expected = plain(jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), kernel)
    np.testing.assert_allclose(out, expected, atol=3e-6 * np.abs(expected).max())


def test_it_can_be_left_out():
    x, kernel = jnp.zeros((1, 34, 34, 64)), jnp.zeros((3, 3, 64, 64))
    with winograd.left_out():
        assert not winograd.suits(x, kernel)
    assert winograd.suits(x, kernel)
