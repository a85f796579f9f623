"""Models taken out of a run: StableHLO through jax.export, ONNX, each loaded again and compared with the original."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import export
from jaxtyping import Array

from gan_jax import convolutions, onnx_files, winograd
from gan_jax.errors import UserError
from gan_jax.layers import Conv, ConvTranspose, Norm, ResizeConv
from gan_jax.model import Model

TOLERANCE = 1e-4  # of values in [-1, 1]
Run = Callable[[np.ndarray], np.ndarray]


class Format(NamedTuple):
    """A kind of file: how the translation of one direction is written to its bytes, and loaded to be run."""

    suffix: str
    write: Callable[[Model, str], bytes]
    load: Callable[[Path], Run]


def multiple(model: Model) -> int:
    """What the sides of an exported model's pictures are multiples of: it does not pad and crop."""
    block = model.config.generator
    return 2 ** block.get("levels", 8) if block.network == "unet" else 4


def smallest(model: Model) -> int:
    """How many such multiples a side has at least: what a ResNet mirrors must lie inside."""
    return 1 if model.config.generator.network == "unet" else 2


def write(model: Model, form: Format, folder: Path, say: Callable[[str], None]) -> None:
    """Write `<direction>.<suffix>` for each direction; images [batch, height, width, channels], float32 in [-1, 1].

    Raises:
        UserError: a file is there already or cannot be written, or what it gives differs from what the run gives.
    """
    side = multiple(model)
    for direction in model.directions:
        path = folder / f"{direction}.{form.suffix}"
        if path.exists():
            raise UserError(f"{path} is there already: name another directory with --output=DIR")
        unchecked = path.with_name(f"{path.name}.unchecked")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            unchecked.write_bytes(form.write(model, direction))
            difference = compare(model, direction, form.load(unchecked))
            if not difference <= TOLERANCE:  # so that NaN is refused too
                raise UserError(
                    f"{unchecked} gives other pictures than the run: they differ by {difference:.1e}"
                )
            unchecked.replace(path)
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror or error}") from error
        into, out = model.channels(direction)
        say(
            f"{path}: float32 in [-1, 1], [n, height, width, {into}] to [n, height, width, {out}], sides multiples of "
            f"{side} from {smallest(model) * side}; differs from the run by {difference:.1e} at most"
        )


def compare(model: Model, direction: str, exported: Run) -> float:
    """The largest difference on random pictures of two sizes."""
    return max(
        float(np.abs(exported(images) - model.translate(images, direction)).max())
        for images in _pictures(model, direction)
    )


def _pictures(model: Model, direction: str) -> Iterator[np.ndarray]:
    random, side = np.random.default_rng(0), multiple(model)
    few = max(smallest(model), 64 // side)
    for shape in ((2, few * side, (few + 1) * side), (1, (few + 1) * side, few * side)):
        yield random.uniform(-1, 1, (*shape, model.channels(direction)[0])).astype(np.float32)


def stablehlo(model: Model, direction: str) -> bytes:
    """A serialized `jax.export.Exported` for any number and size of pictures, on CPU, GPU and TPU, weights inside.

    Each picture is translated by itself. `jax.export.deserialize(data).call(images)` runs it;
    `.mlir_module()` is its StableHLO. Raises UserError when the package flatbuffers is missing.
    """
    apply, params = model.networks[direction]
    params = jax.tree.map(np.asarray, params)

    def translate(images: Array) -> Array:
        with nn.intercept_methods(plainly), winograd.left_out():
            return jax.vmap(lambda image: apply(params, image[None])[0])(images)

    sides = (f"{multiple(model)}*{name}" for name in ("height", "width"))
    constraints = [f"{name} >= {smallest(model)}" for name in ("height", "width")]
    shape = export.symbolic_shape(
        f"batch, {', '.join(sides)}, {model.channels(direction)[0]}", constraints=constraints
    )
    like = jax.ShapeDtypeStruct(shape, jnp.float32)
    exported = export.export(jax.jit(translate), platforms=("cpu", "cuda", "rocm", "tpu"))(like)
    try:
        return bytes(exported.serialize())
    except ImportError as error:
        raise UserError(
            "--to=stablehlo needs the package flatbuffers: pip install -e '.[stablehlo]'"
        ) from error


def load_stablehlo(path: Path) -> Run:
    """What `stablehlo` wrote, ready to run."""
    exported = export.deserialize(bytearray(path.read_bytes()))
    return lambda images: np.asarray(exported.call(images))


def onnx(model: Model, direction: str) -> bytes:
    """An ONNX graph, see `onnx_files.described`."""
    params = model.networks[direction][1]
    return onnx_files.described(model.config.generator, params, *model.channels(direction))


FORMATS = {
    "stablehlo": Format("stablehlo", stablehlo, load_stablehlo),
    "onnx": Format("onnx", onnx, onnx_files.load),
}


def plainly(call: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
    """Layers in their plain form instead of the one that is fastest on this machine; for `nn.intercept_methods`.

    So they are for every machine and every size, and other tools know their operations.
    """
    module = context.module
    if context.method_name != "__call__" or not isinstance(module, Conv | ConvTranspose | Norm | ResizeConv):
        return call(*args, **kwargs)
    params = module.variables.get("params", {})
    if isinstance(module, Norm):
        return _norm(module, args[0], params.get("batch", {}))
    x, kernel = args[0].astype(module.dtype), params["kernel"].astype(module.dtype)
    if isinstance(module, ConvTranspose):
        pads, strides, dilation = (1, 2) if module.size == 3 else (2, 2), (1, 1), (2, 2)
    elif isinstance(module, ResizeConv):
        x = convolutions.reflect_pad(convolutions.nearest(x), 1)
        pads, strides, dilation = (0, 0), (1, 1), (1, 1)
    else:
        x = convolutions.reflect_pad(x, module.pad) if module.reflect else x
        pads, strides, dilation = (0 if module.reflect else module.pad,) * 2, (module.stride,) * 2, (1, 1)
    out = jax.lax.conv_general_dilated(
        x, kernel, strides, (pads, pads), dilation, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    return out + params["bias"].astype(module.dtype).reshape(1, 1, 1, -1) if "bias" in params else out


def _norm(module: Norm, x: Array, params: Any) -> Array:
    if module.kind == "none":
        return x
    centred = x.astype(jnp.float32) - x.astype(jnp.float32).mean((1, 2), keepdims=True)
    out = centred * jax.lax.rsqrt(jnp.square(centred).mean((1, 2), keepdims=True) + 1e-5)
    if params:
        out = out * params["scale"].reshape(1, 1, 1, -1) + params["bias"].reshape(1, 1, 1, -1)
    return out.astype(x.dtype)
