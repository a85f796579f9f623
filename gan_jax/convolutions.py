"""Convolutions of pictures in the forms that run fastest; all take ordinary HWIO kernels.

The forms were chosen by timing them with their gradients on a CPU (JAX 0.10), where XLA is slow at

- gradients of strided convolutions: `_halve` takes half the time;
- transposed convolutions: the sub-pixel form takes a tenth;
- convolutions from or to a handful of channels: `_fold` takes a third;
- convolutions of fewer pixels than channels: `_by_taps` takes half;
- second derivatives: `_unstrided` makes a gradient penalty take a quarter;

`winograd` halves the multiplications of large layers, `bfloat16` multiplies in that type. Only the sub-pixel forms
serve other devices too.
"""

from functools import partial, reduce
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from gan_jax import bfloat16, products, winograd

Image = Float[Array, "batch height width channels"]
Kernel = Float[Array, "k k inputs outputs"]
FEW = 4  # channels that make the matrix product behind a convolution too narrow
PHASES = [(i, j) for i in range(2) for j in range(2)]  # even or odd row, even or odd column
# A transposed convolution along one axis, f its kernel, for even and odd pixels: pairs of tap and shift, as in
# k = 4: out[2j] = f0 x[j-1] + f2 x[j], out[2j+1] = f1 x[j] + f3 x[j+1].
TAPS = {3: (((1, 0),), ((0, 0), (2, 1))), 4: (((0, -1), (2, 0)), ((1, 0), (3, 1)))}

# Which taps of three meet the two pixels that an even or odd pixel of a doubled picture sees; then for both axes.
ALONG = np.array([[1, 0, 0], [0, 1, 1], [1, 1, 0], [0, 0, 1]], np.float32)
MET = np.kron(ALONG, ALONG)


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
    size, _, inputs, outputs = kernel.shape
    if jax.default_backend() != "cpu" or size == 1:
        return _convolve(x, kernel, stride, pad)
    height, width = ((side + 2 * pad - size) // stride + 1 for side in x.shape[1:3])
    if x.shape[0] * height * width < min(inputs, outputs):
        return _by_taps(x, kernel, stride, pad)
    if stride == 2:
        return _halve(x, kernel, pad)
    if stride == 1 and min(inputs, outputs) <= FEW:
        return _fold(x, kernel, pad)
    return _convolve(x, kernel, stride, pad)


def _convolve(x: Array, kernel: Array, stride: int = 1, pad: int = 0) -> Array:
    if jax.default_backend() != "cpu" or stride > 1:
        return _plain(x, kernel, stride, pad)
    if winograd.suits(x, kernel, pad):
        # Apart from the padding, which else would be asked for at every pixel that the transforms look at.
        return winograd.correlate(jax.lax.optimization_barrier(_zeros_around(x, pad)), kernel)
    if bfloat16.suits(x, kernel):
        return bfloat16.correlate(_zeros_around(x, pad), kernel)
    if pad >= min(kernel.shape[:2]):
        return _plain(x, kernel, stride, pad)
    return _unstrided(x, kernel, pad)


def _zeros_around(x: Image, pad: int) -> Image:
    return jnp.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def _plain(x: Array, kernel: Array, stride: int, pad: int) -> Array:
    pads = ((pad, pad), (pad, pad))
    numbers = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(x, kernel, (stride, stride), pads, dimension_numbers=numbers)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _unstrided(x: Array, kernel: Array, pad: int) -> Array:
    """A convolution whose gradient has a fast gradient too; it has no forward-mode derivative.

    The gradient to x pads, so its result may be larger than what it convolves. In its own gradient XLA would then
    swap the two, and has no fast code for that. Here the padding is done before, and kept apart by the barrier.
    """
    return _plain(x, kernel, 1, pad)


def _unstrided_backward(pad: int, saved: tuple[Array, Array], g: Array) -> tuple[Array, Array]:
    x, kernel = saved
    rows, columns = (size - 1 - pad for size in kernel.shape[:2])
    g_padded = jax.lax.optimization_barrier(jnp.pad(g, ((0, 0), (rows, rows), (columns, columns), (0, 0))))
    # Channels as pictures and pictures as channels. XLA does this to `jax.vjp` of a convolution itself, but not within
    # loops (accumulation, say), where that takes ten times as long; and it is slow at padding single channels.
    x = jax.lax.optimization_barrier(_zeros_around(x, pad)) if pad else x
    kernel_gradient = _plain(x.transpose(3, 1, 2, 0), g.transpose(1, 2, 0, 3), 1, 0).transpose(1, 2, 0, 3)
    return _unstrided(g_padded, kernel[::-1, ::-1].swapaxes(2, 3), 0), kernel_gradient


_unstrided.defvjp(lambda x, kernel, pad: (_plain(x, kernel, 1, pad), (x, kernel)), _unstrided_backward)


def _by_taps(x: Image, kernel: Kernel, stride: int, pad: int) -> Image:
    """The convolution as one matrix product a tap, added up: for more channels than pixels.

    Then a convolution, and its gradients more so, spends its time on rearranging the kernel.
    """
    size, _, inputs, outputs = kernel.shape
    x = _zeros_around(x, pad)
    height, width = x.shape[1] - size + 1, x.shape[2] - size + 1
    taps = [x[:, i : i + height : stride, j : j + width : stride] for i in range(size) for j in range(size)]
    pixels = jnp.stack(taps).reshape(size**2, -1, inputs)
    out = products.by_tap(pixels, kernel.reshape(size**2, inputs, outputs))
    return out.sum(0).reshape(*taps[0].shape[:3], outputs)


def _fold(x: Image, kernel: Kernel, pad: int) -> Image:
    """The convolution with its horizontal taps folded into the smaller number of channels.

    A CPU multiplies matrices, and badly those with three columns; so it gets `3 k`. The vertical taps stay,
    because unfolding them too makes large copies.
    """
    size, _, inputs, outputs = kernel.shape
    x = _zeros_around(x, pad)
    width = x.shape[2] - size + 1
    if inputs <= outputs:
        x = jnp.concatenate([x[:, :, i : i + width] for i in range(size)], axis=-1)
        return _convolve(x, kernel.reshape(size, 1, size * inputs, outputs))
    kernel = kernel.transpose(0, 2, 1, 3).reshape(size, 1, inputs, size * outputs)
    columns = jnp.split(_convolve(x, kernel), size, axis=-1)
    return reduce(jnp.add, (column[:, :, i : i + width] for i, column in enumerate(columns)))


def _halve(x: Image, kernel: Kernel, pad: int) -> Image:
    """The convolution of stride 2 from ones of stride 1, whose gradients are ordinary convolutions too.

    Even and odd rows and columns make four pictures and four kernels. If `k` is even, the four kernels have one
    size, and the pictures become channels of one picture; else the four convolutions are added up.
    """
    size, _, inputs, outputs = kernel.shape
    taps = (size + 1) // 2
    height, width = ((side + 2 * pad - size) // 2 + 1 for side in x.shape[1:3])
    ends = (2 * (side + taps - 1) - pad for side in (height, width))  # what the taps reach; may lie inside x
    pads = [(pad, end - side, 0) for end, side in zip(ends, x.shape[1:3], strict=True)]
    x = jax.lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *pads, (0, 0, 0)])
    if size % 2 == 0:
        kernel = kernel.reshape(taps, 2, taps, 2, inputs, outputs).transpose(0, 2, 1, 3, 4, 5)
        x = jnp.concatenate([x[:, i::2, j::2] for i, j in PHASES], axis=-1)
        return _convolve(x, kernel.reshape(taps, taps, 4 * inputs, outputs))
    parts = (
        _convolve(x[:, i::2, j::2][:, : height + taps - 1 - i, : width + taps - 1 - j], kernel[i::2, j::2])
        for i, j in PHASES
    )
    return reduce(jnp.add, parts)


