"""Single layers with their gradients, as XLA does them by itself and as gan_jax does; adds to the results and README.md
beside this:

    python -m experiments.speed.layers                 a minute on two cores

Both forms of a layer run in turns. They compute the same: the tests of `gan_jax/convolutions.py` hold them equal.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from experiments.speed import page
from experiments.speed.bench import HERE, device, keep, known
from gan_jax import compiler, convolutions

TURNS = 15
Form = Callable[[Array, Array], Array]
NUMBERS = ("NHWC", "HWIO", "NHWC")


class Layer(NamedTuple):
    """A convolution of x with a kernel, in two forms."""

    title: str
    x: tuple[int, ...]
    kernel: tuple[int, ...]
    plain: Form
    ours: Form
    dtype: str = "float32"


def plain(x: Array, kernel: Array, stride: int = 1, pad: int = 0, doubled: int = 1) -> Array:
    """XLA's convolution; `doubled = 2` puts zeros between the pixels, as a transposed one does."""
    pads = ((pad, pad), (pad, pad))
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), pads, lhs_dilation=(doubled, doubled), dimension_numbers=NUMBERS
    )


def doubled(x: Array, kernel: Array) -> Array:
    """Nearest pixels, mirrored borders, then a convolution."""
    return plain(convolutions.reflect_pad(convolutions.nearest(x), 1), kernel)


def layers() -> Iterator[Layer]:
    """Those of a CycleGAN whose form is not XLA's own."""
    for channels, side in ((256, 64), (64, 32)):
        title = f"3 x 3, {channels} channels, {side} x {side} pixels: `winograd.correlate`"
        shapes = ((1, side, side, channels), (3, 3, channels, channels))
        yield Layer(title, *shapes, partial(plain, pad=1), partial(convolutions.conv, pad=1))
    for inputs, outputs, side in ((128, 64, 16), (64, 32, 32)):
        title = f"nearest pixels and 3 x 3, {inputs} to {outputs} channels, {side} to {2 * side} pixels: `conv_nearest`"
        shapes = ((1, side, side, inputs), (3, 3, inputs, outputs))
        yield Layer(title, *shapes, doubled, convolutions.conv_nearest)
    yield Layer(
        "transposed 4 x 4, 64 to 32 channels, 32 to 64 pixels: `conv_transpose`",
        (1, 32, 32, 64), (4, 4, 64, 32), partial(plain, pad=2, doubled=2), convolutions.conv_transpose,
    )  # fmt: skip
    yield Layer(
        "4 x 4 of stride 2, 64 to 128 channels, 32 to 16 pixels: `_halve`",
        (1, 32, 32, 64), (4, 4, 64, 128), partial(plain, stride=2, pad=1), partial(convolutions.conv, stride=2, pad=1),
    )  # fmt: skip
    yield Layer(
        "7 x 7, 32 to 3 channels, 64 x 64 pixels: `_fold`",
        (1, 64, 64, 32), (7, 7, 32, 3), partial(plain, pad=3), partial(convolutions.conv, pad=3),
    )  # fmt: skip
    for channels, side, form in ((128, 16, "bfloat16"), (256, 64, "winograd")):
        title = f"3 x 3, {channels} channels, {side} x {side} pixels, in bfloat16: `{form}.correlate`"
        shapes = ((1, side, side, channels), (3, 3, channels, channels))
        yield Layer(title, *shapes, partial(plain, pad=1), partial(convolutions.conv, pad=1), "bfloat16")


def measure(layer: Layer, turns: int = TURNS) -> dict[str, Any]:
    """Median milliseconds of either form with both gradients, and the ratio of each turn."""
    keys = jax.random.split(jax.random.key(0))
    x, kernel = (
        jax.random.normal(key, shape, layer.dtype) for key, shape in zip(keys, layer[1:3], strict=True)
    )

    def step(form: Form) -> Callable[[], Any]:
        gradients = jax.grad(lambda x, kernel: jnp.sum(form(x, kernel) ** 2), argnums=(0, 1))
        run = jax.jit(gradients, compiler_options=compiler.options(layer.dtype))
        return lambda: jax.block_until_ready(run(x, kernel))

    forms = {"plain": step(layer.plain), "ours": step(layer.ours)}
    seconds: dict[str, list[float]] = {name: [] for name in forms}
    for turn in range(turns + 2):
        for name, form in forms.items():
            start = time.perf_counter()
            form()
            if turn >= 2:
                seconds[name].append(time.perf_counter() - start)
    ratios = sorted(a / b for a, b in zip(*seconds.values(), strict=True))
    found = {name: 1000 * statistics.median(taken) for name, taken in seconds.items()}
    return {"title": layer.title, **found, "ratios": [ratios[0], ratios[-1]]}


def main() -> int:
    """Measures all, prints them and writes the page."""
    path = HERE / f"results_{device()}.json"
    results = known(path)
    results["layers"] = [measure(layer) for layer in layers()]
    keep(path, results)
    page.write(HERE)
    print("\n".join(page.by_layer(results)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
