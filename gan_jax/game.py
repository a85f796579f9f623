"""A GAN is a game: players own parameters, moves are losses that players descend, a round plays the moves.

    theta_p <- theta_p - optimizer_p(d loss_m / d theta_p)     for each move m in order, each player p of m

A loss is a pure function whose parameter names say what it is given: the name of a player is that player's network as
a callable; `batch`, `memory`, `step` and `rng` are the round's. So a loss reads like the paper's equation and a test
can call it with plain lambdas. Only the movers' parameters are differentiated: there is nothing to stop or detach.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key, PyTree

from gan_jax import pieces, slices
from gan_jax.pieces import Game, Move, Network, Player, Report, State, check, groups, moves

__all__ = [
    "Game",
    "Move",
    "Network",
    "Player",
    "Report",
    "State",
    "call",
    "check",
    "groups",
    "init",
    "moves",
    "networks",
    "one_round",
    "program",
    "pull",
]


def init(game: Game, key: Key[Array, ""]) -> State:
    """The state before the first round. Player number i is drawn from `fold_in(key, i)`, in order of declaration."""
    check(game)
    params = {name: p.init(jax.random.fold_in(key, i)) for i, (name, p) in enumerate(game.players.items())}
    optimizer = {}
    for move in moves(game):
        for name in move.players:
            transform = pieces.optimizer(game, move, name)
            assert transform is not None
            optimizer[pieces.slot(move, name)] = transform.init(params[name])
    average = {name: params[name] for name, p in game.players.items() if p.average}
    state = State(0, params, optimizer, average, game.memory())
    # Donation needs every buffer once: the average starts as the parameters themselves.
    return jax.tree.map(lambda leaf: jnp.array(leaf, copy=True), state)._replace(step=0)


def networks(game: Game, state: State, averaged: bool = True) -> dict[str, Network]:
    """Each player's network as a callable, with averaged parameters where there are any."""
    params = state.params | state.average if averaged else state.params
    return {name: functools.partial(p.apply, params[name]) for name, p in game.players.items()}


def call(function: Callable[..., Any], given: dict[str, Any]) -> Any:
    """Call a function with those of the given things that its parameters name."""
    return function(**{name: given[name] for name in inspect.signature(function).parameters})


def active(game: Game, step: int) -> frozenset[str]:
    """The names of the moves played in the round that begins at a step."""
    return frozenset(move.name for move in moves(game) if move.when(step))


def program(game: Game, active: frozenset[str], slices: int = 1, **jit_options: Any) -> Any:
    """What `jax.jit` makes of a round of these moves; the `step` of the state that it takes is an array."""
    return jax.jit(functools.partial(one_round, game, active, slices), donate_argnums=0, **jit_options)


def one_round(
    game: Game, active: frozenset[str], slices: int, state: State, batch: PyTree, key: Key[Array, ""]
) -> tuple[State, dict[str, Array]]:
    """The state after the active moves, and the log.

    Random numbers are derived, never stored: move m of round t draws from `fold_in(fold_in(key, t), m)`, so a resumed
    run draws what the uninterrupted one would have drawn. The log holds every scalar that the moves report, and for
    each move `loss/<move>` and `gradient/<move>`, the norm of its gradient. With `slices` > 1 the game is that of a
    batch of so many times fewer examples, and each move's gradient the mean over as many slices: see `slices`.
    """
    key = jax.random.fold_in(key, state.step)
    order = [move.name for move in moves(game)]
    log: dict[str, Array] = {}
    trained: set[str] = set()
    for group in groups(game):
        playing = [move for move in group if move.name in active]
        pulls = [
            pull(game, move, slices, state, batch, jax.random.fold_in(key, order.index(move.name)))
            for move in playing
        ]
        for move, (loss, report, gradients) in zip(playing, pulls, strict=True):
            state = _descend(game, move, state, gradients)
            state = state._replace(memory=state.memory | report.memory)
            log |= {
                f"loss/{move.name}": loss,
                f"gradient/{move.name}": _norm(gradients),
                **report.log,
            }
            trained |= set(move.players)
    for name, optimizer in state.optimizer.items():
        rate = optax.tree_utils.tree_get(
            optimizer, "learning_rate", filtering=lambda _, leaf: isinstance(leaf, Array)
        )
        if rate is not None:
            log[f"learning_rate/{name}"] = rate
    return state._replace(average=_average(game, state, trained)), log


def pull(
    game: Game, move: Move, count: int, state: State, batch: PyTree, rng: Key[Array, ""]
) -> tuple[Float[Array, ""], Report, dict[str, PyTree]]:
    """The loss of a move, its report, and its gradient with respect to the movers' parameters."""
    moving = {name: state.params[name] for name in move.players}

    def pulled(batch: PyTree, memory: PyTree, rng: Key[Array, ""]) -> tuple[Array, Report, dict[str, PyTree]]:
        def objective(moving: dict[str, PyTree]) -> tuple[Float[Array, ""], Report]:
            playing = networks(game, state._replace(params=state.params | moving), averaged=False)
            given = {"batch": batch, "memory": memory, "step": state.step, "rng": rng}
            return call(move.loss, playing | given)

        (loss, report), gradients = jax.value_and_grad(objective, has_aux=True)(moving)
        _check_known(move, memory, report.memory)
        return loss, report, gradients

    if count == 1:
        return pulled(batch, state.memory, rng)
    small = jax.eval_shape(game.memory)
    return slices.mean(pulled, moving, batch, state.memory, small, rng, count)


def _descend(game: Game, move: Move, state: State, gradients: dict[str, PyTree]) -> State:
    params, optimizer = dict(state.params), dict(state.optimizer)
    for name in move.players:
        transform, slot = pieces.optimizer(game, move, name), pieces.slot(move, name)
        assert transform is not None
        updates, optimizer[slot] = transform.update(gradients[name], optimizer[slot], params[name])
        params[name] = optax.apply_updates(params[name], updates)
    return state._replace(params=params, optimizer=optimizer)


def _check_known(move: Move, memory: dict[str, PyTree], news: dict[str, PyTree]) -> None:
    unknown = set(news) - set(memory)
    if unknown:
        raise ValueError(
            f"move {move.name!r} reports memory {sorted(unknown)}, but the game holds {sorted(memory)}"
        )


def _average(game: Game, state: State, trained: set[str]) -> dict[str, PyTree]:
    """EMA of what was trained: a <- d a + (1 - d) params, d = min(decay, (1 + t) / (10 + t)) to forget the start."""
    average = dict(state.average)
    for name in sorted(trained & set(average)):  # a set has another order in each process
        decay = jnp.minimum(game.players[name].average, (1.0 + state.step) / (10.0 + state.step))
        average[name] = optax.incremental_update(state.params[name], average[name], 1.0 - decay)
    return average


def _norm(tree: PyTree) -> Array:
    return jnp.sqrt(sum(jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(tree)))
