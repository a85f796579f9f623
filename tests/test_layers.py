import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from gan_jax import layers
from gan_jax.errors import UserError


def draw(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def nchw(array):
    return torch.from_numpy(np.ascontiguousarray(array.transpose(0, 3, 1, 2)))


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

    x, direction = draw(2, 6, 5, 3), draw(2, 6, 5, 3)[::-1]
    ours, wanted = (
        jax.jit(lambda x, f=f: jax.vjp(f, x)[1](direction)[0])(x) for f in (layers.instance_norm, formula)
    )
    np.testing.assert_allclose(ours, wanted, atol=1e-5)


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
