"""What a game shows: its pictures on the test set, as arrays for metrics and as a labelled grid to look at."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Sharding
from jaxtyping import Array, Float, Key, PyTree
from ml_collections import ConfigDict

from gan_jax import compiler, grids, images
from gan_jax.game import Game, State, call
from gan_jax.grids import Sheet
from gan_jax.sampling import sample
from gan_jax.sheets import sheet

MADE = {"fake": "made", "back": "back"}
Pictures = dict[str, Float[np.ndarray, "n height width channels"]]


def shower(
    game: Game, sharding: Sharding | None = None, dtype: str | None = None
) -> Callable[[State, Pictures, Key[Array, ""], int], Pictures]:
    """`(state, test, rng, chunk) -> pictures by name`: `game.show` over a test set of `alike` domains, in chunks.

    Where the game has a sampler, "made" are as many samples, of the test set's labels if it has any.

    Networks are compiled once per picture size, and use averaged parameters where the state holds them. `sharding`
    is where pictures are put: that of the state's parameters. `dtype` is what the networks compute in.
    """
    compiled = {
        name: jax.jit(p.apply, compiler_options=compiler.options(dtype), out_shardings=sharding)
        for name, p in game.players.items()
    }

    def show(state: State, test: Pictures, rng: Key[Array, ""], chunk: int) -> Pictures:
        params = state.params | state.average
        networks = {name: _bound(apply, params[name]) for name, apply in compiled.items()}
        count = len(next(iter(test.values())))
        parts = []
        for start in range(0, count, chunk):
            # The last chunk is filled up with its last picture: one more size would be compiled anew.
            taken = np.minimum(np.arange(start, start + chunk), count - 1)
            # Placed like what networks return, or a network would be compiled once for files and once for fakes.
            batch = jax.device_put({name: leaf[taken] for name, leaf in test.items()}, sharding)
            # Every chunk draws noise of its own.
            own = jax.random.fold_in(rng, start)
            shown = dict(call(game.show, networks | {"batch": batch, "rng": own}))
            if game.sampler:
                maker = networks[game.sampler.player]
                shown["made"] = sample(game.sampler, maker, own, chunk, batch.get("label"))
            parts.append(jax.device_get(shown))
        return {name: np.concatenate([part[name] for part in parts])[:count] for name in parts[0]}

    return show


class Made(NamedTuple):
    """A picture that a game makes, by its name among those shown.

    `real` and `given` are names of test pictures: of the kind that it should be, and those that it was made of, ""
    where it was made of noise.
    """

    name: str
    real: str
    given: str = ""


def made(game: Game, shown: Mapping[str, np.ndarray], test: Mapping[str, np.ndarray]) -> list[Made]:
    """What a game makes, as far as it is known which test pictures it is to resemble.

    "fake_y" in a row of the game that begins with "x" is a y made of x; "back_x" there is no new picture. What stands
    in no row resembles the only test pictures of its shape.
    """
    found = []
    placed = {name for row in game.rows for name in row} - {"made"}  # samples, wherever they stand
    for row in game.rows:
        for name in row:
            kind = name.rpartition("_")[2]
            if name in shown and kind in test and kind != row[0]:
                found.append(Made(name, kind, row[0] if row[0] in test else ""))
    for name in sorted(shown.keys() - placed):
        alike = [
            key
            for key, leaf in test.items()
            if leaf.dtype.kind == "f" and leaf.shape[1:] == shown[name].shape[1:]
        ]
        if len(alike) == 1:
            found.append(Made(name, alike[0]))
    return found


def alike(test: Pictures) -> Pictures:
    """As many pictures of each domain, the first ones, since they are shown together."""
    count = min(len(leaf) for leaf in test.values())
    return {name: leaf[:count] for name, leaf in test.items()}


def _bound(apply: Callable[..., Array], params: PyTree) -> Callable[..., Array]:
    return lambda *inputs: apply(params, *inputs)


def grid(game: Game, config: ConfigDict, test: Pictures, shown: Pictures, count: int) -> Sheet:
    """The first `count` examples: a row each, the columns of `game.rows` side by side, or as samples."""
    pictures = test | shown
    if not game.rows:
        return Sheet(sheet(shown, test, count))
    columns = [name for row in game.rows for name in row]
    count = min(count, *(len(pictures[name]) for name in columns))
    rows = [[pictures[name][i] for name in columns] for i in range(count)]
    labels = [label(name, config.data) for name in columns]
    return Sheet(images.grid(rows, labels), layout(rows, labels, [len(row) for row in game.rows]))


def layout(
    rows: Sequence[Sequence[Float[np.ndarray, "height width channels"]]],
    labels: Sequence[str],
    groups: Sequence[int],
) -> dict[str, Any]:
    """Where a sheet of labelled columns has them, in pixels, as JSON; `groups` are how many columns belong together."""
    frame = grids.frame([[(image.shape[0], image.shape[1]) for image in row] for row in rows], bool(labels))
    return {
        "size": [frame.xs[-1], frame.ys[-1]],
        "columns": list(zip(frame.xs, frame.widths, labels, strict=False)),
        "rows": list(zip(frame.ys, frame.heights, strict=False)),
        "groups": list(groups),
    }


def label(name: str, data: ConfigDict) -> str:
    """A column's name for people: "photo", "drawing made", "photo back" for x, fake_y, back_x."""
    kind, _, domain = name.rpartition("_")
    thing = {"x": data.get("x_label"), "y": data.get("y_label")}.get(domain, domain)
    return f"{thing} {MADE.get(kind, kind)}".strip()
