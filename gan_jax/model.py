"""A trained run, ready to use: its directory to networks that translate pictures. Nothing in the directory changes."""

import functools
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, PyTree, Shaped
from ml_collections import ConfigDict

from gan_jax import compiler, tiles, trained
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
            dtype = self.config.get("dtype")
            out = np.stack(
                [tiles.translate(apply, params, one, dtype=dtype, progress=progress) for one in batch]
            )
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

        return jax.jit(each, compiler_options=compiler.options(self.config.get("dtype")))

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

    Raises:
        UserError: there is no run, no such checkpoint, or its game does not translate pictures.
    """
    return of(trained.read(workdir, step, best))


def of(run: trained.Trained) -> Model:
    """The model of a run that was read. Raises UserError when its game does not translate pictures."""
    if not run.game.translate:
        hint = "; python -m gan_jax.sample makes pictures with it" if run.game.sampler else ""
        raise UserError(
            f"{run.workdir} holds a run of {run.config.gan}, which does not translate pictures{hint}"
        )
    networks = {
        way: (run.game.players[name].apply, run.params[name]) for way, name in run.game.translate.items()
    }
    return Model(run.config, run.step, networks)
