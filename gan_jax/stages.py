"""A network as stages between its norms, found by calling it: for pictures that it cannot take whole.

The network is cut in front of every norm, and behind every block that holds norms. A stage is the whole network with
the values at earlier cuts put in their places: the compiler then drops what nothing depends on any more, so a stage
computes what lies between cuts, and nothing has to be stated twice.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax.ad_checkpoint import checkpoint_name
from jaxtyping import Array, Float, PyTree

from gan_jax import winograd
from gan_jax.errors import UserError
from gan_jax.layers import BatchNorm, Conv, ConvTranspose, Norm, ResizeConv

Apply = Callable[[PyTree, Array], Array]
Moments = tuple[Float[Array, "c"], Float[Array, "c"]]  # mean and variance of each channel


class Cuts:
    """One call of a network: notes the value at each cut, puts those `given` in their places, and normalises.

    A norm whose `moments` are not known yet lets its input pass.
    """

    def __init__(self, given: dict[int, Array], moments: dict[int, Moments]) -> None:
        """Values and moments by the number of their cut, in the order of the call."""
        self.given, self.moments = given, moments
        self.values: list[Array] = []
        self.norms: list[int] = []  # the cuts in front of a norm
        self.sides: list[tuple[int, int]] = []  # of what enters each convolution; first the padded picture

    def __call__(self, call: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
        """What `flax.linen.intercept_methods` calls in the place of every method of every module."""
        module = context.module
        if context.method_name != "__call__":
            return call(*args, **kwargs)
        if isinstance(module, Norm) and module.kind != "none":
            return self._norm(module, args[0])
        before = len(self.values)
        out = call(*args, **kwargs)
        if isinstance(module, Conv | ConvTranspose | ResizeConv):
            self.sides.append(args[0].shape[1:3])
            # At most size - 1 of its pixels, whatever the stride and the padding: told to `_live` by a name.
            return checkpoint_name(out, f"{(module.size - 1) * self.sides[0][0] // self.sides[-1][0]}")
        return self._cut(out) if module.path and len(self.values) > before else out

    def _cut(self, value: Array) -> Array:
        self.values.append(value)
        return self.given.get(len(self.values) - 1, value).astype(value.dtype)

    def _norm(self, module: Norm, x: Array) -> Array:
        index = len(self.values)
        self.norms.append(index)
        x = self._cut(x)
        if index not in self.moments:
            return x
        mean, variance = (moment.reshape(1, 1, 1, -1) for moment in self.moments[index])
        out = (x.astype(jnp.float32) - mean) * jax.lax.rsqrt(variance + BatchNorm.epsilon)
        affine = module.variables.get("params", {}).get("batch")
        if affine:
            out = out * affine["scale"].reshape(1, 1, 1, -1) + affine["bias"].reshape(1, 1, 1, -1)
        return out.astype(x.dtype)


class Stage(NamedTuple):
    """From the values at the cuts `needs` to those at `makes`; the last of these enters a norm, or is the output."""

    needs: tuple[int, ...]
    makes: tuple[int, ...]
    reach: int  # in every direction, in pixels of the picture


class Plan(NamedTuple):
    """The stages for a picture of one size, and what the values at the cuts look like."""

    stages: tuple[Stage, ...]
    shapes: tuple[tuple[int, ...], ...]  # (height, width, channels) at each cut; the last is the output's
    size: tuple[int, int]  # the picture's, once the network has padded it
    multiple: int  # pixels between places where all layers have a pixel that begins

    def scale(self, cut: int) -> int:
        """How many pixels of the picture a pixel there stands for, in height and in width."""
        return self.size[0] // self.shapes[cut][0]


def plan(apply: Apply, params: PyTree, shape: tuple[int, ...]) -> Plan:
    """The stages of a network for a picture (height, width, channels). Traced with shapes alone: nothing is computed.

    Raises:
        UserError: the network has no convolutions of ours, or its layers do not divide the padded picture evenly.
    """
    seen: list[Cuts] = []

    def cut(params: PyTree, x: Array, given: dict[int, Array], moments: dict[int, Moments]) -> list[Array]:
        seen.append(Cuts(given, moments))
        # With Winograd's products, blocks would be a loop, and a loop has no cuts.
        with nn.intercept_methods(seen[-1]), winograd.left_out():
            out = apply(params, x)
        return [*seen[-1].values, out]

    x = jax.ShapeDtypeStruct((1, *shape), jnp.float32)
    *values, out = jax.eval_shape(cut, params, x, {}, {})
    cuts = seen[-1]
    moments = {i: (jax.ShapeDtypeStruct(values[i].shape[-1:], jnp.float32),) * 2 for i in cuts.norms}
    jaxpr = jax.make_jaxpr(cut)(params, x, dict(enumerate(values)), moments).jaxpr
    given = jaxpr.invars[len(jax.tree.leaves(params)) + 1 :][: len(values)]
    stages, begin = [], 0
    for end in [*cuts.norms, len(values)]:
        makes = tuple(range(begin, end + 1))
        live, reach = _live(jaxpr, [jaxpr.outvars[i] for i in makes])
        needs = tuple(i for i, value in enumerate(given) if value in live and i not in makes)
        stages.append(Stage(needs, makes, reach))
        begin = end + 1
    size = cuts.sides[0] if cuts.sides else (0, 0)
    layers = [*cuts.sides, *(value.shape[1:3] for value in values)]
    if not cuts.sides or any(
        size[0] % height or size[0] * width != size[1] * height for height, width in layers
    ):
        raise UserError(
            f"this network cannot translate a picture of {shape[1]} x {shape[0]} pixels in pieces, since its layers "
            "do not divide it evenly: scale the picture down"
        )
    shapes = (*(value.shape[1:] for value in values), (*size, out.shape[-1]))
    return Plan(tuple(stages), shapes, size, size[0] // min(height for height, _ in layers))


def run(
    apply: Apply,
    makes: tuple[int, ...],
    params: PyTree,
    x: Array,
    given: dict[int, Array],
    moments: dict[int, Moments],
) -> list[Array]:
    """One stage for one window of a picture, [1, h, w, c]: the values at the cuts that it makes, float32."""
    cuts = Cuts(given, moments)
    with nn.intercept_methods(cuts), winograd.left_out():
        out = apply(params, x)
    return [value.astype(jnp.float32) for value in [*cuts.values, out][makes[0] : makes[-1] + 1]]


def _live(jaxpr: Any, outputs: list[Any]) -> tuple[set[Any], int]:
    """The variables that these outputs depend on, and how far the convolutions on the way reach, all added up."""
    live, reach = {variable for variable in outputs if not hasattr(variable, "val")}, 0
    for equation in reversed(jaxpr.eqns):
        if live.intersection(equation.outvars):
            live.update(variable for variable in equation.invars if not hasattr(variable, "val"))
            if equation.primitive.name == "name":  # of `checkpoint_name`
                reach += int(equation.params["name"])
    return live, reach
