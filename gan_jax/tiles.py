"""Pictures too large for the memory: in windows, with the result that the whole picture would give.

A norm needs the moments of the whole picture. So stage by stage (see `stages`) all windows are taken up to the next
norm, whose moments are added up on the way; the values at the cuts wait in files. Each layer is computed once.

Windows overlap by as much as the convolutions of a stage reach, and only their cores are kept. Those at the border of
the picture end there, so that the network pads them as it pads the whole.
"""

import functools
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree, Shaped

from gan_jax import compiler, stages
from gan_jax.errors import UserError
from gan_jax.levels import to_float, to_levels
from gan_jax.stages import Apply, Plan

TILE = 768  # pixels that a window adds to what is done, in height and in width; bounds the memory
Picture = Shaped[np.ndarray, "height width channels"]
Place = tuple[int, int, int, int]  # top, bottom, left, right


class Window(NamedTuple):
    """A part of the picture, and its core, which is kept, in pixels of the padded picture."""

    whole: Place
    core: Place

    def inside(self, scale: int) -> Place:
        """The core as a place in the window, where a pixel stands for `scale` pixels of the picture."""
        top, _, left, _ = self.whole
        up, down, west, east = self.core
        return (up - top) // scale, (down - top) // scale, (west - left) // scale, (east - left) // scale


class Moments(NamedTuple):
    """Count, mean and sum of squared distances from the mean, of each channel (Chan, Golub, LeVeque 1983, eq. 2.1)."""

    pixels: int = 0
    mean: Any = 0.0
    squares: Any = 0.0

    def add(
        self, means: Float[np.ndarray, "rows c"], squares: Float[np.ndarray, "rows c"], width: int
    ) -> "Moments":
        """With more rows of `width` pixels each, of which the same is known."""
        here, mean = width * len(means), means.mean(0, dtype=np.float64)
        inside = squares.sum(0, dtype=np.float64) + width * np.square(means - mean).sum(0)
        total, apart = self.pixels + here, mean - self.mean
        between = np.square(apart) * self.pixels * here / total
        return Moments(total, self.mean + apart * here / total, self.squares + inside + between)

    def result(self) -> tuple[Float[np.ndarray, "c"], Float[np.ndarray, "c"]]:
        """Mean and variance."""
        return np.asarray(self.mean, np.float32), np.asarray(self.squares / self.pixels, np.float32)


def translate(
    apply: Apply,
    params: PyTree,
    picture: Picture,
    tile: int = TILE,
    progress: Callable[[float], None] = lambda share: None,
    dtype: str | None = None,
) -> Picture:
    """`apply(params, picture)` for one picture: uint8 or uint16 levels, or float32 in [-1, 1]; the same comes back.

    Equals the untiled result but for rounding. The memory is that of a window of about `tile` pixels a side and of the
    picture itself; `progress` is told the share that is done. `dtype` is what the network computes in.

    Raises:
        UserError: the files, in TMPDIR, do not fit on the disk, or the network's layers do not divide the picture.
    """
    plan = stages.plan(apply, params, picture.shape)
    out = np.zeros((*picture.shape[:2], plan.shapes[-1][-1]), picture.dtype)
    moments: dict[int, Any] = {}
    with tempfile.TemporaryDirectory(prefix="gan_jax_") as folder:
        _check_disk(Path(folder), plan)
        files: dict[int, File | Output] = {}
        for number, stage in enumerate(plan.stages):
            last = stage.makes[-1]
            for i in stage.makes:
                final, path = i == len(plan.shapes) - 1, Path(folder) / str(i)
                files[i] = Output(out) if final else File(path, plan.shapes[i], plan.scale(i))
            total, places = Moments(), list(windows(plan, tile, stage.reach))
            for done, window in enumerate(places, 1):
                x = as_float(_padded(picture, plan.size, window.whole))[None]
                given = {i: files[i].read(window.whole) for i in stage.needs}
                top, bottom, left, right = window.inside(plan.scale(last))
                values, *rows = _program(apply, stage.makes, dtype)(params, x, given, moments, left, right)
                for i, value in zip(stage.makes, values, strict=True):
                    up, down, west, east = window.inside(plan.scale(i))
                    files[i].write(np.asarray(value)[0, up:down, west:east], window.core)
                means, squares = (np.asarray(row)[0, top:bottom] for row in rows)
                total = total.add(means, squares, right - left)
                progress((number + done / len(places)) / len(plan.stages))
            moments[last] = total.result()
            for i in set(files) - {i for later in plan.stages[number + 1 :] for i in later.needs}:
                files.pop(i).drop()
    return out


