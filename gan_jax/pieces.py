"""What a game consists of: players, moves, what moves report, and the state that training changes."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

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
            if optimizer(game, move, name) is None:
                raise ValueError(f"move {move.name!r} trains {name!r}, which has no optimizer")
        unknown = set(inspect.signature(move.loss).parameters) - set(game.players) - set(GIVEN)
        if unknown:
            raise ValueError(
                f"the loss of move {move.name!r} asks for {sorted(unknown)}: "
                f"known are the players {sorted(game.players)} and {GIVEN}"
            )


def optimizer(game: Game, move: Move, name: str) -> optax.GradientTransformation | None:
    """What a move steps the player of that name with."""
    return move.optimizer or game.players[name].optimizer


def slot(move: Move, name: str) -> str:
    """Where `State.optimizer` holds what belongs to it: a move's own optimizer has a slot of its own."""
    return f"{move.name}/{name}" if move.optimizer else name