def conv_transpose(x: Image, kernel: Kernel) -> Image:
    """Double height and width by a transposed convolution with k = 3 or 4 taps.

    Equals torch's ConvTranspose2d(k, stride=2, padding=1, output_padding=4 - k) at
    `kernel = weight.transpose(2, 3, 0, 1)[::-1, ::-1]`, and Flax's ConvTranspose with padding (1, 2) for
    k = 3, (2, 2) for k = 4. Computed in the sub-pixel form (Shi et al. 2016, arXiv 1609.07009): even and odd
    rows and columns of the output are four ordinary convolutions; nothing is multiplied by inserted zeros.
    """
    size, _, inputs, outputs = kernel.shape
    batch, height, width, _ = x.shape
    if batch * height * width < min(inputs, outputs):
        return _transpose_by_taps(x, kernel)
    x = _zeros_around(x, 1)
    rows, columns = (
        [slice(1 + p[0][1], 1 + p[-1][1] + side) for p in TAPS[size]] for side in (height, width)
    )
    taps = [slice(p[0][0], p[-1][0] + 1, 2) for p in TAPS[size]]
    kernels = [kernel[taps[i], taps[j]] for i, j in PHASES]
    if size == 4 and outputs <= FEW:
        return _phases(x, jnp.concatenate(kernels, axis=-1))
    out = [_convolve(x[:, rows[i], columns[j]], k) for (i, j), k in zip(PHASES, kernels, strict=True)]
    return depth_to_space(jnp.concatenate(out, axis=-1))


def nearest(x: Image) -> Image:
    """Double height and width by repeating every pixel 2 x 2 times."""
    return jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)


def conv_nearest(x: Image, kernel: Kernel) -> Image:
    """`nearest`, then `conv` with 3 x 3 taps and mirrored borders: [b, h, w, c] -> [b, 2 h, 2 w, features].

    Taps that meet equal pixels are added up before: even rows and columns see two pixels through f0 and f1 + f2, odd
    ones through f0 + f1 and f2. So it is one convolution of 2 x 2 taps to four times the channels, then
    `depth_to_space`. The mirror image of a doubled border pixel is that pixel.
    """
    _, _, inputs, outputs = kernel.shape
    # One product, as its gradient is one too; that of sums of slices is a chain of as many paddings as there are taps.
    taps = jnp.matmul(MET.astype(kernel.dtype), kernel.reshape(9, -1), precision="highest")
    taps = taps.reshape(2, 2, 2, 2, inputs, outputs).transpose(1, 3, 4, 0, 2, 5)
    x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "edge")
    return _phases(x, taps.reshape(2, 2, inputs, 4 * outputs))


def _phases(x: Image, kernel: Float[Array, "2 2 inputs 4*outputs"]) -> Image:
    """Even and odd rows and columns from 2 x 2 taps each, of pictures with a border: one convolution computes all."""
    height, width = x.shape[1] - 2, x.shape[2] - 2
    out = jnp.split(conv(x, kernel), 4, axis=-1)
    out = [part[:, i : i + height, j : j + width] for (i, j), part in zip(PHASES, out, strict=True)]
    return depth_to_space(jnp.concatenate(out, axis=-1))


def _transpose_by_taps(x: Image, kernel: Kernel) -> Image:
    """`conv_transpose` as one matrix product a tap, shifted and added up: for more channels than pixels."""
    size, _, inputs, outputs = kernel.shape
    batch, height, width, _ = x.shape
    pixels = jnp.broadcast_to(x.reshape(1, -1, inputs), (size**2, batch * height * width, inputs))
    taps = products.by_tap(pixels, kernel.reshape(size**2, inputs, outputs))
    taps = jnp.pad(taps.reshape(size, size, *x.shape[:3], outputs), ((0, 0),) * 3 + ((1, 1), (1, 1), (0, 0)))
    out = []
    for row, column in PHASES:
        pairs = product(TAPS[size][row], TAPS[size][column])
        parts = (taps[a, b, :, 1 + i :, 1 + j :][:, :height, :width] for (a, i), (b, j) in pairs)
        out.append(reduce(jnp.add, parts))
    return depth_to_space(jnp.concatenate(out, axis=-1))


def depth_to_space(x: Float[Array, "batch h w 4*c"]) -> Float[Array, "batch 2*h 2*w c"]:
    """Spread channels ordered (row phase, column phase, channel) over 2 x 2 pixels: the sub-pixel shuffle."""
    batch, height, width, channels = x.shape
    x = x.reshape(batch, height, width, 2, 2, channels // 4).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(batch, 2 * height, 2 * width, channels // 4)
