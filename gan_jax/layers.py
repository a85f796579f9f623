"""Layers with parameters, norms, activations: building blocks of the networks. See `convolutions` for their speed."""

import math
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, PRNGKeyArray

from gan_jax.convolutions import Image, conv, conv_nearest, conv_transpose, depth_to_space, reflect_pad
from gan_jax.errors import UserError
from gan_jax.rows import even
from gan_jax.slices import mixes_examples


def leaky_relu(x: Array, slope: float = 0.2) -> Array:
    """`max(x, slope * x)` for a slope in [0, 1]."""
    return jnp.where(x >= 0, x, slope * x)


def dropout(x: Array, rate: float, rng: PRNGKeyArray | None) -> Array:
    """Zero each entry with probability `rate`, divide the others by `1 - rate`; without a key, return `x`."""
    if rng is None or rate == 0:
        return x
    return jnp.where(jax.random.bernoulli(rng, 1 - rate, x.shape), x / (1 - rate), 0).astype(x.dtype)


def instance_norm(x: Image, epsilon: float = 1e-5) -> Image:
    """`(x - mean) / sqrt(var + epsilon)` with the moments of each picture's channels; no scale, no bias.

    Moments are float32 whatever x's type, and the variance is taken about the mean (two passes), because
    E[x^2] - E[x]^2 cancels where the mean is large. Ulyanov et al. 2016, arXiv 1607.08022, eq. 5.
    """
    batch, height, width, channels = x.shape
    out = _standardize(x.reshape(batch, height * width, channels).astype(jnp.float32), height, epsilon)
    return out.reshape(x.shape).astype(x.dtype)


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def _standardize(x: Float[Array, "n pixels c"], rows: int, epsilon: float) -> Float[Array, "n pixels c"]:
    return _standardized(x, rows, epsilon)[0]


def _standardized(
    x: Float[Array, "n pixels c"], rows: int, epsilon: float
) -> tuple[Array, tuple[Array, Array]]:
    x = x - _mean(x, rows)
    scale = jax.lax.rsqrt(_mean(jnp.square(x), rows) + epsilon)
    return x * scale, (x * scale, scale)


def _standardize_backward(rows: int, epsilon: float, saved: tuple[Array, Array], g: Array) -> tuple[Array]:
    """`scale (g - mean(g) - y mean(g y))`: from the output alone, so that nothing else is kept."""
    y, scale = saved
    return (scale * (g - _mean(g, rows) - y * _mean(g * y, rows)),)


_standardize.defvjp(_standardized, _standardize_backward)


