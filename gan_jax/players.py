"""Players whose networks are Flax modules."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Key, PyTree

from gan_jax.game import Player


def player(module: nn.Module, *examples: Array | jax.ShapeDtypeStruct, **fields: Any) -> Player:
    """The player whose network is a Flax module; `examples` are inputs (or their shapes) that fix its parameters."""

    def draw(key: Key[Array, ""]) -> PyTree:
        inputs = [jnp.zeros(example.shape, example.dtype) for example in examples]
        return module.init(key, *inputs).get("params", {})

    # Op by op it takes three times as long, and so does a compiler that optimises what runs once.
    quick = jax.jit(draw, compiler_options={"xla_backend_optimization_level": 1})

    def initial(key: Key[Array, ""]) -> PyTree:
        return draw(key) if isinstance(key, jax.core.Tracer) else quick(key)

    def apply(params: PyTree, *inputs: Any, **options: Any) -> Any:
        return module.apply({"params": params}, *inputs, **options)

    return Player(initial, apply, **fields)
