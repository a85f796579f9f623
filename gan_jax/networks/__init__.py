"""Network families, one a module, each with `build(*, channels, **fields)`; picked by the module's name."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import jax.numpy as jnp
from flax import linen as nn

from gan_jax.errors import UserError


def build(
    block: Mapping[str, Any], channels: int | None = None, dtype: str = "float32", **given: Any
) -> nn.Module:
    """The network that a config block `{"network": family, **fields}` describes.

    `channels` is the number of output channels of a generator; discriminators ignore it. `dtype` is what it
    computes in; parameters and outputs are float32. `given` are fields that the game decides, such as a shape.
    Raises UserError for an unknown family or a field that the family does not have.
    """
    fields = dict(block)
    family = fields.pop("network", None)
    known = sorted(module.name for module in iter_modules(__path__))
    if family not in known:
        raise UserError(f"network={family!r} is unknown: use one of {', '.join(known)}")
    module = import_module(f"{__name__}.{family}")
    try:
        return module.build(channels=channels, dtype=jnp.dtype(dtype), **given, **fields)
    except TypeError as error:
        raise UserError(f'network "{family}": {error}') from error
