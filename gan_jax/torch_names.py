"""The names and layouts of weights in the PyTorch implementation of CycleGAN and pix2pix, and ours.

It numbers its layers: `model.10.conv_block.1.weight` is the first convolution of the first residual block. Which
networks these are, and how large, follows from names and shapes alone.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util
from jaxtyping import PyTree

from gan_jax import networks
from gan_jax.errors import UserError

Weights = Mapping[str, np.ndarray]
CONV, DECONV, NORM = "convolution", "transposed convolution", "norm"
DEEPEST = 12  # halvings of a U-Net or PatchGAN; pictures have no more
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


class Layer(NamedTuple):
    """One layer: its path among our parameters, its prefix among PyTorch's, and what it is."""

    ours: str
    theirs: str
    kind: str


class Network(NamedTuple):
    """A network as a block of a config, with the channels that it takes and gives."""

    block: dict[str, Any]
    inputs: int
    outputs: int


def layers(block: Mapping[str, Any]) -> list[Layer]:
    """The layers of the network of a config block, in PyTorch's order.

    Raises UserError for a network that PyTorch's implementation does not have.
    """
    known = {"resnet": _resnet, "unet": _unet, "patchgan": _patchgan, "pixelgan": _pixelgan}
    if block["network"] not in known:
        raise UserError(f'PyTorch\'s CycleGAN has no network "{block["network"]}", only {", ".join(known)}')
    return known[block["network"]](block)


def _resnet(block: Mapping[str, Any]) -> list[Layer]:
    if block.get("upsample", "deconv") != "deconv":
        raise UserError(
            f'PyTorch\'s CycleGAN has no generator with upsample="{block["upsample"]}", only with "deconv"'
        )
    second = 6 if block.get("dropout", 0) else 5  # dropout counts as a layer
    blocks = block.get("blocks", 9)
    found = [Layer("conv_in", "model.1", CONV), Layer("norm_in", "model.2", NORM)]
    for i in range(2):
        found += [Layer(f"down_{i}", f"model.{4 + 3 * i}", CONV)]
        found += [Layer(f"down_norm_{i}", f"model.{5 + 3 * i}", NORM)]
    for i in range(blocks):
        for j, at in enumerate((1, second)):
            found += [Layer(f"block_{i}/conv_{j}", f"model.{10 + i}.conv_block.{at}", CONV)]
            found += [Layer(f"block_{i}/norm_{j}", f"model.{10 + i}.conv_block.{at + 1}", NORM)]
    for i in range(2):
        found += [Layer(f"up_{i}/deconv", f"model.{10 + blocks + 3 * i}", DECONV)]
        found += [Layer(f"up_norm_{i}", f"model.{11 + blocks + 3 * i}", NORM)]
    return [*found, Layer("conv_out", f"model.{17 + blocks}", CONV)]


def _unet(block: Mapping[str, Any]) -> list[Layer]:
    """Level i is what `model.3` of level i - 1 holds; only the outermost begins without an activation."""
    down, up = [Layer("down_0", "model.model.0", CONV)], [Layer("up_0", "model.model.3", DECONV)]
    level, innermost = "model.model.1.model", block.get("levels", 8) - 1
    for i in range(1, innermost):
        down += [Layer(f"down_{i}", f"{level}.1", CONV), Layer(f"down_norm_{i}", f"{level}.2", NORM)]
        up += [Layer(f"up_norm_{i}", f"{level}.6", NORM), Layer(f"up_{i}", f"{level}.5", DECONV)]
        level += ".3.model"
    down += [Layer(f"down_{innermost}", f"{level}.1", CONV)]
    up += [Layer(f"up_norm_{innermost}", f"{level}.4", NORM), Layer(f"up_{innermost}", f"{level}.3", DECONV)]
    return down + up[::-1]


