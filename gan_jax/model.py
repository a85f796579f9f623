"""A trained run, ready to use: its directory to networks that translate pictures. Nothing in the directory changes."""

import functools
import zlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, PyTree, Shaped
from ml_collections import ConfigDict

from gan_jax import checkpoint, compiler, game, rules, settings, tiles
from gan_jax.errors import UserError
from gan_jax.tiles import as_float, as_kind

WHOLE = 2**21  # pixels of the largest picture that a network takes at once
TOGETHER = 2**18  # pixels of all pictures that it takes at once, where there are several
SIZES = 8  # compiled programs that are kept, one for each size of picture and number of pictures
Images = Shaped[np.ndarray, "..."]


class Model:
    """The networks of a run that translate, at one step, with averaged parameters where the run holds them."""

    def __init__(self, config: ConfigDict, step: int, networks: dict[str, tuple[Any, PyTree]]) -> None:
        """`networks` are pairs of `apply(params, images)` and params, by direction: "x2y", "y2x"."""
        self.config, self.step = config, step
        self.networks = networks
        self._program = functools.lru_cache(SIZES)(self._compiled)

    @property
    def directions(self) -> tuple[str, ...]:
        """What it can translate, such as ("x2y", "y2x"): from kind x to kind y, and back."""
        return tuple(self.networks)

    def channels(self, direction: str) -> tuple[int, int]:
        """How many channels go in and come out."""
        kinds = self._known(direction).split("2")
        into, out = (self.config.data[f"{kind}_channels"] for kind in kinds)
        return into, out

    def translate(
        self,
        images: Images,
        direction: str | None = None,
        progress: Callable[[float], None] = lambda share: None,
    ) -> Images:
        """One picture, [height, width, channels], or several, [n, height, width, channels], of any height and width.

        The same number, of the same height and width, in the same kind of numbers comes back: uint8 and uint16 are
        levels from black to white; floats lie in [-1, 1] (an 8-bit level over 127.5, less 1), and come back as
        float32. Every picture is translated by itself, whatever stands beside it, and without dropout. Those of more
        than `WHOLE` pixels are translated in windows, with the same result; `progress` is told the share that is done.
        The direction defaults to the first of `directions`.

        Raises:
            UserError: there is no such direction, or these are no such pictures.
        """
        direction = self._known(direction)
        images = self._checked(np.asarray(images), direction)
        batch = images if images.ndim == 4 else images[None]
        if batch.shape[1] * batch.shape[2] > WHOLE:
            apply, params = self.networks[direction]
            out = np.stack([tiles.translate(apply, params, one, progress=progress) for one in batch])
        else:
            out = self._together(batch, direction)
        return out if images.ndim == 4 else out[0]

    def _together(self, batch: Images, direction: str) -> Images:
        params, chunk, parts = self.networks[direction][1], self.batch(*batch.shape[1:3]), []
        for start in range(0, len(batch), chunk):
            part = as_float(batch[start : start + chunk])
            made = self._program(direction, part.shape)(params, part)
            parts.append(as_kind(jax.device_get(made), batch.dtype))
        return np.concatenate(parts)

    def batch(self, height: int, width: int) -> int:
        """How many pictures of this size are translated together."""
        return max(1, TOGETHER // (height * width))

    def fingerprint(self, direction: str) -> int:
        """A number (CRC-32) of the parameters that translate in this direction: another step, another number."""
        leaves = jax.tree.leaves(jax.device_get(self.networks[self._known(direction)][1]))
        return functools.reduce(lambda crc, leaf: zlib.crc32(leaf.tobytes(), crc), leaves, 0)

    def _compiled(self, direction: str, shape: tuple[int, ...]) -> Callable[[PyTree, Images], Array]:
        """A program for one size. Sizes are not rounded up: a norm would see what was added."""
        apply = self.networks[direction][0]

        def each(params: PyTree, batch: Array) -> Array:
            # One by one, for the norms that would mix the pictures of a batch.
            return jax.vmap(lambda image: apply(params, image[None])[0])(batch)

        return jax.jit(each, compiler_options=compiler.options())

    def _known(self, direction: str | None) -> str:
        direction = self.directions[0] if direction is None else direction
        if direction not in self.networks:
            raise UserError(f"direction {direction!r}: this run translates {' and '.join(self.directions)}")
        return direction

    def _checked(self, images: Images, direction: str) -> Images:
        channels, _ = self.channels(direction)
        if images.ndim not in (3, 4) or images.shape[-1] != channels or not images.size:
            raise UserError(
                f"pictures of shape {images.shape}: expected (height, width, {channels}), or "
                f"(n, height, width, {channels}) for several"
            )
        if images.dtype in (np.uint8, np.uint16):
            return images
        # Said so that NaN is refused too.
        if images.dtype.kind != "f" or not (images.min() >= -1.001 and images.max() <= 1.001):
            raise UserError(f"pictures of {images.dtype}: expected uint8, uint16, or floats in [-1, 1]")
        return images.astype(np.float32, copy=False)


def load(workdir: str | Path, step: int | None = None, best: bool = False) -> Model:
    """The model of a run directory: of its newest checkpoint that can be read, of one step, or of the best one.

    A run may be training meanwhile: nothing is locked, and nothing is written, renamed or deleted.

    Raises:
        UserError: there is no run, no such checkpoint, or its game does not translate pictures.
    """
    workdir = Path(workdir).expanduser()
    config = _config(workdir)
    played = import_module(f"gan_jax.gans.{config.gan}").game(config)
    if not played.translate:
        raise UserError(f"{workdir} holds a run of {config.gan}, which does not translate pictures")
    step, state = _state(workdir, config, _like(played), step, best)
    params = state.params | state.average
    networks = {way: (played.players[name].apply, params[name]) for way, name in played.translate.items()}
    return Model(config, step, networks)


def _config(workdir: Path) -> ConfigDict:
    path = workdir / "config.json"
    try:
        config = settings.from_json(path.read_text(encoding="utf-8"))
        rules.validate(config)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(
            f"{workdir} holds no run: there is no {path}; name a --workdir of training"
        ) from error
    except (UserError, OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be used ({error}): restore it") from error
    return config


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
