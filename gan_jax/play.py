"""Rounds of a game on the devices, several in one call of a program."""

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key, PyTree, Shaped

from gan_jax import game
from gan_jax.game import Game, State

Logs = dict[str, Shaped[Array, " at_once"]]


class Play:
    """Rounds as `(state, batch, key) -> (state, log)`: compiled once per set of active moves, the state donated.

    With `slices` > 1 the game is that of a batch of so many times fewer examples: see `slices`. Up to `at_once` rounds
    are one call of one program, whatever their number, so that none of them depends on how many there are. Everything
    happens in a context of its own, that `within` makes.
    """

    def __init__(
        self,
        played: Game,
        slices: int = 1,
        at_once: int = 1,
        within: Callable[[], AbstractContextManager[object]] = nullcontext,
        **jit_options: Any,
    ) -> None:
        """Nothing is compiled yet. Raises ValueError where the game is not one: see `game.check`."""
        game.check(played)
        self._game, self._at_once, self._within = played, at_once, within
        self._program = functools.cache(lambda moves: _program(played, moves, slices, **jit_options))

    def __call__(self, state: State, batch: PyTree, key: Key[Array, ""]) -> tuple[State, dict[str, Array]]:
        """The state after one round, and its log."""
        state, logs = self.several(state, [batch], key)
        return state, jax.tree.map(lambda values: values[0], logs)

    def several(self, state: State, batches: Sequence[PyTree], key: Key[Array, ""]) -> tuple[State, Logs]:
        """The state after a round with each batch, for as many as are `alike`; entry i of a log is that of round i."""
        step = int(state.step)
        with self._within():
            state, logs = self._at(step)(*self._given(state, batches), key)
        return state._replace(step=step + len(batches)), logs

    def alike(self, step: int, most: int) -> int:
        """How many rounds from this step on may be played in one call, of `most`: their moves are the same."""
        moves, count = game.active(self._game, step), 1
        while count < min(most, self._at_once) and game.active(self._game, step + count) == moves:
            count += 1
        return count

    def compile(self, state: State, batch: PyTree, key: Key[Array, ""]) -> None:
        """Have the round that comes next compiled when it is played; of a batch, the shapes are enough."""
        with self._within():
            self._at(int(state.step)).lower(*self._given(state, [batch]), key).compile()

    def _at(self, step: int) -> Any:
        return self._program(game.active(self._game, step))

    def _given(self, state: State, batches: Sequence[PyTree]) -> tuple[State, tuple[PyTree, ...], np.int32]:
        """What the program takes: always as many batches, the last one again and again where there are fewer."""
        missing = self._at_once - len(batches)
        filled = (*batches, *(batches[-1] for _ in range(missing)))
        return state._replace(step=np.int32(state.step)), filled, np.int32(len(batches))


def _program(played: Game, active: frozenset[str], slices: int, **jit_options: Any) -> Any:
    return jax.jit(functools.partial(_rounds, played, active, slices), donate_argnums=0, **jit_options)


def _rounds(
    played: Game,
    active: frozenset[str],
    slices: int,
    state: State,
    batches: tuple[PyTree, ...],
    count: Int[Array, ""],
    key: Key[Array, ""],
) -> tuple[State, Logs]:
    """`count` rounds, with the first of the batches; a log for each, and zeros for the rest.

    At the end of a program XLA gives the memory that it computed in back to the system, which clears it before the next
    call gets it: a tenth to a fifth of a step on a CPU. In a loop the rounds share it.
    """
    one = functools.partial(game.one_round, played, active, slices)
    if len(batches) == 1:
        state, log = one(state, batches[0], key)
        return state, jax.tree.map(lambda value: value[None], log)
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *batches)
    _, like = jax.eval_shape(one, state, batches[0], key)
    logs = jax.tree.map(lambda value: jnp.zeros((len(batches), *value.shape), value.dtype), like)

    def next_round(i: Int[Array, ""], carry: tuple[State, Logs]) -> tuple[State, Logs]:
        state, logs = carry
        state, log = one(state, jax.tree.map(lambda leaves: leaves[i], stacked), key)
        logs = jax.tree.map(lambda values, value: values.at[i].set(value), logs, log)
        return state._replace(step=state.step + 1), logs

    return jax.lax.fori_loop(0, count, next_round, (state, logs))
