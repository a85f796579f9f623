"""Devices to a mesh ("data", "rows"): who holds which part of a batch. XLA adds the communication.

The batch is split over "data" and the height of its pictures over "rows", where neighbours exchange the rows at their
borders that convolutions reach over to. Under `jit` a mean over what is split is the mean over the whole, so losses,
gradients and statistics of a batch or of a picture do not depend on the devices. Parameters lie whole on each device.
"""

from collections.abc import Collection
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import PyTree

from gan_jax.errors import UserError
from gan_jax.game import State


def mesh(batch_size: int, rows: int = 1, slices: int = 1) -> Mesh:
    """`rows` devices for the height of a picture; on one host as many of those groups as divide a slice.

    Devices are taken host by host, so each host holds whole pictures, and those of its share of the batch.

    Raises:
        UserError: too few devices for `rows`, a picture would lie on two hosts, or several hosts whose devices do not
            divide the batch.
    """
    devices = sorted(jax.devices(), key=lambda device: (device.process_index, device.id))
    hosts = jax.process_count()
    local = len(devices) // hosts
    if rows > local or (hosts > 1 and local % rows):
        at_most = "a divisor of" if hosts > 1 else "at most"
        raise UserError(
            f"config.rows={rows}: expected {at_most} {local}, the devices of {'each' if hosts > 1 else 'this'} host"
        )
    groups = len(devices) // rows
    if hosts == 1:
        groups = max(n for n in range(1, groups + 1) if batch_size // slices % n == 0)
    elif batch_size % (groups * slices):
        expected = f"a multiple of the {len(devices)} devices of all hosts"
        if rows > 1 or slices > 1:
            expected += f" / config.rows={rows} * config.accumulate={slices}, so of {groups * slices}"
        raise UserError(f"config.batch_size={batch_size}: expected {expected}")
    grid = np.array(devices[: groups * rows]).reshape(groups, rows)
    # Explicit axes, the newer default, refuse reflect padding of a split axis.
    return Mesh(grid, ("data", "rows"), axis_types=(AxisType.Auto, AxisType.Auto))


def check(mesh: Mesh, shapes: Collection[tuple[int, ...]]) -> None:
    """Refuse a height that the devices along "rows" cannot share; `shapes` are those of a batch's entries.

    Raises:
        UserError: "rows" does not divide the height of the pictures, or there are no pictures.
    """
    rows = mesh.shape["rows"]
    heights = sorted({shape[1] for shape in shapes if len(shape) == 4})
    if rows > 1 and not heights:
        raise UserError(
            f"config.rows={rows}: expected 1, as these examples are no pictures and have no rows to split"
        )
    for height in heights:
        if height % rows:
            raise UserError(f"config.rows={rows}: expected a divisor of the height of the pictures, {height}")


def replicated(mesh: Mesh) -> NamedSharding:
    """Whole on every device."""
    return NamedSharding(mesh, PartitionSpec())


def replicate(mesh: Mesh, tree: PyTree) -> PyTree:
    """Every leaf whole on every device."""
    return jax.device_put(tree, replicated(mesh))


def batch_sharding(mesh: Mesh, leaf: Any) -> NamedSharding:
    """The examples over "data"; the height of pictures [batch, height, width, channels] over "rows"."""
    return NamedSharding(mesh, PartitionSpec("data", "rows") if leaf.ndim == 4 else PartitionSpec("data"))


def split(mesh: Mesh, batch: PyTree) -> PyTree:
    """This host's share of a global batch onto its devices: leaves [b / hosts, ...] become [b, ...]."""

    def place(leaf: Any) -> jax.Array:
        leaf = np.asarray(leaf)
        return jax.make_array_from_process_local_data(batch_sharding(mesh, leaf), leaf)

    return jax.tree.map(place, batch)


def state_sharding(mesh: Mesh, state: State, batch_size: int) -> State:
    """Parameters whole on every device; of the memory, what has an entry an example with the batch, pictures by rows.

    A pool's places are drawn at random, so each group of "data" holds all of them: its pictures have few channels.
    """

    def place(leaf: Any) -> NamedSharding:
        data = "data" if leaf.ndim and leaf.shape[0] == batch_size else None
        rows = "rows" if leaf.ndim == 4 and leaf.shape[1] % mesh.shape["rows"] == 0 else None
        return NamedSharding(
            mesh, PartitionSpec(data, rows) if rows else PartitionSpec(*filter(None, [data]))
        )

    whole: State = jax.tree.map(lambda _: replicated(mesh), state)
    return whole._replace(memory=jax.tree.map(place, state.memory))
