"""What `gan_jax.replay` finds: the numbers of a failed round, in the order in which they are made."""

import traceback
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key, PyTree

from gan_jax import compiler, engine, failures, finite, game, sharding, trained
from gan_jax.checkpoint import Checkpoints
from gan_jax.errors import UserError
from gan_jax.game import Move, State
from gan_jax.rounds import Rounds


def lines(folder: Path, debug: bool = False) -> Iterator[str]:
    """A line for the batch, the state before, each move and the state after; the last says where it began.

    Raises:
        UserError: the folder cannot be read.
    """
    about, batch = failures.read(folder)
    rounds = Rounds(trained.config(folder))
    restored = Checkpoints(folder / "checkpoints", fixed=rounds.fixed).restore(rounds.state)
    if restored is None or not restored.facts:
        raise UserError(f"{folder} holds no state that can be read")
    rounds.go_to(restored.state, [])
    yield f"step {about.step:,}: {about.wrong}. That round again, with batch {about.batch:,}:"
    wrong = finite.bad(finite.named(batch=batch))
    yield _row("the batch", wrong or "finite")
    began = f"in the batch: {wrong}" if wrong else ""
    wrong = _bad(rounds.state)
    yield _row("the state before", wrong or "finite")
    began = began or (f"before this round: {wrong}" if wrong else "")
    placed = sharding.split(rounds.mesh, batch)
    for group in game.groups(rounds.game):
        playing = [move for move in group if move.when(rounds.state.step)]
        if playing:
            found = yield from _group(rounds, playing, placed, debug)
            began = began or found
    yield f"It began {began}." if began else "All of it is finite this time."


def _group(rounds: Rounds, playing: list[Move], batch: PyTree, debug: bool) -> Generator[str, None, str]:
    """Play moves that share one state; a row for each. Returns where the first number that is none was made, or ""."""
    before, names = rounds.state, [move.name for move in playing]
    copy = jax.tree.map(jnp.array, before._replace(step=()))._replace(step=np.int32(before.step))
    sliced, options = engine.slice_of(rounds.config), engine.options(rounds.mesh, rounds.config, before)
    after, log = game.program(sliced, frozenset(names), **options)(copy, batch, rounds.key)
    rounds.go_to(after._replace(step=before.step), [])
    began = ""
    for move in playing:
        own = {f"{kind}/{move.name}": float(log[f"{kind}/{move.name}"]) for kind in ("loss", "gradient")}
        yield _row(
            move.name, "  ".join(f"{name.partition('/')[0]} {value:.6g}" for name, value in own.items())
        )
        if finite.bad(own):
            found = yield from _leaves(rounds, sliced, move, before, batch)
            began = began or found
            if debug:
                yield _row("", _line_of_code(rounds, sliced, move, before, batch))
    wrong = _bad(after)
    if wrong:
        yield _row("the state after", wrong)
    return began or (f"when {' and '.join(names)} took a step: {wrong}" if wrong else "")


def _leaves(
    rounds: Rounds, sliced: game.Game, move: Move, before: State, batch: PyTree
) -> Generator[str, None, str]:
    """A row with the terms and the gradient's arrays that are not finite; returns the first in words."""
    pull = jax.jit(_pull(rounds, sliced, move), compiler_options=compiler.options(rounds.config.get("dtype")))
    loss, report, gradients = pull(before._replace(step=np.int32(before.step)), batch)
    terms = [
        name for name, value in {**report.log, f"loss/{move.name}": loss}.items() if finite.bad({name: value})
    ]
    arrays = [name for name, leaf in finite.named(**gradients).items() if finite.bad({name: leaf})]
    of = len(jax.tree.leaves(gradients))
    if terms:
        yield _row("", f"not finite: {', '.join(terms)}")
    if arrays:
        yield _row("", f"not finite: the gradient of {len(arrays)} of {of} arrays, {arrays[0]} first")
    player, _, path = arrays[0].partition("[") if arrays else ("", "", "")
    at = f", in the gradient of player {player}, array [{path}" if arrays else ""
    return f"in move {move.name}{f', term {terms[0]}' if terms else ''}{at}"


def _pull(rounds: Rounds, sliced: game.Game, move: Move) -> Any:
    order = [other.name for other in game.moves(sliced)]

    def pull(state: State, batch: PyTree) -> Any:
        key: Key[Array, ""] = jax.random.fold_in(
            jax.random.fold_in(rounds.key, state.step), order.index(move.name)
        )
        return game.pull(sliced, move, rounds.config.accumulate, state, batch, key)

    return pull


def _line_of_code(rounds: Rounds, sliced: game.Game, move: Move, before: State, batch: PyTree) -> str:
    """Operation by operation, until one gives nan or infinity."""
    try:
        with jax.debug_nans(True), jax.debug_infs(True):
            _pull(rounds, sliced, move)(before._replace(step=np.int32(before.step)), batch)
    except FloatingPointError as error:
        ours = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if "site-packages" not in frame.filename and Path(frame.filename).name != Path(__file__).name
        ]
        last = ours[-1]
        return f"{str(error).partition(chr(10))[0]}\n    {last.filename}:{last.lineno}, in {last.name}: {last.line}"
    return "operation by operation, all of it is finite"


def _bad(state: State) -> str:
    return finite.bad(finite.named(**state._replace(step=())._asdict()))


def _row(name: str, words: str) -> str:
    return f"  {name:<18}{words}"
