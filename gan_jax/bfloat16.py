"""Convolutions of bfloat16 pictures as matrix products, which CPUs have instructions for.

Products of bfloat16 matrices that are added up in float32 run at twice the rate of float32, where convolutions are done
in float32 behind the scenes. With neighbours along a row as channels,

    y[i, j, a] = [k[a, 0]; k[a, 1]; ...]' [x[i, j]; x[i, j + 1]; ...]        out[i, j] = sum_a y[i + a, j, a]

and sums are rounded once, at their end. What a convolution is of pixels and taps, its gradients are of each other; so
all three are products, and derivatives of any order are. There is no forward-mode derivative.
"""

import math
from collections.abc import Sequence
from functools import reduce

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, UInt16

from gan_jax import products, winograd

Image = Float[Array, "batch height width channels"]
Bits = UInt16[Array, "..."]
Kernel = Float[Array, "rows columns inputs outputs"]

CHANNELS = 32  # fewer do not fill a product
PIXELS = 600  # of fewer, a product a row of taps is faster than one of kernels side by side


def suits(x: Image, kernel: Kernel) -> bool:
    """Whether this form was measured to be the faster one: in bfloat16, with enough channels."""
    few = min(kernel.shape[2:]) < CHANNELS
    return winograd.allowed() and x.dtype == kernel.dtype == jnp.bfloat16 and not few


@jax.custom_vjp
def correlate(x: Image, kernel: Kernel) -> Image:
    """`out[i, j] = sum_ab kernel[a, b]' x[i + a, j + b]`, unpadded."""
    return _correlate(_bits(x), _bits(kernel)).astype(x.dtype)


@jax.custom_vjp
def spread(g: Image, kernel: Kernel) -> Image:
    """The gradient of `correlate` to its pixels: `out[i, j] = sum_ab kernel[a, b] g[i - a, j - b]`, zeros around."""
    rows, columns = (size - 1 for size in kernel.shape[:2])
    padded = jnp.pad(_bits(g), ((0, 0), (rows, rows), (columns, columns), (0, 0)))
    return _correlate(padded, _bits(kernel)[::-1, ::-1].swapaxes(2, 3)).astype(g.dtype)


@jax.custom_vjp
def gather(x: Image, g: Image) -> Kernel:
    """The gradient of `correlate` to its taps: `out[a, b] = sum_ij x[i + a, j + b] g[i, j]'`."""
    rows, columns = (long - short + 1 for long, short in zip(x.shape[1:3], g.shape[1:3], strict=True))
    # Apart from what `correlate` made of x, which else XLA would keep.
    x_bits, g_bits = jax.lax.optimization_barrier((_bits(x), _bits(g)))
    shifted = [jnp.pad(g_bits, ((0, 0), (i, rows - 1 - i), (0, 0), (0, 0))) for i in range(rows)]
    out = _product(_side_by_side(x_bits, columns), jnp.concatenate(shifted, axis=-1), (0, 1, 2), (0, 1, 2))
    return out.reshape(columns, x.shape[-1], rows, g.shape[-1]).transpose(2, 0, 1, 3).astype(x.dtype)


correlate.defvjp(
    lambda x, kernel: (correlate(x, kernel), (x, kernel)),
    lambda saved, g: (spread(g, saved[1]), gather(saved[0], g)),
)
spread.defvjp(
    lambda g, kernel: (spread(g, kernel), (g, kernel)),
    lambda saved, x: (correlate(x, saved[1]), gather(x, saved[0])),
)
gather.defvjp(
    lambda x, g: (gather(x, g), (x, g)),
    lambda saved, kernel: (spread(saved[1], kernel), correlate(saved[0], kernel)),
)


def _correlate(x: Bits, kernel: Bits) -> Float[Array, "batch height width channels"]:
    rows, columns, inputs, outputs = kernel.shape
    height = x.shape[1] - rows + 1
    pixels = _side_by_side(x, columns)
    if math.prod(pixels.shape[:3]) < PIXELS:
        kernels = kernel.reshape(rows, columns * inputs, outputs)
        parts = [_product(pixels[:, i : i + height], kernels[i], (3,), (0,)) for i in range(rows)]
        return reduce(jnp.add, parts)
    kernels = kernel.transpose(1, 2, 0, 3).reshape(columns * inputs, rows * outputs)
    parts = jnp.split(_product(pixels, kernels, (3,), (0,)), rows, axis=-1)
    return reduce(jnp.add, (part[:, i : i + height] for i, part in enumerate(parts)))


def _side_by_side(x: Bits, columns: int) -> Bits:
    """Horizontal neighbours as channels."""
    width = x.shape[2] - columns + 1
    return jnp.concatenate([x[:, :, j : j + width] for j in range(columns)], axis=-1)


def _bits(x: Array) -> Bits:
    """Rounded to bfloat16, as integers: XLA moves those as they are, but numbers as float32."""
    return jax.lax.bitcast_convert_type(x.astype(jnp.bfloat16), jnp.uint16)


def _product(a: Bits, b: Bits, over_a: Sequence[int], over_b: Sequence[int]) -> Float[Array, "..."]:
    a, b = (jax.lax.bitcast_convert_type(bits, jnp.bfloat16) for bits in (a, b))
    return products.summed(a, b, over_a, over_b)
