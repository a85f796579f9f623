"""Convolutions of networks that are only read: weights as they come from PyTorch, batch norm folded into them."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

Maps = Float[Array, "batch height width channels"]
Pads = str | tuple[tuple[int, int], tuple[int, int]]
Weights = Mapping[str, np.ndarray]
Layer = tuple[Array, Array]  # a kernel and a bias


def conv(x: Maps, layer: Layer, stride: int = 1, pads: Pads = "SAME") -> Maps:
    """x * kernel (HWIO) + bias, at full float32 precision on every device. SAME pads as TensorFlow does."""
    kernel, bias = layer
    y = lax.conv_general_dilated(
        x, kernel, (stride, stride), pads, dimension_numbers=("NHWC", "HWIO", "NHWC"), precision="highest"
    )
    return y + bias.reshape(1, 1, 1, -1)


def depthwise(x: Maps, layer: Layer, stride: int) -> Maps:
    """A kernel (height, width, channel) for each channel, padded as SAME: a sum over shifted pictures.

    XLA's grouped convolution is 15 to 200 times slower on a CPU.
    """
    kernel, bias = layer
    side = kernel.shape[0]
    out = [-(-length // stride) for length in x.shape[1:3]]
    reach = [(count - 1) * stride + 1 for count in out]
    short = [max(far + side - 1 - length, 0) for far, length in zip(reach, x.shape[1:3], strict=True)]
    x = jnp.pad(x, ((0, 0), *((lack // 2, lack - lack // 2) for lack in short), (0, 0)))
    y = bias.reshape(1, 1, 1, -1)
    for i in range(side):
        for j in range(side):
            shifted = x[:, i : i + reach[0] : stride, j : j + reach[1] : stride]
            y = y + shifted * kernel[i, j].reshape(1, 1, 1, -1)
    return y


def folded(weights: Weights, conv: str, norm: str, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """Kernel (HWIO) and bias of a convolution without bias and the batch norm behind it, as one convolution.

    gamma (w x - mean) / sqrt(variance + epsilon) + beta.
    """
    gamma, beta, mean, variance = (
        weights[f"{norm}.{part}"].astype(np.float64)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gamma / np.sqrt(variance + epsilon)
    kernel = weights[f"{conv}.weight"].transpose(2, 3, 1, 0) * scale
    return kernel.astype(np.float32), (beta - mean * scale).astype(np.float32)
