"""Beginning a run with the parameters of another one: fine-tuning, by `--config.init_from=RUN`."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from flax import traverse_util
from jaxtyping import PyTree
from ml_collections import ConfigDict

from gan_jax import checkpoint, game, settings
from gan_jax.errors import UserError


class Run(NamedTuple):
    """What a run has learned: its config, the step, and its players' parameters, averaged ones where it keeps them."""

    config: ConfigDict
    step: int
    params: dict[str, PyTree]
    averaged: tuple[str, ...]


def read(workdir: Path) -> Run:
    """The newest checkpoint of a run that can be read; nothing in the directory changes.

    Raises:
        UserError: there is no run, or no whole checkpoint of its config.
    """
    try:
        config = settings.complete(settings.from_json((workdir / "config.json").read_text(encoding="utf-8")))
        played = import_module(f"gan_jax.gans.{config.gan}").game(config)
    except (OSError, UnicodeDecodeError, AttributeError, ImportError) as error:
        raise UserError(
            f"{workdir} holds no run that can be read ({error}): name a directory of training"
        ) from error
    like = jax.eval_shape(lambda key: game.init(played, key), jax.random.key(0))
    trained = {name for move in game.moves(played) for name in move.players}
    params = {name: tree for name, tree in like.params.items() if name in trained}
    like = like._replace(step=jax.ShapeDtypeStruct((), np.int32), params=params)
    reasons = []
    for step in reversed(checkpoint.steps(workdir / "checkpoints")):
        try:
            state, _ = checkpoint.read(workdir / "checkpoints" / str(step), like)
            return Run(config, step, state.params | state.average, tuple(state.average))
        except checkpoint.Damaged as error:
            reasons.append(f"step {step:,}: {error}")
    raise UserError(
        f"{workdir} has no checkpoint that can be read{': ' if reasons else ''}{'; '.join(reasons)}"
    )


def begin(config: ConfigDict, state: game.State, say: Callable[[str], None]) -> game.State:
    """The state that a run begins with: `state`, with the parameters of the run `config.init_from` where they fit.

    A parameter fits that has the same player, name and shape there; a player of whose numbers less than half fit is
    left as it was drawn. Averages begin as the parameters. `say` is told what fits and what does not.

    Raises:
        UserError: there is no such run, or no player fits.
    """
    if not config.get("init_from", ""):
        return state
    there = read(Path(config.init_from).expanduser())
    params = dict(state.params)
    begun = []
    for name, drawn in state.params.items():
        taken, misfits = _fitting(drawn, there.params.get(name, {}))
        if taken is not None:
            begun.append(name)
            params[name] = taken
        if misfits:
            what = name if taken is None else f"a part of {name}"
            more = f"; and {len(misfits) - 3} more" if len(misfits) > 3 else ""
            say(f"{what} is drawn anew, since it does not fit: {'; '.join(misfits[:3])}{more}")
    if not begun:
        raise UserError(f"config.init_from={config.init_from} has no network that fits this config's")
    say(f"{', '.join(begun)} begin as {config.init_from} has them at step {there.step:,}")
    average = {name: jax.tree.map(lambda leaf: leaf.copy(), params[name]) for name in state.average}
    return state._replace(params=params, average=average)


def _fitting(drawn: PyTree, other: PyTree) -> tuple[PyTree | None, list[str]]:
    """`drawn` with what fits of `other`, or None when that is less than half; and what does not fit."""
    if not other:
        return None, ["it is not there"]
    here, there = (traverse_util.flatten_dict(tree, sep="/") for tree in (drawn, other))
    fits = {path for path, leaf in here.items() if path in there and there[path].shape == leaf.shape}
    misfits = [
        f"{path} is {_shape(leaf)}, there {_shape(there[path]) if path in there else 'missing'}"
        for path, leaf in here.items()
        if path not in fits
    ]
    if 2 * sum(here[path].size for path in fits) < sum(leaf.size for leaf in here.values()):
        return None, misfits
    taken = {
        path: jax.device_put(there[path], leaf.sharding) if path in fits else leaf
        for path, leaf in here.items()
    }
    return traverse_util.unflatten_dict(taken, sep="/"), misfits


def _shape(leaf: jax.Array) -> str:
    return "x".join(map(str, leaf.shape))
