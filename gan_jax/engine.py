"""From a config to what plays it: the game, the devices, and rounds compiled for them."""

from collections import deque
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh
from jaxtyping import Array
from ml_collections import ConfigDict

from gan_jax import compiler, data, remat, rows, sharding
from gan_jax.data import examples
from gan_jax.data.shapes import batch_shapes
from gan_jax.errors import UserError
from gan_jax.game import Game, State
from gan_jax.play import Play

# Rounds in one call of a program on CPUs. Accelerators keep the memory that they compute in, and are told ahead what to
# do; several hosts would have to agree how many to play.
AT_ONCE = 10


def made(config: ConfigDict) -> Game:
    """The game that a config names, with `config.remat` as one whose networks are computed again."""
    plain: Game = import_module(f"gan_jax.gans.{config.gan}").game(config)
    return remat.remat(plain) if config.remat else plain


def batch_like(config: ConfigDict) -> dict[str, jax.ShapeDtypeStruct]:
    """The shapes and types of a batch of this config, known before any example is read."""
    if "examples" in config.data:
        shapes = examples.batch_shapes(config)
    else:
        shapes = dict(zip("xy", batch_shapes(config), strict=True))
    types = {"label": jnp.int32}
    return {name: jax.ShapeDtypeStruct(shape, types.get(name, jnp.float32)) for name, shape in shapes.items()}


def batch_on(mesh: Mesh, config: ConfigDict) -> dict[str, jax.ShapeDtypeStruct]:
    """The shapes and types of a batch, and how the devices share it."""
    return {
        name: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding.batch_sharding(mesh, leaf))
        for name, leaf in batch_like(config).items()
    }


def mesh(config: ConfigDict) -> Mesh:
    """The devices of a config, as `sharding.mesh`.

    Raises:
        UserError: `accumulate` does not divide the batch, or the devices cannot share a slice of it, or a picture.
    """
    if config.batch_size % config.accumulate:
        raise UserError(
            f"config.accumulate={config.accumulate}: expected a divisor of config.batch_size={config.batch_size}"
        )
    found = sharding.mesh(config.batch_size, config.rows, config.accumulate)
    sharding.check(found, [leaf.shape for leaf in batch_like(config).values()])
    return found


def slice_of(config: ConfigDict) -> Game:
    """The game that is played in each of `config.accumulate` slices of a batch."""
    small = config.copy_and_resolve_references()
    with small.unlocked():
        small.batch_size //= config.accumulate
    return made(small)


def placed(mesh: Mesh, config: ConfigDict, state: State) -> State:
    """A fresh state on the devices."""
    where = sharding.state_sharding(mesh, state, config.batch_size)
    on_devices: State = jax.device_put(state._replace(step=()), where._replace(step=()))
    return on_devices._replace(step=state.step)


def play(mesh: Mesh, config: ConfigDict, state: State) -> Play:
    """Rounds on these devices, for a state that is `placed` there, in as many slices as the config says."""
    chosen = options(mesh, config, state)
    return Play(slice_of(config), at_once=at_once(), within=lambda: rows.over(mesh), **chosen)


def at_once() -> int:
    """How many rounds one call of a program plays at most."""
    return AT_ONCE if jax.default_backend() == "cpu" and jax.process_count() == 1 else 1


def options(mesh: Mesh, config: ConfigDict, state: State) -> dict[str, Any]:
    """Of `Play` and `game.program`, for `slice_of(config)`."""
    # Without out_shardings XLA chooses where results lie, and the second round is compiled anew for that.
    results = sharding.state_sharding(mesh, state, config.batch_size), sharding.replicated(mesh)
    return {
        "slices": config.accumulate,
        "compiler_options": compiler.options(config.get("dtype")),
        "out_shardings": results,
    }


def batches(mesh: Mesh, config: ConfigDict, source: data.AnySource, start: int) -> Iterator[dict[str, Array]]:
    """This host's share of each batch from number `start` on, on the devices.

    One batch ahead, so that copying one overlaps with the round that plays the other.
    """
    ahead: deque[dict[str, Array]] = deque()
    share = {"process_index": jax.process_index(), "process_count": jax.process_count()}
    reading = data.batches(source, config, start=start, **share)
    try:
        for batch in reading:
            ahead.append(sharding.split(mesh, batch))
            if len(ahead) > 1:
                yield ahead.popleft()
    finally:  # let go of: processes that read would stay until the program ends
        if hasattr(reading, "close"):
            reading.close()
