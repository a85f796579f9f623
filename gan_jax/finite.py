"""Looking for numbers that are none."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree


class NotFinite(Exception):
    """A number that is none, and the step whose round made it."""

    def __init__(self, wrong: str, step: int) -> None:
        """`wrong` is what `bad` says."""
        super().__init__(f"{wrong} at step {step:,}")
        self.wrong, self.step = wrong, step


def check(values: Mapping[str, Any], step: int) -> None:
    """Raises NotFinite for what `bad` finds."""
    if wrong := bad(values):
        raise NotFinite(wrong, step)


def bad(values: Mapping[str, Any]) -> str:
    """What is wrong with the first array or number that is not finite: "loss/generators became nan"; "" if all are."""
    for name, value in values.items():
        flat = np.ravel(np.asarray(_here(value)))
        wrong = flat[~np.isfinite(flat)]
        if len(wrong):
            return f"{name} became {float(wrong[0])}"
    return ""


def _here(value: Any) -> Any:
    """What several hosts hold in parts is added up, but for what is finite: then all of them find the same."""
    if isinstance(value, jax.Array) and not (value.is_fully_addressable or value.is_fully_replicated):
        return jnp.sum(jnp.where(jnp.isfinite(value), 0, value))
    return value


def named(**trees: PyTree) -> dict[str, Any]:
    """The leaves of trees by their paths: named(params=tree) has "params['G']['Conv_0']['kernel']"."""
    return {
        name + jax.tree_util.keystr(path): leaf
        for name, tree in trees.items()
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }
