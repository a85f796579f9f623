"""The machine's own limit: the best rate of convolutions and of matrix products that either library reaches."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

SHAPES = ((256, 64), (128, 64), (256, 32))  # channels in and out, side; 3 x 3
MATRIX = 2048


def best(step: Callable[[], Any], seconds: float = 1.5) -> float:
    """Calls a second of the fastest of several calls."""
    step()
    found, until = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter()
        step()
        found = max(found, 1 / (time.perf_counter() - start))
    return found


def by_jax(dtype: str) -> dict[str, float]:
    """GFLOP/s by convolution and by matrix product."""
    import jax
    import jax.numpy as jnp

    from gan_jax import compiler

    # XLA's own: gan_jax does large ones with fewer multiplications than are counted here.
    numbers = ("NHWC", "HWIO", "NHWC")
    plain = partial(
        jax.lax.conv_general_dilated, window_strides=(1, 1), padding="SAME", dimension_numbers=numbers
    )
    convolve = jax.jit(plain, compiler_options=compiler.options())
    product = jax.jit(jnp.matmul)

    def convolution(channels: int, side: int) -> Callable[[], Any]:
        x = jnp.ones((1, side, side, channels), dtype)
        kernel = jnp.ones((3, 3, channels, channels), dtype)
        return lambda: convolve(x, kernel).block_until_ready()

    a = jnp.ones((MATRIX, MATRIX), dtype)
    return rates(convolution, lambda: product(a, a).block_until_ready())


def by_torch(dtype: str) -> dict[str, float]:
    """GFLOP/s by convolution and by matrix product."""
    import torch

    from experiments.speed.torch_side import DEVICE, waited

    options: Any = {"dtype": getattr(torch, dtype), "device": DEVICE}

    def convolution(channels: int, side: int) -> Callable[[], Any]:
        x = torch.ones(1, channels, side, side, **options).to(memory_format=torch.channels_last)
        kernel = torch.ones(channels, channels, 3, 3, **options)
        return lambda: waited(torch.nn.functional.conv2d(x, kernel, padding=1))

    a = torch.ones(MATRIX, MATRIX, **options)
    with torch.inference_mode():
        return rates(convolution, lambda: waited(a @ a))


def rates(
    convolution: Callable[[int, int], Callable[[], Any]], product: Callable[[], Any]
) -> dict[str, float]:
    """GFLOP/s of 3 x 3 convolutions and of a square matrix product."""
    found = {}
    for channels, side in SHAPES:
        work = 18 * side * side * channels * channels
        found[f"convolution {channels} at {side}"] = 1e-9 * work * best(convolution(channels, side))
    return {**found, "product": 1e-9 * 2 * MATRIX**3 * best(product)}