def _patchgan(block: Mapping[str, Any]) -> list[Layer]:
    count = block.get("layers", 3)
    found = [Layer("conv_0", "model.0", CONV)]
    for i in range(1, count + 1):
        found += [Layer(f"conv_{i}", f"model.{3 * i - 1}", CONV), Layer(f"norm_{i}", f"model.{3 * i}", NORM)]
    return [*found, Layer(f"conv_{count + 1}", f"model.{3 * count + 2}", CONV)]


def _pixelgan(block: Mapping[str, Any]) -> list[Layer]:
    return [
        *(Layer("conv_0", "net.0", CONV), Layer("conv_1", "net.2", CONV)),
        *(Layer("norm_1", "net.3", NORM), Layer("conv_2", "net.5", CONV)),
    ]


def infer(weights: Weights, source: str) -> Network:
    """The network that a state_dict belongs to; `source` names it in errors.

    Raises:
        UserError: it belongs to none of the networks of the reference.
    """
    weights = plain(weights)
    shapes = {name: array.shape for name, array in weights.items()}
    block = _family(shapes)
    if block is None:
        shown = ", ".join(list(shapes)[:3])
        raise UserError(
            f"{source} holds none of the networks of PyTorch's CycleGAN and pix2pix (ResNet or U-Net generator, "
            f"PatchGAN or PixelGAN discriminator): its names begin with {shown[:200]}"
        )
    if not 1 <= block.get("levels", block.get("layers", 1)) <= DEEPEST:
        raise UserError(
            f"{source} holds no network of PyTorch's CycleGAN and pix2pix: {block} is none of them"
        )
    found = layers(block)
    ends = [shapes.get(f"{layer.theirs}.weight", ()) for layer in (found[0], found[-1])]
    if any(len(shape) != 4 or 0 in shape for shape in ends):
        raise UserError(f"{source} lacks the first or the last convolution of a {block['network']}")
    block["width"] = ends[0][0]
    normed = next(layer for layer in found if layer.kind == NORM)
    before = found[found.index(normed) - 1] if block["network"] != "unet" else found[1]
    if f"{normed.theirs}.weight" in shapes:
        block["norm"] = "batch"
    else:
        block["norm"] = "instance" if f"{before.theirs}.bias" in shapes else "none"
    return Network(block, ends[0][1], ends[1][1 if found[-1].kind == DECONV else 0])


def _family(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any] | None:
    """Family and depth, from the names."""
    if "net.0.weight" in shapes:
        return {"network": "pixelgan"}
    if "model.model.0.weight" in shapes:
        level, levels = "model.model.1.model", 2
        while f"{level}.5.weight" in shapes:
            level, levels = f"{level}.3.model", levels + 1
        return {"network": "unet", "levels": levels}
    blocks = {match[1] for name in shapes if (match := re.match(r"model\.(\d+)\.conv_block\.", name))}
    if blocks:
        dropout = {"dropout": 0.5} if len(shapes.get("model.10.conv_block.6.weight", ())) == 4 else {}
        return {"network": "resnet", "blocks": len(blocks), "upsample": "deconv", **dropout}
    if "model.0.weight" in shapes:
        return {"network": "patchgan", "layers": sum(len(shape) == 4 for shape in shapes.values()) - 2}
    return None


def plain(weights: Weights) -> dict[str, np.ndarray]:
    """Without the "module." that DataParallel puts before every name."""
    wrapped = all(name.startswith("module.") for name in weights)
    return {name.removeprefix("module.") if wrapped else name: array for name, array in weights.items()}


def statistics(weights: Weights) -> list[str]:
    """The names of running statistics, which no network here has."""
    return [name for name in weights if name.rpartition(".")[2] in STATISTICS]


