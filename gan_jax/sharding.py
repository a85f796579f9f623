"""Devices to a mesh: who holds which part of a batch. Everything else is replicated, and XLA adds the communication.

Under `jit` a mean over a sharded batch is the mean over the whole batch, so losses, gradients and batch statistics do
not depend on the number of devices.
"""

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import PyTree

from gan_jax.errors import UserError


def mesh(batch_size: int) -> Mesh:
    """All devices along one axis, "data"; on one host, where they do not divide the batch, as many as do.

    Raises:
        UserError: several hosts whose devices do not divide the batch.
    """
    devices = jax.devices()
    if jax.process_count() == 1:
        devices = devices[: max(n for n in range(1, len(devices) + 1) if batch_size % n == 0)]
    elif batch_size % len(devices):
        raise UserError(
            f"config.batch_size={batch_size}: expected a multiple of the {len(devices)} devices of all hosts"
        )
    # Explicit axes, the newer default, refuse reflect padding of a split axis.
    return jax.make_mesh((len(devices),), ("data",), devices=devices, axis_types=(AxisType.Auto,))


def replicated(mesh: Mesh) -> NamedSharding:
    """Whole on every device."""
    return NamedSharding(mesh, PartitionSpec())


def replicate(mesh: Mesh, tree: PyTree) -> PyTree:
    """Every leaf whole on every device."""
    return jax.device_put(tree, replicated(mesh))


def split(mesh: Mesh, batch: PyTree) -> PyTree:
    """This host's share of a global batch, its first axis over the devices: leaves [b / hosts, ...] become [b, ...]."""
    sharding = NamedSharding(mesh, PartitionSpec("data"))
    return jax.tree.map(
        lambda leaf: jax.make_array_from_process_local_data(sharding, np.asarray(leaf)), batch
    )
