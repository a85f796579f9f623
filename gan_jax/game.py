"""A GAN is a game: players own parameters, moves are losses that players descend, a round plays the moves.

    theta_p <- theta_p - optimizer_p(d loss_m / d theta_p)     for each move m in order, each player p of m

A loss is a pure function whose parameter names say what it is given: the name of a player is that player's network as
a callable; `batch`, `memory`, `step` and `rng` are the round's. So a loss reads like the paper's equation and a test
can call it with plain lambdas. Only the movers' parameters are differentiated: there is nothing to stop or detach.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Key, PyTree

from gan_jax.sampling import Sampler
from gan_jax.when import When, always

Network = Callable[..., Any]
GIVEN = ("batch", "memory", "step", "rng")


class Player(NamedTuple):
    """A parameter group. Without an optimizer it is fixed: arrays in the state that no move may train."""

    init: Callable[[Key[Array, ""]], PyTree]
    apply: Callable[..., Any]
    optimizer: optax.GradientTransformation | None = None
    average: float = 0.0  # decay of the exponential moving average of the parameters; 0 keeps none


class Report(NamedTuple):
    """What a move tells: scalars to log, and new values for entries of the memory."""

    log: dict[str, Float[Array, ""]] = {}
    memory: dict[str, PyTree] = {}


class Move(NamedTuple):
    """`players` take one optimizer step down `loss(...) -> (scalar, Report)` at the steps where `when(step)`."""

    name: str
    players: tuple[str, ...]
    loss: Callable[..., tuple[Float[Array, ""], Report]]
    when: When = always
    optimizer: optax.GradientTransformation | None = None  # one of its own, instead of the player's


class Game(NamedTuple):
    """The whole of a paper. A tuple inside `moves` is a simultaneous group: all gradients first, then all steps."""

    players: dict[str, Player]
    moves: tuple[Move | tuple[Move, ...], ...]
    memory: Callable[[], dict[str, PyTree]] = dict
    show: Callable[..., dict[str, Array]] = lambda: {}  # pictures by name, from networks and a batch
    rows: tuple[tuple[str, ...], ...] = ()  # how those pictures (and the batch's) stand beside each other
    translate: dict[str, str] = {}  # "x2y": the player that makes a picture of kind y from one of kind x
    sampler: Sampler | None = None  # how examples are made of noise alone


class State(NamedTuple):
    """All that training changes, and all that a checkpoint holds."""

    step: Any  # a Python or NumPy integer on the host; traced within a round
    params: dict[str, PyTree]
    optimizer: dict[str, PyTree]
    average: dict[str, PyTree]
    memory: dict[str, PyTree]


def groups(game: Game) -> list[list[Move]]:
    """The moves in order, each simultaneous group as one list."""
    return [[group] if isinstance(group, Move) else list(group) for group in game.moves]


def moves(game: Game) -> list[Move]:
    """The moves in order, groups flattened; the index of a move in this list names its stream of random numbers."""
    return [move for group in groups(game) for move in group]


def check(game: Game) -> None:
    """Refuse a game that cannot be played.

    Raises:
        ValueError: two moves of one name, a player named like one of `batch`, `memory`, `step`, `rng`, a mover that is
            no player or has no optimizer, or a loss that asks for something that is neither a player nor one of those.
    """
    taken = sorted(set(game.players) & set(GIVEN))
    if taken:
        raise ValueError(f"players cannot be named {taken}: losses are given something else by that name")
    names = [move.name for move in moves(game)]
    if len(set(names)) < len(names):
        raise ValueError(f"moves need different names, got {names}")
    for move in moves(game):
        for name in move.players:
            if name not in game.players:
                raise ValueError(
                    f"move {move.name!r} trains {name!r}, but the players are {sorted(game.players)}"
                )
            if _optimizer(game, move, name) is None:
                raise ValueError(f"move {move.name!r} trains {name!r}, which has no optimizer")
        unknown = set(inspect.signature(move.loss).parameters) - set(game.players) - set(GIVEN)
        if unknown:
            raise ValueError(
                f"the loss of move {move.name!r} asks for {sorted(unknown)}: "
                f"known are the players {sorted(game.players)} and {GIVEN}"
            )


def init(game: Game, key: Key[Array, ""]) -> State:
    """The state before the first round. Player number i is drawn from `fold_in(key, i)`, in order of declaration."""
    check(game)
    params = {name: p.init(jax.random.fold_in(key, i)) for i, (name, p) in enumerate(game.players.items())}
    optimizer = {}
    for move in moves(game):
        for name in move.players:
            transform = _optimizer(game, move, name)
            assert transform is not None
            optimizer[_slot(move, name)] = transform.init(params[name])
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


def play(
    game: Game, **jit_options: Any
) -> Callable[[State, PyTree, Key[Array, ""]], tuple[State, dict[str, Array]]]:
    """One round as `(state, batch, key) -> (state, log)`: compiled once per set of active moves, the state donated.

    Random numbers are derived, never stored: move m of round t draws from `fold_in(fold_in(key, t), m)`, so a resumed
    run draws what the uninterrupted one would have drawn. The log holds every scalar that the moves report, and for
    each move `loss/<move>` and `gradient/<move>`, the norm of its gradient.
    """
    check(game)

    @functools.cache
    def compiled(active: frozenset[str]) -> Callable[..., tuple[State, dict[str, Array]]]:
        return jax.jit(functools.partial(_round, game, active), donate_argnums=0, **jit_options)

    def round(state: State, batch: PyTree, key: Key[Array, ""]) -> tuple[State, dict[str, Array]]:
        step = int(state.step)
        active = frozenset(move.name for move in moves(game) if move.when(step))
        state, log = compiled(active)(state._replace(step=np.int32(step)), batch, key)
        return state._replace(step=step + 1), log

    return round


def _round(
    game: Game, active: frozenset[str], state: State, batch: PyTree, key: Key[Array, ""]
) -> tuple[State, dict[str, Array]]:
    key = jax.random.fold_in(key, state.step)
    order = [move.name for move in moves(game)]
    log: dict[str, Array] = {}
    trained: set[str] = set()
    for group in groups(game):
        playing = [move for move in group if move.name in active]
        pulls = [
            _pull(game, move, state, batch, jax.random.fold_in(key, order.index(move.name)))
            for move in playing
        ]
        for move, (loss, report, gradients) in zip(playing, pulls, strict=True):
            state = _descend(game, move, state, gradients)
            state = state._replace(memory=_remember(move, state.memory, report.memory))
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


def _pull(
    game: Game, move: Move, state: State, batch: PyTree, rng: Key[Array, ""]
) -> tuple[Float[Array, ""], Report, dict[str, PyTree]]:
    """The loss of a move, its report, and its gradient with respect to the movers' parameters."""

    def objective(moving: dict[str, PyTree]) -> tuple[Float[Array, ""], Report]:
        playing = networks(game, state._replace(params=state.params | moving), averaged=False)
        return call(
            move.loss, playing | {"batch": batch, "memory": state.memory, "step": state.step, "rng": rng}
        )

    moving = {name: state.params[name] for name in move.players}
    (loss, report), gradients = jax.value_and_grad(objective, has_aux=True)(moving)
    return loss, report, gradients