def _mean(x: Float[Array, "n pixels c"], rows: int) -> Float[Array, "n 1 c"]:
    if jax.default_backend() != "cpu":
        return x.mean(1, keepdims=True)
    # A product with ones, which a CPU does four times faster than XLA's reductions; row by row, since adding up
    # all the pixels one by one would lose digits.
    n, pixels, channels = x.shape
    ones = jnp.full((n, rows, 1, pixels // rows), 1 / pixels, x.dtype)
    return (ones @ x.reshape(n, rows, pixels // rows, channels)).sum(1)


class BatchNorm(nn.Module):
    """`scale * (x - mean) / sqrt(var + epsilon) + bias`, always with the moments of the batch given.

    Scale starts at N(1, 0.02), bias at 0. Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 1.
    """

    epsilon: float = 1e-5

    @nn.compact
    def __call__(self, x: Float[Array, "batch *space channels"]) -> Float[Array, "batch *space channels"]:
        """Normalise over every axis but the last."""
        mixes_examples("batch norm")
        scale = self.param("scale", lambda *a: 1 + nn.initializers.normal(0.02)(*a), x.shape[-1:])
        bias = self.param("bias", nn.initializers.zeros, x.shape[-1:])
        scale, bias = scale.reshape(1, 1, -1), bias.reshape(1, 1, -1)
        rows = math.prod(x.shape[:-2])
        flat = x.reshape(1, -1, x.shape[-1]).astype(jnp.float32)
        out = _standardize(flat, rows, self.epsilon) * scale + bias
        return out.reshape(x.shape).astype(x.dtype)


class Norm(nn.Module):
    """The norm of that name: "instance" (no parameters), "batch" (scale and bias) or "none"."""

    kind: str = "instance"

    @nn.compact
    def __call__(self, x: Image) -> Image:
        """Raises UserError for an unknown name."""
        if self.kind == "instance":
            return instance_norm(x)
        if self.kind == "batch":
            return BatchNorm(name="batch")(x)
        if self.kind == "none":
            return x
        raise UserError(f'norm={self.kind!r} is unknown: use "instance", "batch" or "none"')


def _parameters(module: nn.Module, shape: tuple[int, ...], use_bias: bool, dtype: Any) -> tuple[Array, Array]:
    kernel = module.param("kernel", nn.initializers.normal(0.02), shape).astype(dtype)
    bias = module.param("bias", nn.initializers.zeros, shape[-1:]) if use_bias else jnp.zeros(())
    return kernel, bias


def _biased(out: Image, bias: Float[Array, " c"] | Float[Array, ""]) -> Image:
    """`out + bias`, added in float32: so is then its gradient, a sum over all pixels, which bfloat16 cannot hold."""
    return (out + bias.reshape(1, 1, 1, -1)).astype(out.dtype)


class Dense(nn.Module):
    """`x W + b`, plus `c V` for a condition c; W from N(0, 2 / inputs) (He et al. 2015, arXiv 1502.01852), b zero, V
    small.

    `spectral` divides W by an estimate of its largest singular value, u' W v with v = W'u / |W'u|; u is a
    fixed entry of the parameters: `optimizers.power_iteration` moves it (Miyato et al. 2018, arXiv 1802.05957,
    algorithm 1).
    """

    features: int
    use_bias: bool = True
    spectral: bool = False
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, x: Float[Array, "b inputs"], condition: Float[Array, "b code"] | None = None
    ) -> Float[Array, "b features"]:
        """[b, inputs], and [b, code] if it was made with conditions, to [b, features]."""
        kernel = self.param("kernel", nn.initializers.he_normal(), (x.shape[-1], self.features))
        if self.spectral:
            u = self.param("u", nn.initializers.normal(1.0), (x.shape[-1],))
            kernel = kernel / spectral_norm(kernel, u)[0]
        out = x.astype(self.dtype) @ kernel.astype(self.dtype)
        if self.use_bias:
            bias = self.param("bias", nn.initializers.zeros, (self.features,))
            out = out + bias.astype(self.dtype).reshape(1, -1)
        if condition is not None:
            shape = (condition.shape[-1], self.features)
            map_ = self.param("condition", nn.initializers.normal(0.1), shape).astype(self.dtype)
            out = out + condition.astype(self.dtype) @ map_
        return out


def spectral_norm(
    kernel: Float[Array, "inputs features"], u: Float[Array, " inputs"]
) -> tuple[Float[Array, ""], Float[Array, " inputs"]]:
    """One power iteration from u: the largest singular value (never over-estimated), and the next u.

    v = W'u / |W'u|, u <- W v / |W v|, sigma = u' W v; u and v carry no gradient.
    Source: Miyato et al. 2018, arXiv 1802.05957, appendix A.
    """
    v = _unit(kernel.T @ u)
    u = _unit(kernel @ v)
    u, v = jax.lax.stop_gradient((u, v))
    return u @ kernel @ v, u


def _unit(x: Float[Array, " n"]) -> Float[Array, " n"]:
    return x / (jnp.linalg.norm(x) + 1e-12)


class Conv(nn.Module):
    """`conv` with a kernel from N(0, 0.02) and a zero bias; `reflect` pads with mirrored pixels."""

    features: int
    size: int
    stride: int = 1
    pad: int = 0
    reflect: bool = False
    use_bias: bool = True
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Image) -> Image:
        """[B, h, w, c] -> [B, (h + 2 pad - size) // stride + 1, ..., features]."""
        shape = (self.size, self.size, x.shape[-1], self.features)
        kernel, bias = _parameters(self, shape, self.use_bias, self.dtype)
        x = even(x).astype(self.dtype)
        x, pad = (reflect_pad(x, self.pad), 0) if self.reflect else (x, self.pad)
        return even(_biased(conv(x, kernel, self.stride, pad), bias))


class ConvTranspose(nn.Module):
    """`conv_transpose` with a kernel from N(0, 0.02) and a zero bias: doubles height and width."""

    features: int
    size: int = 3
    use_bias: bool = True
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Image) -> Image:
        """[B, h, w, c] -> [B, 2 h, 2 w, features]."""
        shape = (self.size, self.size, x.shape[-1], self.features)
        kernel, bias = _parameters(self, shape, self.use_bias, self.dtype)
        return even(_biased(conv_transpose(even(x).astype(self.dtype), kernel), bias))


class ResizeConv(nn.Module):
    """`conv_nearest` with a kernel from N(0, 0.02) and a zero bias: doubles height and width."""

    features: int
    size: ClassVar[int] = 2  # pixels that an output pixel sees along an axis, through three taps
    use_bias: bool = True
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Image) -> Image:
        """[B, h, w, c] -> [B, 2 h, 2 w, features]."""
        kernel, bias = _parameters(self, (3, 3, x.shape[-1], self.features), self.use_bias, self.dtype)
        return even(_biased(conv_nearest(even(x).astype(self.dtype), kernel), bias))


class Upsample(nn.Module):
    """Double height and width by the way named `kind`.

    "deconv": `ConvTranspose` of 3 taps. "resize": nearest pixels, then a mirrored 3 x 3 convolution, which
    lays no checkerboard (Odena et al. 2016, distill.pub/2016/deconv-checkerboard). "shuffle": a mirrored
    3 x 3 convolution to four times the features, then `depth_to_space` (Shi et al. 2016, arXiv 1609.05158).
    """

    features: int
    kind: str = "deconv"
    use_bias: bool = True
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Image) -> Image:
        """[B, h, w, c] -> [B, 2 h, 2 w, features]; raises UserError for an unknown name."""
        fields = {"use_bias": self.use_bias, "dtype": self.dtype}
        mirrored = {"size": 3, "pad": 1, "reflect": True, **fields}
        if self.kind == "deconv":
            return ConvTranspose(self.features, **fields, name="deconv")(x)
        if self.kind == "resize":
            return ResizeConv(self.features, **fields, name="resize")(x)
        if self.kind == "shuffle":
            return depth_to_space(Conv(4 * self.features, **mirrored, name="shuffle")(x))
        raise UserError(f'upsample={self.kind!r} is unknown: use "deconv", "resize" or "shuffle"')
