"""Networks that keep nothing of a call but its inputs, and compute the rest again when the gradient asks for it.

A round of CycleGAN calls its generators six times before it descends: what all those calls keep is most of its memory.
Computed again it is needed once at a time, for about a third more work (Chen et al. 2016, arXiv 1604.06174).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from gan_jax.pieces import Game

Network = Callable[..., Any]


def remat(game: Game) -> Game:
    """The same game, each call of whose networks is computed again for its gradient, with equal results."""
    return game._replace(
        players={name: p._replace(apply=forgetful(p.apply)) for name, p in game.players.items()}
    )


def forgetful(apply: Network) -> Network:
    """`apply(params, *inputs, **options)`, of which nothing but these is kept until the gradient is asked for."""
    again = _ordered if jax.default_backend() == "cpu" else jax.checkpoint

    def call(params: PyTree, *inputs: Any, **options: Any) -> Any:
        leaves, structure = jax.tree.flatten((params, inputs))
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array | np.ndarray)]

        def of_arrays(*arrays: Any) -> Any:
            whole = list(leaves)
            for place, array in zip(places, arrays, strict=True):
                whole[place] = array
            params, inputs = jax.tree.unflatten(structure, whole)
            return apply(params, *inputs, **options)

        return again(of_arrays)(*(leaves[place] for place in places))

    return call


def _ordered(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `jax.checkpoint`, with the work in a branch that cannot begin before the gradient behind it is there.

    On a CPU XLA drops the barriers that `jax.checkpoint` orders it by, and keeps as much as without.
    """

    @jax.custom_vjp
    def call(*given: Any) -> Any:
        return function(*given)

    def forward(*given: Any) -> tuple[Any, tuple[Any, ...]]:
        return function(*given), given

    def backward(given: tuple[Any, ...], cotangent: Any) -> tuple[Any, ...]:
        is_float = [jnp.issubdtype(x.dtype, jnp.floating) for x in given]
        floats = [x for x, moves in zip(given, is_float, strict=True) if moves]

        def of_floats(*floats: Any) -> Any:
            rest = iter(floats)
            return function(*(next(rest) if moves else x for x, moves in zip(given, is_float, strict=True)))

        def pull() -> tuple[Any, ...]:
            return jax.vjp(of_floats, *floats)[1](cotangent)

        def none() -> tuple[Any, ...]:
            return tuple(jnp.full_like(x, jnp.nan) for x in floats)

        # True of every number, which XLA does not know; what is no number has no gradient.
        one = next(x for x in jax.tree.leaves(cotangent) if jnp.issubdtype(x.dtype, jnp.floating))
        one = one[(0,) * one.ndim]
        gradients = iter(jax.lax.cond(one == one, pull, none))
        return tuple(next(gradients) if moves else None for moves in is_float)

    call.defvjp(forward, backward)
    return call
