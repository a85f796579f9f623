"""The U-Net generator of pix2pix (Isola et al. 2017, arXiv 1611.07004, section 3.2.1)."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, PRNGKeyArray

from gan_jax.convolutions import pad_to_multiple
from gan_jax.errors import UserError
from gan_jax.layers import Conv, ConvTranspose, Norm, dropout, leaky_relu


class UNet(nn.Module):
    """`levels` halvings and doublings with a skip at each level; activations come before the convolutions.

    Down: leaky ReLU, 4 x 4 convolution, norm; the outermost has no activation and no norm, the innermost
    no norm. Up: ReLU, 4 x 4 transposed convolution, norm, dropout (on the `levels - 5` levels outside the
    innermost), then the skip in front. This is the authors' PyTorch form, whose skips pass through a ReLU.
    Any height and width: mirrored up to a multiple of 2**levels and cropped back.
    """

    width: int = 64
    levels: int = 8
    channels: int = 3
    norm: str = "batch"
    dropout: float = 0.5
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w cin"], rng: PRNGKeyArray | None = None
    ) -> Float[Array, "b h w cout"]:
        """Pictures in [-1, 1] to float32 pictures in (-1, 1); dropout is on where `rng` is given.

        Raises UserError for fewer than five levels.
        """
        if self.levels < 5:
            raise UserError(f"levels={self.levels} is too few for a U-Net: use 5 to 8")
        _, height, width, _ = x.shape
        fields = {"use_bias": self.norm == "instance", "dtype": self.dtype}
        innermost = self.levels - 1
        skips = [Conv(self.width, 4, 2, pad=1, **fields, name="down_0")(pad_to_multiple(x, 2**self.levels))]
        for i in range(1, self.levels):
            x = Conv(self.width * min(2**i, 8), 4, 2, pad=1, **fields, name=f"down_{i}")(
                leaky_relu(skips[-1])
            )
            skips.append(x if i == innermost else Norm(self.norm, name=f"down_norm_{i}")(x))
        x = skips.pop()
        for i in range(innermost, 0, -1):
            x = ConvTranspose(self.width * min(2 ** (i - 1), 8), 4, **fields, name=f"up_{i}")(nn.relu(x))
            x = Norm(self.norm, name=f"up_norm_{i}")(x)
            if 4 <= i < innermost and rng is not None:
                x = dropout(x, self.dropout, jax.random.fold_in(rng, i))
            x = jnp.concatenate([skips.pop(), x], axis=-1)
        x = ConvTranspose(self.channels, 4, dtype=self.dtype, name="up_0")(nn.relu(x))
        return jnp.tanh(x[:, :height, :width].astype(jnp.float32))


def build(*, channels: int | None = 3, **fields: Any) -> UNet:
    """A generator of pictures with that many channels."""
    return UNet(channels=channels or 3, **fields)
