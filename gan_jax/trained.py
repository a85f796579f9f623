"""A run directory read back: its config, its game, and the parameters of one checkpoint. Nothing in it changes."""

from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import PyTree
from ml_collections import ConfigDict

from gan_jax import checkpoint, game, rules, settings
from gan_jax.errors import UserError


class Trained(NamedTuple):
    """What a run has learnt by one step."""

    workdir: Path
    config: ConfigDict
    game: game.Game
    step: int
    raw: dict[str, PyTree]  # parameters as they were trained
    average: dict[str, PyTree]  # and averaged over the steps, for the players that have it

    @property
    def params(self) -> dict[str, PyTree]:
        """Every player's parameters, averaged where they are."""
        return self.raw | self.average


def read(workdir: str | Path, step: int | None = None, best: bool = False) -> Trained:
    """The newest checkpoint of a run that can be read, that of one step, or the best one.

    A run may be training meanwhile: nothing is locked, and nothing is written, renamed or deleted.

    Raises:
        UserError: there is no run, or no such checkpoint.
    """
    workdir = Path(workdir).expanduser().absolute()
    found = config(workdir)
    played = _game(workdir, found)
    step, state = _state(workdir, found, _like(played), step, best)
    return Trained(workdir, found, played, step, state.params, state.average)


def _game(workdir: Path, found: ConfigDict) -> game.Game:
    try:
        played: game.Game = import_module(f"gan_jax.gans.{found.gan}").game(found)
    except AttributeError as error:  # a key that this version asks for
        raise UserError(
            f"{workdir / 'config.json'} was written by another version of gan_jax ({error}): use that one"
        ) from error
    return played


def config(workdir: Path) -> ConfigDict:
    """The config of a run directory, `settings.complete`. Raises UserError when there is none that can be used."""
    path = workdir / "config.json"
    try:
        found = settings.complete(settings.from_json(path.read_text(encoding="utf-8")))
        rules.validate(found)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(
            f"{workdir} holds no run: there is no {path}; name a --workdir of training"
        ) from error
    except (UserError, OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be used ({error}): restore it") from error
    return found


def _like(played: game.Game) -> game.State:
    """The shapes of what a checkpoint of this game holds: all but the parameters of players that no move trains."""
    state = jax.eval_shape(lambda key: game.init(played, key), jax.random.key(0))
    moved = {name for move in game.moves(played) for name in move.players}
    params = {name: tree for name, tree in state.params.items() if name in moved}
    return state._replace(step=jax.ShapeDtypeStruct((), np.int32), params=params)


def _state(
    workdir: Path, config: ConfigDict, like: game.State, step: int | None, best: bool
) -> tuple[int, game.State]:
    folder = workdir / "checkpoints"
    for _ in range(3):  # a run that trains may delete the oldest one while it is read
        there = checkpoint.steps(folder)
        if not there:
            raise UserError(
                f"{workdir} has no checkpoint yet: training writes one every {config.checkpoint_every:,} steps"
            )
        broken: dict[int, Exception] = {}
        for number in _wanted(folder, config, there, step, best):
            try:
                return number, checkpoint.read(folder / str(number), like)[0]
            except Exception as error:
                if not isinstance(error, checkpoint.Damaged) and (folder / str(number)).exists():
                    raise
                broken[number] = error
    shown = "; ".join(f"step {number:,}: {error}" for number, error in broken.items())
    raise UserError(f"no checkpoint in {folder} can be read ({shown})")


def _wanted(folder: Path, config: ConfigDict, there: list[int], step: int | None, best: bool) -> list[int]:
    """The steps to try, in order."""
    if best:
        found = checkpoint.best(folder, config.best_metric) if config.best_metric else None
        if found is None:
            raise UserError(
                f"{folder} has no best checkpoint: train with --config.best_metric, or leave --best out"
            )
        return [found]
    if step is None:
        return there[::-1]
    if step not in there:
        shown = ", ".join(map(str, there))
        raise UserError(f"{folder} has no checkpoint of step {step}; there are {shown}")
    return [step]
