"""The Inception-v3 of the published FID numbers (TensorFlow's of 2015-12-05), from the user's own weight file."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, PyTree

from gan_jax import compiler, torch_files
from gan_jax.errors import UserError
from gan_jax.metrics import packages, resizing
from gan_jax.metrics.convolve import Maps, Weights, conv, folded
from gan_jax.metrics.features import Answer, Extractor, Picture, Prepared, choose

FILE, SHA256 = "pt_inception-2015-12-05-6726825d.pth", "6726825d"
VARIABLE = "GAN_JAX_INCEPTION"
SIDE = 299
EPSILON = 1e-3
VALID, SAME_1 = "VALID", ((1, 1), (1, 1))

Layer = Callable[..., Maps]


def load(option: str = "", weights: Path | None = None) -> Extractor:
    """2048 features, the mean over places of the last maps ("pool3"), and logits of 1008 classes without their bias.

    "clean" resizes as clean-fid, "legacy" as pytorch-fid: use it only to compare with numbers made so.
    The weights are pytorch-fid's file, named by --weights or the environment's GAN_JAX_INCEPTION.
    Source: Szegedy et al. 2015, Rethinking the Inception Architecture; Heusel et al. 2017.

    Raises:
        UserError: no file is named, or it is another one.
    """
    mode = choose(option, ("clean", "legacy"), "inception")
    named = weights or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is None:
        raise UserError(
            f"--features=inception needs your copy of {FILE} (the weights of the package pytorch-fid): "
            f"name it by --weights=FILE or the environment's {VARIABLE}"
        )
    packages.check(named, SHA256, FILE)
    params = jax.device_put(parameters(torch_files.read(named)))
    filters = {"clean": "Pillow bicubic (as clean-fid)", "legacy": "bilinear, aliased (as pytorch-fid)"}
    return Extractor(
        name="Inception-v3 (FID), 2048",
        resizing=f"{SIDE}x{SIDE}, {filters[mode]}",
        prepare=clean if mode == "clean" else legacy,
        apply=partial(jax.jit(network, compiler_options=compiler.options()), params),
    )


def clean(picture: Picture) -> Prepared:
    """Levels L at 299 x 299 as (L - 128) / 128, as clean-fid gives them to the network."""
    return (resizing.clean(picture, SIDE) - 128) / 128


def legacy(picture: Picture) -> Prepared:
    """Levels L at 299 x 299 as L / 127.5 - 1, as pytorch-fid gives them to the network."""
    return resizing.legacy(picture, SIDE) / 127.5 - 1


def parameters(weights: Weights) -> PyTree:
    """Kernels and biases by layer, batch norm folded in, and the classes' kernel."""
    layers = [name.removesuffix(".conv.weight") for name in weights if name.endswith(".conv.weight")]
    found: dict[str, object] = {
        name: folded(weights, f"{name}.conv", f"{name}.bn", EPSILON) for name in layers
    }
    return found | {"classes": weights["fc.weight"].T.astype(np.float32)}


def network(params: PyTree, x: Float[Array, "batch side side 3"]) -> Answer:
    """Features and logits of pictures in [-1, 1]."""

    def layer(name: str, x: Maps, stride: int = 1, pads: str | tuple = "SAME") -> Maps:
        return jax.nn.relu(conv(x, params[name], stride, pads))

    x = layer("Conv2d_1a_3x3", x, 2, VALID)
    x = layer("Conv2d_2a_3x3", x, 1, VALID)
    x = _maximum(layer("Conv2d_2b_3x3", x), 2)
    x = layer("Conv2d_3b_1x1", x)
    x = _maximum(layer("Conv2d_4a_3x3", x, 1, VALID), 2)
    for name in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
        x = _a(partial(_named, layer, name), x)
    x = _b(partial(_named, layer, "Mixed_6a"), x)
    for name in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
        x = _c(partial(_named, layer, name), x)
    x = _d(partial(_named, layer, "Mixed_7a"), x)
    x = _e(partial(_named, layer, "Mixed_7b"), x, _mean)
    # The published network takes maxima here where its paper has means; so do all published numbers.
    x = _e(partial(_named, layer, "Mixed_7c"), x, partial(_maximum, stride=1, pads=SAME_1))
    x = x.mean(axis=(1, 2))
    return Answer(x, jnp.matmul(x, params["classes"], precision="highest"))


def _named(layer: Layer, block: str, name: str, x: Maps, *how: object) -> Maps:
    return layer(f"{block}.{name}", x, *how)


def _row(layer: Layer, x: Maps, *names: str) -> Maps:
    for name in names:
        x = layer(name, x)
    return x


def _join(*maps: Maps) -> Maps:
    return jnp.concatenate(maps, axis=-1)


def _a(layer: Layer, x: Maps) -> Maps:
    return _join(
        layer("branch1x1", x),
        _row(layer, x, "branch5x5_1", "branch5x5_2"),
        _row(layer, x, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
        layer("branch_pool", _mean(x)),
    )


def _b(layer: Layer, x: Maps) -> Maps:
    narrow = _row(layer, x, "branch3x3dbl_1", "branch3x3dbl_2")
    return _join(layer("branch3x3", x, 2, VALID), layer("branch3x3dbl_3", narrow, 2, VALID), _maximum(x, 2))


def _c(layer: Layer, x: Maps) -> Maps:
    return _join(
        layer("branch1x1", x),
        _row(layer, x, *(f"branch7x7_{i}" for i in (1, 2, 3))),
        _row(layer, x, *(f"branch7x7dbl_{i}" for i in (1, 2, 3, 4, 5))),
        layer("branch_pool", _mean(x)),
    )


def _d(layer: Layer, x: Maps) -> Maps:
    sevens = _row(layer, x, "branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3")
    return _join(
        layer("branch3x3_2", layer("branch3x3_1", x), 2, VALID),
        layer("branch7x7x3_4", sevens, 2, VALID),
        _maximum(x, 2),
    )


def _e(layer: Layer, x: Maps, pool: Callable[[Maps], Maps]) -> Maps:
    one, two = layer("branch3x3_1", x), _row(layer, x, "branch3x3dbl_1", "branch3x3dbl_2")
    return _join(
        layer("branch1x1", x),
        *(layer(f"branch3x3_2{part}", one) for part in "ab"),
        *(layer(f"branch3x3dbl_3{part}", two) for part in "ab"),
        layer("branch_pool", pool(x)),
    )


def _maximum(x: Maps, stride: int, pads: str | tuple = VALID) -> Maps:
    around = pads if isinstance(pads, str) else ((0, 0), *pads, (0, 0))
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, stride, stride, 1), around)


def _mean(x: Maps) -> Maps:
    """Of 3x3 neighbours inside the picture, as TensorFlow."""

    def add(y: Maps) -> Maps:
        return lax.reduce_window(y, 0.0, lax.add, (1, 3, 3, 1), (1, 1, 1, 1), "SAME")

    return add(x) / add(jnp.ones_like(x[:1, :, :, :1]))