def as_float(picture: Shaped[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    """Levels as floats in [-1, 1]; floats, which lie there already, as they are."""
    return picture if picture.dtype == np.float32 else to_float(picture)


def as_kind(image: Float[np.ndarray, "*any"], dtype: np.dtype) -> Shaped[np.ndarray, "*any"]:
    """Floats in [-1, 1] as float32, or as the levels of uint8 or uint16."""
    return np.asarray(image, np.float32) if dtype == np.float32 else to_levels(image, 8 * dtype.itemsize)


def windows(plan: Plan, tile: int, reach: int) -> Iterator[Window]:
    """Windows of one size, whose cores cover the picture once and lie `reach` pixels or more within."""
    tile, halo = (-(-pixels // plan.multiple) * plan.multiple for pixels in (tile, reach))

    def along(side: int) -> list[tuple[int, int, int, int]]:
        whole = min(tile + 2 * halo, side)
        begins = [(at, min(max(at - halo, 0), side - whole)) for at in range(0, side, tile)]
        return [(begin, begin + whole, at, min(at + tile, side)) for at, begin in begins]

    for rows, columns in itertools.product(*map(along, plan.size)):
        yield Window((*rows[:2], *columns[:2]), (*rows[2:], *columns[2:]))


@functools.lru_cache(maxsize=128)
def _program(apply: Apply, makes: tuple[int, ...], dtype: str | None) -> Callable[..., Any]:
    """A stage for one window: the values that it makes, and what `Moments.add` takes of the last of them."""

    def run(params: PyTree, x: Array, given: Any, moments: Any, left: Array, right: Array) -> Any:
        values = stages.run(apply, makes, params, x, given, moments)
        return values, *_row_moments(values[-1], left, right)

    return jax.jit(run, compiler_options=compiler.options(dtype))


def _row_moments(x: Float[Array, "1 h w c"], left: Array, right: Array) -> tuple[Array, Array]:
    """Means and sums of squared distances from them, [1, h, c], over the columns from `left` to `right`."""
    column = jnp.arange(x.shape[2])
    inside = ((column >= left) & (column < right)).reshape(1, 1, -1, 1)
    mean = jnp.where(inside, x, 0).sum(2, keepdims=True) / (right - left)
    return mean[:, :, 0], jnp.where(inside, jnp.square(x - mean), 0).sum(2)


class File:
    """The values at one cut. Opened anew each time, so that what was read does not stay in memory."""

    def __init__(self, path: Path, shape: tuple[int, ...], scale: int) -> None:
        """Of this shape, a pixel standing for `scale` pixels of the picture."""
        self.path, self.shape, self.scale = path, shape, scale
        self._open("w+")

    def _open(self, mode: Any) -> np.memmap:
        return np.memmap(self.path, np.float32, mode, shape=self.shape)

    def _slices(self, place: Place) -> tuple[slice, slice]:
        top, bottom, left, right = (side // self.scale for side in place)
        return slice(top, bottom), slice(left, right)

    def read(self, place: Place) -> Float[np.ndarray, "1 h w c"]:
        """A copy of one part."""
        return np.array(self._open("r")[self._slices(place)])[None]

    def write(self, value: Float[np.ndarray, "h w c"], place: Place) -> None:
        """Keep one part."""
        self._open("r+")[self._slices(place)] = value

    def drop(self) -> None:
        """Give the disk its room back."""
        self.path.unlink()


class Output:
    """The picture that is made; what the network had padded is left out."""

    def __init__(self, out: Picture) -> None:
        """Writes into `out`."""
        self.out = out

    def read(self, place: Place) -> Any:
        """Never needed: nothing comes after the output."""
        raise NotImplementedError

    def write(self, value: Float[np.ndarray, "h w c"], place: Place) -> None:
        """Keep one part."""
        there = self.out[place[0] : place[1], place[2] : place[3]]
        there[:] = as_kind(value[: there.shape[0], : there.shape[1]], self.out.dtype)

    def drop(self) -> None:
        """Nothing to give back."""


def _check_disk(folder: Path, plan: Plan) -> None:
    peak = 0
    for number, stage in enumerate(plan.stages):
        later = {i for after in plan.stages[number:] for i in after.needs}
        there = [
            i for i in range(len(plan.shapes) - 1) if i in stage.makes or (i in later and i < stage.makes[0])
        ]
        peak = max(peak, sum(4 * int(np.prod(plan.shapes[i])) for i in there))
    free = shutil.disk_usage(folder).free
    if free < peak:
        raise UserError(
            f"{folder.parent}: a picture of this size needs {peak / 1e9:.1f} GB of files there, and "
            f"{free / 1e9:.1f} GB are free: name a larger disk by the environment variable TMPDIR"
        )


def _padded(picture: Picture, size: tuple[int, int], place: Place) -> Picture:
    """A part of the picture, mirrored below and to the right up to `size`, as the networks do."""
    top, bottom, left, right = place
    rows, columns = (
        np.pad(np.arange(side), (0, padded - side), "reflect" if side > 1 else "edge")
        for side, padded in zip(picture.shape[:2], size, strict=True)
    )
    return picture[rows[top:bottom]][:, columns[left:right]]
