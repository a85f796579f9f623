"""Convolutions of 3 x 3 taps and stride 1 with 16 multiplications for 36.

Along one axis, two neighbouring outputs of three taps need four products instead of six (Winograd 1980; Lavin and Gray
2015, arXiv 1509.09308, eq. 5 to 8):

    y = A' [(G k) * (B' x)]      for four pixels x and three taps k

and along both axes, with channels, 16 matrix products of [tiles, inputs] and [inputs, outputs]. All entries of A, B, G
are 0, 1, -1 or 1/2, so no digits are lost: results differ from those of the plain form by 1e-6 of the largest, as with
another order of adding up. Of bfloat16 pictures the transforms are float32, and rounded again before the products: then
results are off by 4e-3 (root mean square), those of the plain form by 2e-3.

What a convolution is of pixels and taps, its gradients are of each other; so all three have this form, and derivatives
of any order do. There is no forward-mode derivative.
"""

import contextlib
import math
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from functools import partial, reduce

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from gan_jax import products

Image = Float[Array, "batch height width channels"]
Kernel = Float[Array, "3 3 inputs outputs"]
Matrix = Sequence[Sequence[float]]

# eq. 6 of Lavin and Gray; the last rows of B' and A' have the other sign, so that mirrored taps swap two products.
PIXELS: Matrix = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, -1, 0, 1))  # B'
TAPS: Matrix = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))  # G
OUTPUTS: Matrix = ((1, 1, 1, 0), (0, 1, -1, 1))  # A'
MIRRORED = (3, 1, 2, 0)

TILES = range(200, 1200)  # of a picture: fewer do not pay for the time to compile this, more leave the caches
CHANNELS = 64  # fewer do not pay for transforming the pixels
AT_ONCE = 4_500_000  # entries of the transformed pixels of all pictures, beyond which they take turns


_ALLOWED = ContextVar("_ALLOWED", default=True)


@contextlib.contextmanager
def left_out() -> Iterator[None]:
    """Within, what is traced has convolutions in their plain form: for counting what they multiply."""
    token = _ALLOWED.set(False)
    try:
        yield
    finally:
        _ALLOWED.reset(token)


def allowed() -> bool:
    """Whether convolutions may have other forms than the plain one: see `left_out`."""
    return _ALLOWED.get()


def suits(x: Image, kernel: Float[Array, "rows columns inputs outputs"], pad: int = 0) -> bool:
    """Whether this form, with its gradients, was measured to be the faster one on a CPU."""
    return (
        allowed()
        and kernel.shape[:2] == (3, 3)
        and x.dtype == kernel.dtype
        and x.dtype in (jnp.float32, jnp.bfloat16)
        and min(kernel.shape[2:]) >= CHANNELS
        and _tiles(x, pad) in TILES
    )


@jax.custom_vjp
def correlate(x: Image, kernel: Kernel) -> Image:
    """`out[i, j] = sum_ab kernel[a, b]' x[i + a, j + b]`, unpadded."""
    return _correlate(x, _taps(kernel), 0)


@jax.custom_vjp
def spread(g: Image, kernel: Kernel) -> Image:
    """The gradient of `correlate` to its pixels: `out[i, j] = sum_ab kernel[a, b] g[i - a, j - b]`, zeros around."""
    taps = _rows(_taps(kernel))
    return _correlate(_framed(g), [taps[i][j] for i in MIRRORED for j in MIRRORED], 1)


@jax.custom_vjp
def gather(x: Image, g: Image) -> Kernel:
    """The gradient of `correlate` to its taps: `out[a, b] = sum_ij x[i + a, j + b] g[i, j]'`."""
    if not _take_turns(x):
        return _gather(x, g).astype(x.dtype)
    start = jnp.zeros((3, 3, x.shape[-1], g.shape[-1]))
    out, _ = jax.lax.scan(lambda out, xg: (out + _gather(*xg), None), start, (x[:, None], g[:, None]))
    return out.astype(x.dtype)


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