def _descend(game: Game, move: Move, state: State, gradients: dict[str, PyTree]) -> State:
    params, optimizer = dict(state.params), dict(state.optimizer)
    for name in move.players:
        transform, slot = _optimizer(game, move, name), _slot(move, name)
        assert transform is not None
        updates, optimizer[slot] = transform.update(gradients[name], optimizer[slot], params[name])
        params[name] = optax.apply_updates(params[name], updates)
    return state._replace(params=params, optimizer=optimizer)


def _remember(move: Move, memory: dict[str, PyTree], news: dict[str, PyTree]) -> dict[str, PyTree]:
    unknown = set(news) - set(memory)
    if unknown:
        raise ValueError(
            f"move {move.name!r} reports memory {sorted(unknown)}, but the game holds {sorted(memory)}"
        )
    return memory | news


def _average(game: Game, state: State, trained: set[str]) -> dict[str, PyTree]:
    """EMA of what was trained: a <- d a + (1 - d) params, d = min(decay, (1 + t) / (10 + t)) to forget the start."""
    average = dict(state.average)
    for name in trained & set(average):
        decay = jnp.minimum(game.players[name].average, (1.0 + state.step) / (10.0 + state.step))
        average[name] = optax.incremental_update(state.params[name], average[name], 1.0 - decay)
    return average


def _norm(tree: PyTree) -> Array:
    return jnp.sqrt(sum(jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(tree)))


def _optimizer(game: Game, move: Move, name: str) -> optax.GradientTransformation | None:
    return move.optimizer or game.players[name].optimizer


def _slot(move: Move, name: str) -> str:
    return f"{move.name}/{name}" if move.optimizer else name