def from_torch(network: Network, weights: Weights, source: str) -> PyTree:
    """Our float32 parameters of that network from a state_dict, its running statistics left out.

    Raises:
        UserError: names what is missing, left over, of another shape, or not finite.
    """
    weights = plain(weights)
    expected = parameter_shapes(network)
    theirs = _theirs(network.block, expected)
    kept = weights.keys() - statistics(weights)
    wrong = [
        *(f"{name} is missing" for name, _ in theirs.values() if name not in weights),
        *(f"{name} is left over" for name in weights if name in kept - {name for name, _ in theirs.values()}),
    ]
    params = {}
    for path, (name, kind) in theirs.items():
        if name in weights:
            array = _turned(weights[name], kind, to_torch=False)
            if array.shape != expected[path]:
                shape = "x".join(map(str, weights[name].shape))
                wrong.append(f"{name} is {shape}, which does not fit the rest")
            elif not np.isfinite(array).all():
                wrong.append(f"{name} holds numbers that are not finite")
            params[path] = array
    if wrong:
        more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        fields = ", ".join(f"{key}={value}" for key, value in network.block.items())
        raise UserError(f"{source} does not fit a network with {fields}: {'; '.join(wrong[:5])}{more}")
    return traverse_util.unflatten_dict(params, sep="/")


def to_torch(block: Mapping[str, Any], params: PyTree) -> dict[str, np.ndarray]:
    """The state_dict that the reference loads, from our parameters.

    Batch norm there has running statistics besides; they start as a new network's, 0 and 1, and count 0 batches.
    """
    flat = traverse_util.flatten_dict(params, sep="/")
    theirs = _theirs(block, {path: np.shape(array) for path, array in flat.items()})
    if extra := sorted(set(flat) - set(theirs)):
        raise UserError(f"{extra[0]} has no counterpart in PyTorch's CycleGAN")
    weights = {}
    for path, (name, kind) in theirs.items():
        array = np.asarray(flat[path], np.float32)
        weights[name] = np.ascontiguousarray(_turned(array, kind, to_torch=True))
        if kind == NORM and name.endswith(".bias"):
            prefix = name.removesuffix("bias")
            weights[f"{prefix}running_mean"] = np.zeros_like(array)
            weights[f"{prefix}running_var"] = np.ones_like(array)
            weights[f"{prefix}num_batches_tracked"] = np.array(0, np.int64)
    return weights


def parameter_shapes(network: Network) -> dict[str, tuple[int, ...]]:
    """The shapes of our parameters by their paths. Raises UserError for a network that cannot be built."""
    module = networks.build(network.block, channels=network.outputs)
    side = 2 ** (network.block.get("levels", network.block.get("layers", 2)) + 2)
    x = jax.ShapeDtypeStruct((1, side, side, network.inputs), jnp.float32)
    params = jax.eval_shape(module.init, jax.random.key(0), x)["params"]
    return {path: leaf.shape for path, leaf in traverse_util.flatten_dict(params, sep="/").items()}


def _theirs(block: Mapping[str, Any], paths: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """PyTorch's name of each of our parameters, with the kind of its layer, in PyTorch's order."""
    found = {}
    for layer in layers(block):
        names = {"batch/scale": "weight", "batch/bias": "bias"} if layer.kind == NORM else {}
        for ours, theirs in (names or {"kernel": "weight", "bias": "bias"}).items():
            if f"{layer.ours}/{ours}" in paths:
                found[f"{layer.ours}/{ours}"] = (f"{layer.theirs}.{theirs}", layer.kind)
    return found


def _turned(array: np.ndarray, kind: str, to_torch: bool) -> np.ndarray:
    """A kernel between ours, (h, w, in, out), and PyTorch's: (out, in, h, w); transposed (in, out, h, w), mirrored."""
    array = array.astype(np.float32)
    if array.ndim != 4:
        return array
    if kind == DECONV:
        return (
            array[::-1, ::-1].transpose(2, 3, 0, 1) if to_torch else array.transpose(2, 3, 0, 1)[::-1, ::-1]
        )
    return array.transpose(3, 2, 0, 1) if to_torch else array.transpose(2, 3, 1, 0)