def _correlate(x: Image, kernels: Sequence[Array], contracted: int) -> Image:
    """With transformed kernels, whose axis `contracted` meets the channels."""
    one = partial(_tiled, kernels=kernels, contracted=contracted)
    return jax.lax.map(lambda x: one(_written(x)), x[:, None])[:, 0] if _take_turns(x) else one(x)


def _tiled(x: Image, kernels: Sequence[Array], contracted: int) -> Image:
    height, width = (side - 2 for side in x.shape[1:3])
    parts = [products.summed(p, k, (3,), (contracted,)) for p, k in zip(_pixels(x), kernels, strict=True)]
    y = _both_ways(OUTPUTS, _rows(parts))
    out = jnp.stack([jnp.stack(row, axis=3) for row in y], axis=2)
    out = out.reshape(-1, height + height % 2, width + width % 2, out.shape[-1])
    return out[:, :height, :width].astype(x.dtype)


def _gather(x: Image, g: Image) -> Kernel:
    x, g = _written(x), _evened(_written(g))
    outputs = _both_ways(_turned(OUTPUTS), [[_wide(g[:, i::2, j::2]) for j in range(2)] for i in range(2)])
    parts = [
        products.summed(p.reshape(-1, x.shape[-1]).T, d.astype(g.dtype).reshape(-1, g.shape[-1]), (1,), (0,))
        for p, d in zip(_pixels(x), [d for row in outputs for d in row], strict=True)
    ]
    return jnp.stack([jnp.stack(row) for row in _both_ways(_turned(TAPS), _rows(parts))])


def _pixels(x: Image) -> list[Float[Array, "batch rows columns channels"]]:
    """The transformed pixels of all tiles, by product."""
    x = _evened(x)
    last = [side - 3 for side in x.shape[1:3]]
    tiles = [[_wide(x[:, i : i + last[0] : 2, j : j + last[1] : 2]) for j in range(4)] for i in range(4)]
    return [pixels.astype(x.dtype) for row in _both_ways(PIXELS, tiles) for pixels in row]


def _taps(kernel: Kernel) -> list[Float[Array, "inputs outputs"]]:
    """The transformed kernel, by product."""
    return [taps.astype(kernel.dtype) for row in _both_ways(TAPS, _wide(kernel)) for taps in row]


def _wide(x: Array) -> Array:
    """In float32, to add up in."""
    return x.astype(jnp.float32)


def _framed(x: Image) -> Image:
    """With two rows and columns of zeros on each side, in memory: see `_written`."""
    return jax.lax.optimization_barrier(jnp.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))))


def _written(x: Image) -> Image:
    """The same, in memory.

    What is cheap, XLA makes anew for each of the 16 transforms that ask for it: a norm's gradient, borders, a picture
    of a batch. But a padding that a barrier keeps from being taken apart it writes once.
    """
    return _framed(x)[:, 2:-2, 2:-2]


def _evened(x: Image) -> Image:
    """With a row and a column of zeros more where their number is odd."""
    rows, columns = (side % 2 for side in x.shape[1:3])
    return jnp.pad(x, ((0, 0), (0, rows), (0, columns), (0, 0))) if rows or columns else x


def _both_ways(matrix: Matrix, parts: Sequence[Sequence[Array]] | Array) -> list[list[Array]]:
    """`matrix parts matrix'` for a square of arrays."""
    half = [[_combined(row, column) for column in zip(*parts, strict=True)] for row in matrix]
    return [[_combined(row, line) for row in matrix] for line in half]


def _combined(weights: Sequence[float], parts: Sequence[Array]) -> Array:
    terms = zip(weights, parts, strict=True)
    return reduce(jnp.add, [part if weight == 1 else weight * part for weight, part in terms if weight])


def _turned(matrix: Matrix) -> Matrix:
    return tuple(zip(*matrix, strict=True))


def _rows(flat: Sequence[Array]) -> list[Sequence[Array]]:
    return [flat[i : i + 4] for i in range(0, 16, 4)]


def _tiles(x: Image, pad: int = 0) -> int:
    return math.prod((side + 2 * pad - 1) // 2 for side in x.shape[1:3])


def _take_turns(x: Image) -> bool:
    return x.shape[0] > 1 and 16 * x.shape[0] * _tiles(x) * x.shape[-1] > AT_ONCE
