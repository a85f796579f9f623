"""A generator as an ONNX graph of ordinary operations (opset 18), for pictures of any number and size.

Written out by hand: converters of JAX programs fix the sizes, and keep the forms that are fast under XLA alone.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flax import traverse_util

from gan_jax.errors import UserError

OPSET, IR = 18, 10  # of 2023 and 2024: what today's runtimes read
Block = Mapping[str, Any]


class Graph:
    """Nodes and weights as they are added; layers take their weights from `params` by their path."""

    def __init__(self, params: Any) -> None:
        """`params`: of a generator."""
        flat = traverse_util.flatten_dict(params, sep="/")
        self.params = {path: np.asarray(leaf, np.float32) for path, leaf in flat.items()}
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def add(self, operation: str, *inputs: str | np.ndarray, **attributes: Any) -> str:
        """The name of what an operation gives; arrays among its inputs become weights of the graph."""
        from onnx import helper, numpy_helper

        names = []
        for value in inputs:
            if not isinstance(value, str):
                name = f"weight_{len(self.weights)}"
                self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
                value = name
            names.append(value)
        out = f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, names, [out], **attributes))
        return out

    def conv(self, x: str, name: str, stride: int = 1, pad: int = 0, mirrored: bool = False) -> str:
        """`layers.Conv`: pads with zeros, or with mirrored pixels."""
        if mirrored:
            x = self.add("Pad", x, np.array([0, 0, pad, pad] * 2), mode="reflect")
        kernel = self.params[f"{name}/kernel"].transpose(3, 2, 0, 1)
        pads = [0 if mirrored else pad] * 4
        return self.add("Conv", x, kernel, *self._bias(name), strides=[stride] * 2, pads=pads)

    def deconv(self, x: str, name: str) -> str:
        """`layers.ConvTranspose`: twice the height and width."""
        kernel = self.params[f"{name}/kernel"][::-1, ::-1].transpose(2, 3, 0, 1)
        more = [4 - kernel.shape[-1]] * 2
        fields: dict[str, Any] = {"strides": [2, 2], "pads": [1] * 4, "output_padding": more}
        return self.add("ConvTranspose", x, kernel, *self._bias(name), **fields)

    def norm(self, x: str, name: str, kind: str, channels: int) -> str:
        """`layers.Norm`; the batch is each picture alone."""
        if kind == "none":
            return x
        scale = self.params.get(f"{name}/batch/scale", np.ones(channels, np.float32))
        bias = self.params.get(f"{name}/batch/bias", np.zeros(channels, np.float32))
        return self.add("InstanceNormalization", x, scale, bias, epsilon=1e-5)

    def upsample(self, x: str, name: str, kind: str) -> str:
        """`layers.Upsample`."""
        if kind == "deconv":
            return self.deconv(x, f"{name}/deconv")
        if kind == "resize":
            scales = np.array([1, 1, 2, 2], np.float32)
            floor = {
                "mode": "nearest",
                "nearest_mode": "floor",
                "coordinate_transformation_mode": "asymmetric",
            }
            x = self.add("Resize", x, "", scales, **floor)
            return self.conv(x, f"{name}/resize", pad=1, mirrored=True)
        x = self.conv(x, f"{name}/shuffle", pad=1, mirrored=True)
        return self.add("DepthToSpace", x, blocksize=2, mode="DCR")

    def _bias(self, name: str) -> list[np.ndarray]:
        return [self.params[f"{name}/bias"]] if f"{name}/bias" in self.params else []


def resnet(g: Graph, x: str, block: Block) -> str:
    """`networks.resnet` without its padding to a multiple of 4."""
    kind, width, blocks = block.get("norm", "instance"), block.get("width", 64), block.get("blocks", 9)

    def normed(x: str, name: str, channels: int) -> str:
        return g.add("Relu", g.norm(x, name, kind, channels))

    x = normed(g.conv(x, "conv_in", pad=3, mirrored=True), "norm_in", width)
    for i in range(2):
        x = normed(g.conv(x, f"down_{i}", stride=2, pad=1), f"down_norm_{i}", width * 2 ** (i + 1))
    for i in range(blocks):
        out = normed(g.conv(x, f"block_{i}/conv_0", pad=1, mirrored=True), f"block_{i}/norm_0", 4 * width)
        out = g.conv(out, f"block_{i}/conv_1", pad=1, mirrored=True)
        x = g.add("Add", x, g.norm(out, f"block_{i}/norm_1", kind, 4 * width))
    for i in range(2):
        x = g.upsample(x, f"up_{i}", block.get("upsample", "deconv"))
        x = normed(x, f"up_norm_{i}", width * 2 ** (1 - i))
    return g.add("Tanh", g.conv(x, "conv_out", pad=3, mirrored=True))


def unet(g: Graph, x: str, block: Block) -> str:
    """`networks.unet` without its padding to a multiple of 2**levels."""
    kind, width = block.get("norm", "batch"), block.get("width", 64)
    innermost = block.get("levels", 8) - 1
    skips = [g.conv(x, "down_0", stride=2, pad=1)]
    for i in range(1, innermost + 1):
        x = g.conv(g.add("LeakyRelu", skips[-1], alpha=0.2), f"down_{i}", stride=2, pad=1)
        skips.append(x if i == innermost else g.norm(x, f"down_norm_{i}", kind, width * min(2**i, 8)))
    x = skips.pop()
    for i in range(innermost, 0, -1):
        x = g.deconv(g.add("Relu", x), f"up_{i}")
        x = g.norm(x, f"up_norm_{i}", kind, width * min(2 ** (i - 1), 8))
        x = g.add("Concat", skips.pop(), x, axis=1)
    return g.add("Tanh", g.deconv(g.add("Relu", x), "up_0"))


FAMILIES = {"resnet": resnet, "unet": unet}


def described(block: Block, params: Any, into: int, out: int) -> bytes:
    """The ONNX file of a generator: "images", [n, height, width, into] float32 in [-1, 1], to "translated".

    Raises:
        UserError: the package onnx is missing, or the network is of another family.
    """
    try:
        from onnx import TensorProto, checker, helper
    except ImportError as error:
        raise UserError("--to=onnx needs the package onnx: pip install -e '.[onnx]'") from error
    if block["network"] not in FAMILIES:
        raise UserError(f'--to=onnx knows no network "{block["network"]}", only {", ".join(FAMILIES)}')
    g = Graph(params)
    x = FAMILIES[block["network"]](g, g.add("Transpose", "images", perm=[0, 3, 1, 2]), block)
    g.nodes.append(helper.make_node("Transpose", [x], ["translated"], perm=[0, 2, 3, 1]))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", "height", "width", channels])
        for name, channels in (("images", into), ("translated", out))
    ]
    graph = helper.make_graph(g.nodes, "translate", ends[:1], ends[1:], g.weights)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=IR, producer_name="gan_jax")
    checker.check_model(model)
    return bytes(model.SerializeToString())


def load(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """An ONNX file, ready to run on the CPU. Raises UserError when the package onnxruntime is missing."""
    try:
        import onnxruntime
    except ImportError as error:
        raise UserError("--to=onnx needs the package onnxruntime: pip install -e '.[onnx]'") from error
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return lambda images: np.asarray(session.run(None, {"images": images})[0])
