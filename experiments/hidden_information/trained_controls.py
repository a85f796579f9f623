"""The networks of controls that are trained, as functions from NumPy to NumPy."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from control import config, control

from gan_jax import checkpoint, game, losses
from gan_jax.errors import UserError

HONEST = "honest"  # below a control: what honest.py leaves there

Network = Callable[[np.ndarray], np.ndarray]


def load(workdir: Path, step: int) -> tuple[dict[str, Any], dict[str, Network]]:
    """What a control's checkpoint says of itself, and its G and F. UserError where there is none of that step."""
    return _load(workdir / "checkpoints" / str(step), control(config()))


def load_honest(workdir: Path, step: int) -> Network:
    """The honest decoder of a control. UserError where there is none of that step."""
    return _load(workdir / HONEST / str(step), honest())[1]["F"]


@functools.cache
def honest() -> game.Game:
    """A game in which F alone learns to restore x from given y."""

    def decode(F, batch):
        loss = losses.l1(F(batch["y"]), batch["x"])
        return loss, game.Report({"back": loss})

    F = control(config()).players["F"]
    return game.Game(players={"F": F}, moves=(game.Move("decode", ("F",), decode),))


def _load(path: Path, played: game.Game) -> tuple[dict[str, Any], dict[str, Network]]:
    if not path.is_dir():
        raise UserError(f"{path}: missing; train this to its end first")
    like = game.init(played, jax.random.key(0))._replace(step=np.array(0, np.int32))
    state, facts = checkpoint.read(path.absolute(), like)
    return facts, {name: _with(name, params) for name, params in state.params.items()}


@functools.cache
def _compiled(name: str) -> Any:
    """One program for all parameters."""
    return jax.jit(control(config()).players[name].apply)


def _with(name: str, params: Any) -> Network:
    return lambda images: np.asarray(_compiled(name)(params, images))
