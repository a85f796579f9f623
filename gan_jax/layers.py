"""Convolutions, norms and small pure layers: ordinary HWIO kernels, computed in whatever form is fastest."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Float, PRNGKeyArray

from gan_jax.errors import UserError

Image = Float[Array, "batch height width channels"]
Kernel = Float[Array, "k k inputs outputs"]


def reflect_pad(x: Image, pad: int) -> Image:
    """Pad height and width on both sides, mirrored about the border pixel, as torch's ReflectionPad2d.

    A picture too small to be mirrored once is mirrored again and again; a single pixel is repeated.
    """
    return _reflect(_reflect(x, pad, pad, axis=1), pad, pad, axis=2)


def pad_to_multiple(x: Image, multiple: int) -> Image:
    """Mirror pixels below and to the right until height and width are multiples of `multiple`."""
    x = _reflect(x, 0, -x.shape[1] % multiple, axis=1)
    return _reflect(x, 0, -x.shape[2] % multiple, axis=2)


def _reflect(x: Array, before: int, after: int, axis: int) -> Array:
    size = x.shape[axis]
    if before == after == 0:
        return x
    if max(before, after) >= size:  # a gather: general but slow, so only for tiny pictures
        return jnp.take(x, np.pad(np.arange(size), (before, after), "reflect" if size > 1 else "edge"), axis)
    pads = [(0, 0)] * x.ndim
    pads[axis] = (before, after)
    return jnp.pad(x, pads, "reflect")


def conv(x: Image, kernel: Kernel, stride: int = 1, pad: int = 0) -> Image:
    """Cross-correlate, zeros around: `out[i] = sum_a kernel[a] x[stride i + a - pad]`, as torch's Conv2d."""
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), ((pad, pad), (pad, pad)), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def conv_transpose(x: Image, kernel: Kernel) -> Image:
    """Double height and width by a transposed convolution with k = 3 or 4 taps.

    Equals torch's ConvTranspose2d(k, stride=2, padding=1, output_padding=4 - k) at
    `kernel = weight.transpose(2, 3, 0, 1)[::-1, ::-1]`, and Flax's ConvTranspose with padding (1, 2) for
    k = 3, (2, 2) for k = 4. Computed in the sub-pixel form (Shi et al. 2016, arXiv 1609.07009): one
    convolution of 2 x 2 taps to four times the channels, then `depth_to_space`; no inserted zeros.
    """
    size, _, inputs, outputs = kernel.shape
    # Along one axis, with f the kernel. k = 3: out[2j] = f1 x[j], out[2j+1] = f0 x[j] + f2 x[j+1].
    # k = 4: out[2j-1] = f1 x[j-1] + f3 x[j], out[2j] = f0 x[j-1] + f2 x[j].
    # So (tap, phase) reads f in the order 1032, where k = 3 has f3 = 0.
    kernel = jnp.pad(kernel, ((0, 4 - size), (0, 4 - size), (0, 0), (0, 0)))
    order = np.array([1, 0, 3, 2])
    kernel = kernel[order][:, order].reshape(2, 2, 2, 2, inputs, outputs)
    kernel = kernel.transpose(0, 2, 4, 1, 3, 5).reshape(2, 2, inputs, 4 * outputs)
    if size == 3:
        x = jnp.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
        return depth_to_space(conv(x, kernel))
    return depth_to_space(conv(x, kernel, pad=1))[:, 1:-1, 1:-1]


def depth_to_space(x: Float[Array, "batch h w 4*c"]) -> Float[Array, "batch 2*h 2*w c"]:
    """Spread channels ordered (row phase, column phase, channel) over 2 x 2 pixels: the sub-pixel shuffle."""
    batch, height, width, channels = x.shape
    x = x.reshape(batch, height, width, 2, 2, channels // 4).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(batch, 2 * height, 2 * width, channels // 4)


def nearest(x: Image) -> Image:
    """Double height and width by repeating every pixel 2 x 2 times."""
    return jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)


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
    return _standardize(x, (1, 2), epsilon).astype(x.dtype)


def _standardize(x: Array, axes: tuple[int, ...], epsilon: float) -> Array:
    centred = x.astype(jnp.float32)
    centred = centred - centred.mean(axes, keepdims=True)
    return centred * jax.lax.rsqrt(jnp.square(centred).mean(axes, keepdims=True) + epsilon)


class BatchNorm(nn.Module):
    """`scale * (x - mean) / sqrt(var + epsilon) + bias`, always with the moments of the batch given.

    Scale starts at N(1, 0.02), bias at 0. Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 1.
    """

    epsilon: float = 1e-5

    @nn.compact
    def __call__(self, x: Float[Array, "batch *space channels"]) -> Float[Array, "batch *space channels"]:
        """Normalise over every axis but the last."""
        scale = self.param("scale", lambda *a: 1 + nn.initializers.normal(0.02)(*a), x.shape[-1:])
        bias = self.param("bias", nn.initializers.zeros, x.shape[-1:])
        shape = (1,) * (x.ndim - 1) + x.shape[-1:]
        out = _standardize(x, tuple(range(x.ndim - 1)), self.epsilon) * scale.reshape(shape) + bias.reshape(
            shape
        )
        return out.astype(x.dtype)


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
    return kernel, bias.astype(dtype)


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
        x = x.astype(self.dtype)
        if self.reflect:
            out = conv(reflect_pad(x, self.pad), kernel, self.stride)
        else:
            out = conv(x, kernel, self.stride, self.pad)
        return out + bias.reshape(1, 1, 1, -1)


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
        return conv_transpose(x.astype(self.dtype), kernel) + bias.reshape(1, 1, 1, -1)


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
            return Conv(self.features, **mirrored, name="resize")(nearest(x))
        if self.kind == "shuffle":
            return depth_to_space(Conv(4 * self.features, **mirrored, name="shuffle")(x))
        raise UserError(f'upsample={self.kind!r} is unknown: use "deconv", "resize" or "shuffle"')
