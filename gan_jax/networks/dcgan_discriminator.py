"""The discriminator of DCGAN (Radford et al. 2016, arXiv 1511.06434, section 3), kernels of 4 x 4."""

from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, PRNGKeyArray

from gan_jax.layers import BatchNorm, Conv, Dense, leaky_relu
from gan_jax.networks.dcgan_generator import smallest


class DCGANDiscriminator(nn.Module):
    """Square pictures to `outputs` numbers each: halving convolutions of `width`, 2 `width`, ... features, and a
    dense one.

    Leaky ReLU (0.2) follows every convolution, and the norm every one but the first. A condition enters every layer
    by a
    linear map of its own. `outputs` = 0 gives the last map as a vector.
    """

    outputs: int = 1
    width: int = 64
    norm: str = "batch"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "b height width c"],
        condition: Float[Array, "b code"] | None = None,
        rng: PRNGKeyArray | None = None,
    ) -> Float[Array, "b *outputs"]:
        """Float32: [b] logits for one output, else [b, outputs]."""
        for i in range(smallest(x.shape[1])[1]):
            features = self.width * 2**i
            x = Conv(features, 4, stride=2, pad=1, dtype=self.dtype, name=f"conv_{i}")(x)
            if condition is not None:
                code = Dense(features, use_bias=False, dtype=self.dtype, name=f"condition_{i}")(condition)
                x = x + code.reshape(len(x), 1, 1, features)
            x = leaky_relu(BatchNorm(name=f"norm_{i}")(x) if self.norm == "batch" and i else x)
        x = x.reshape(len(x), -1)
        if not self.outputs:
            return x.astype(jnp.float32)
        out = Dense(self.outputs, dtype=self.dtype, name="dense")(x, condition).astype(jnp.float32)
        return out[:, 0] if self.outputs == 1 else out


def build(*, channels: int | None = None, **fields: Any) -> DCGANDiscriminator:
    """A discriminator; it takes pictures of any number of channels, so `channels` is ignored."""
    return DCGANDiscriminator(**fields)
