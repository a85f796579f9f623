"""The 1 x 1 PixelGAN discriminator (Isola et al. 2017, arXiv 1611.07004, appendix 6.1.2)."""

from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, PRNGKeyArray

from gan_jax.layers import Conv, Norm, leaky_relu


class PixelGAN(nn.Module):
    """One logit for each pixel, from 1 x 1 convolutions: judges colours, not shapes."""

    width: int = 64
    norm: str = "instance"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], rng: PRNGKeyArray | None = None
    ) -> Float[Array, "b h w 1"]:
        """Pictures to float32 logits of the same height and width."""
        fields = {"use_bias": self.norm == "instance", "dtype": self.dtype}
        x = leaky_relu(Conv(self.width, 1, dtype=self.dtype, name="conv_0")(x))
        x = Conv(2 * self.width, 1, **fields, name="conv_1")(x)
        x = leaky_relu(Norm(self.norm, name="norm_1")(x))
        return Conv(1, 1, **fields, name="conv_2")(x).astype(jnp.float32)


def build(*, channels: int | None = None, **fields: Any) -> PixelGAN:
    """A discriminator; it takes pictures of any number of channels, so `channels` is ignored."""
    return PixelGAN(**fields)
