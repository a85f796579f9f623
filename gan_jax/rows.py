"""The height of pictures within networks, where a mesh has "rows": see `sharding`."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import jax
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Float

FREE = PartitionSpec.UNCONSTRAINED


def over(mesh: Mesh) -> AbstractContextManager[object]:
    """Within, what is compiled knows the mesh, so that `even` can ask for it."""
    # Its name before JAX 0.7 was another.
    enter: Callable[[Mesh], AbstractContextManager[object]]
    enter = getattr(jax, "set_mesh", None) or jax.sharding.__dict__["use_mesh"]
    return enter(mesh)


def even(x: Float[Array, "batch height width channels"]) -> Float[Array, "batch height width channels"]:
    """`x`, its height whole on each device where "rows" of the mesh do not divide it.

    XLA splits such heights too, with padding, but its gradients of kernels are then wrong (4 rows over 8 devices, say;
    jaxlib 0.10 on a CPU). The deepest layers of a U-Net have no rows to split anyway.
    """
    rows = jax.sharding.get_abstract_mesh().shape.get("rows", 1)
    if x.shape[1] % rows == 0:
        return x
    return jax.lax.with_sharding_constraint(x, PartitionSpec(FREE, None, FREE, FREE))
