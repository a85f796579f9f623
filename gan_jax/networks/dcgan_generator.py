"""The generator of DCGAN (Radford et al. 2016, arXiv 1511.06434, section 3), kernels of 4 x 4."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from gan_jax.errors import UserError
from gan_jax.layers import BatchNorm, Conv, ConvTranspose, Dense


class DCGANGenerator(nn.Module):
    """Latents to square pictures in [-1, 1]: a dense layer to a small map, doubled until the side is reached.

    The smallest map is the side halved while it is even and above 4: 4 for 64, 7 for 28. The doubled maps have
    `width` times
    a power of 2 features, the last of them `width`; then a 3 x 3 convolution and tanh. Norm and ReLU follow every
    layer but the last. A condition enters the dense layer and every map, by a linear map of its own.
    """

    shape: tuple[int, int, int]
    width: int = 64
    norm: str = "batch"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, z: Float[Array, "b latent"], condition: Float[Array, "b code"] | None = None
    ) -> Float[Array, "b height width c"]:
        """Latents to float32 pictures; UserError where the side cannot be halved to 4 to 7."""
        side, channels = self.shape[0], self.shape[2]
        small, doublings = smallest(side)
        features = self.width * 2 ** (doublings - 1)
        x = Dense(small * small * features, dtype=self.dtype, name="dense")(z, condition)
        x = self._normed(x.reshape(len(z), small, small, features), 0)
        for i in range(1, doublings + 1):
            features = max(self.width, features // 2)
            x = ConvTranspose(features, 4, dtype=self.dtype, name=f"deconv_{i}")(x)
            if condition is not None:
                code = Dense(features, use_bias=False, dtype=self.dtype, name=f"condition_{i}")(condition)
                x = x + code.reshape(len(z), 1, 1, features)
            x = self._normed(x, i)
        out = Conv(channels, 3, pad=1, dtype=self.dtype, name="conv")(x)
        return jnp.tanh(out.astype(jnp.float32))

    def _normed(self, x: Array, i: int) -> Array:
        return jax.nn.relu(BatchNorm(name=f"norm_{i}")(x) if self.norm == "batch" else x)


def smallest(side: int) -> tuple[int, int]:
    """The side halved while it is even and above 7, and how often that was.

    Raises:
        UserError: the smallest is not between 4 and 7, or nothing can be halved.
    """
    small, halvings = side, 0
    while small % 2 == 0 and small > 7:
        small, halvings = small // 2, halvings + 1
    if not (4 <= small <= 7 and halvings):
        raise UserError(
            f"pictures of {side} pixels: expected 4, 5, 6 or 7 doubled at least once, such as 28, 32 or 64"
        )
    return small, halvings


def build(*, channels: int | None = None, **fields: Any) -> DCGANGenerator:
    """A generator of pictures of `shape` (height, width, channels); `channels` is ignored."""
    return DCGANGenerator(**fields)
