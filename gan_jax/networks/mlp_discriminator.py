"""A discriminator, critic, classifier or encoder of dense layers."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, PRNGKeyArray

from gan_jax.layers import BatchNorm, Dense, leaky_relu


class MLPDiscriminator(nn.Module):
    """Examples of any shape to `outputs` numbers each: `depth` hidden layers of `width` leaky ReLUs.

    A condition (a one-hot label, a latent) enters every layer by a linear map of its own. With a key, Gaussian noise of
    standard deviation `noise` is added to the input and to every hidden layer. `outputs` = 0 gives the last hidden
    layer, before its noise. `spectral` divides every kernel by its largest singular value (Miyato et al. 2018,
    arXiv 1802.05957).
    """

    outputs: int = 1
    width: int = 256
    depth: int = 2
    norm: str = "none"
    noise: float = 0.0
    spectral: bool = False
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "b *shape"],
        condition: Float[Array, "b code"] | None = None,
        rng: PRNGKeyArray | None = None,
    ) -> Float[Array, "b *outputs"]:
        """Float32: [b] logits for one output, else [b, outputs]."""
        x = x.reshape(len(x), -1)
        keys = jax.random.split(rng, self.depth + 1) if rng is not None and self.noise else None
        fields = {"spectral": self.spectral, "dtype": self.dtype}
        for i in range(self.depth):
            x = Dense(self.width, **fields, name=f"dense_{i}")(self._noisy(x, keys, i), condition)
            x = BatchNorm(name=f"norm_{i}")(x) if self.norm == "batch" and i else x
            x = leaky_relu(x)
        if not self.outputs:
            return x.astype(jnp.float32)
        x = self._noisy(x, keys, self.depth)
        out = Dense(self.outputs, **fields, name=f"dense_{self.depth}")(x, condition).astype(jnp.float32)
        return out[:, 0] if self.outputs == 1 else out

    def _noisy(self, x: Array, keys: Array | None, layer: int) -> Array:
        if keys is None:
            return x
        # Drawn as float32 whatever x is: the same noise in every dtype.
        return (x + self.noise * jax.random.normal(keys[layer], x.shape)).astype(x.dtype)


def build(*, channels: int | None = None, **fields: Any) -> MLPDiscriminator:
    """A discriminator; it takes examples of any shape, so `channels` is ignored."""
    return MLPDiscriminator(**fields)
