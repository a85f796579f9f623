"""A generator of dense layers."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from gan_jax.layers import BatchNorm, Dense


class MLPGenerator(nn.Module):
    """Latents to examples of `shape`: `depth` hidden layers of `width` ReLUs, then tanh unless `bounded` is False.

    A condition (a one-hot label, a code) enters every layer by a linear map of its own.
    """

    shape: tuple[int, ...]
    width: int = 256
    depth: int = 2
    norm: str = "none"
    bounded: bool = True
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, z: Float[Array, "b latent"], condition: Float[Array, "b code"] | None = None
    ) -> Float[Array, "b *shape"]:
        """Latents, and conditions if it was made with them, to float32 examples."""
        for i in range(self.depth):
            z = Dense(self.width, dtype=self.dtype, name=f"dense_{i}")(z, condition)
            z = BatchNorm(name=f"norm_{i}")(z) if self.norm == "batch" else z
            z = jax.nn.relu(z)
        out = Dense(math.prod(self.shape), dtype=self.dtype, name=f"dense_{self.depth}")(z, condition)
        out = out.astype(jnp.float32).reshape(len(z), *self.shape)
        return jnp.tanh(out) if self.bounded else out


def build(*, channels: int | None = None, **fields: Any) -> MLPGenerator:
    """A generator of examples of `shape`; `channels` is ignored."""
    return MLPGenerator(**fields)
