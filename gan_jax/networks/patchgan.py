"""The PatchGAN discriminator (Isola et al. 2017, arXiv 1611.07004, section 3.2.2 and appendix 6.1.2)."""

from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, PRNGKeyArray

from gan_jax.errors import UserError
from gan_jax.layers import Conv, Norm, leaky_relu


class PatchGAN(nn.Module):
    """One logit for each overlapping patch: `layers` halving 4 x 4 convolutions, then two of stride 1.

    With three layers a logit sees 70 x 70 pixels, and 256 x 256 pixels give 30 x 30 logits.
    """

    width: int = 64
    layers: int = 3
    norm: str = "instance"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, x: Float[Array, "b height width c"], rng: PRNGKeyArray | None = None
    ) -> Float[Array, "b h w 1"]:
        """Pictures to float32 logits, `side // 2**layers - 2` a side; raises UserError where that is none."""
        smallest = 3 * 2**self.layers
        if min(x.shape[1:3]) < smallest:
            raise UserError(
                f"the discriminator has layers={self.layers} and needs pictures of at least "
                f"{smallest} x {smallest} pixels, not {x.shape[1]} x {x.shape[2]}: "
                "use larger pictures or fewer layers"
            )
        use_bias = self.norm == "instance"
        x = leaky_relu(Conv(self.width, 4, stride=2, pad=1, dtype=self.dtype, name="conv_0")(x))
        for i in range(1, self.layers + 1):
            features, stride = self.width * min(2**i, 8), 2 if i < self.layers else 1
            x = Conv(features, 4, stride, pad=1, use_bias=use_bias, dtype=self.dtype, name=f"conv_{i}")(x)
            x = leaky_relu(Norm(self.norm, name=f"norm_{i}")(x))
        return Conv(1, 4, pad=1, dtype=self.dtype, name=f"conv_{self.layers + 1}")(x).astype(jnp.float32)


def build(*, channels: int | None = None, **fields: Any) -> PatchGAN:
    """A discriminator; it takes pictures of any number of channels, so `channels` is ignored."""
    return PatchGAN(**fields)
