"""The residual generator of CycleGAN (Zhu et al. 2017, arXiv 1703.10593, section 7.2)."""

from typing import Any, cast

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, PRNGKeyArray

from gan_jax import winograd
from gan_jax.convolutions import pad_to_multiple
from gan_jax.layers import Conv, Norm, Upsample, dropout


class ResNetBlock(nn.Module):
    """`x + norm(conv(dropout(relu(norm(conv(x))))))` with mirrored 3 x 3 convolutions."""

    norm: str = "instance"
    dropout: float = 0.0
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], rng: PRNGKeyArray | None = None
    ) -> Float[Array, "b h w c"]:
        """Keeps the shape; dropout is on where `rng` is given."""
        fields = {
            "size": 3,
            "pad": 1,
            "reflect": True,
            "use_bias": self.norm == "instance",
            "dtype": self.dtype,
        }
        out = Conv(x.shape[-1], **fields, name="conv_0")(x)
        out = nn.relu(Norm(self.norm, name="norm_0")(out))
        out = dropout(out, self.dropout, rng)
        out = Conv(x.shape[-1], **fields, name="conv_1")(out)
        return x + Norm(self.norm, name="norm_1")(out)


class ResNetGenerator(nn.Module):
    """7 x 7 convolution, two strided ones, `blocks` residual blocks, two doublings, 7 x 7 convolution, tanh.

    Any height and width: mirrored up to a multiple of 4 and cropped back, so the output has the input's size.
    """

    width: int = 64
    blocks: int = 9
    channels: int = 3
    norm: str = "instance"
    upsample: str = "deconv"
    dropout: float = 0.0
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w cin"], rng: PRNGKeyArray | None = None
    ) -> Float[Array, "b h w cout"]:
        """Pictures in [-1, 1] to float32 pictures in (-1, 1); dropout is on where `rng` is given."""
        _, height, width, _ = x.shape
        fields = {"use_bias": self.norm == "instance", "dtype": self.dtype}

        def normed(x: Array, name: str) -> Array:
            return nn.relu(Norm(self.norm, name=name)(x))

        x = pad_to_multiple(x, 4)
        x = normed(Conv(self.width, 7, pad=3, reflect=True, **fields, name="conv_in")(x), "norm_in")
        for i in range(2):
            x = Conv(self.width * 2 ** (i + 1), 3, stride=2, pad=1, **fields, name=f"down_{i}")(x)
            x = normed(x, f"down_norm_{i}")
        x = self._trunk(x, rng)
        for i in range(2):
            x = Upsample(self.width * 2 ** (1 - i), self.upsample, **fields, name=f"up_{i}")(x)
            x = normed(x, f"up_norm_{i}")
        x = Conv(self.channels, 7, pad=3, reflect=True, dtype=self.dtype, name="conv_out")(x)
        return jnp.tanh(x[:, :height, :width].astype(jnp.float32))

    def _trunk(self, x: Float[Array, "b h w c"], rng: PRNGKeyArray | None) -> Float[Array, "b h w c"]:
        fields = {"norm": self.norm, "dropout": self.dropout, "dtype": self.dtype}
        keys = [None if rng is None else jax.random.fold_in(rng, i) for i in range(self.blocks)]
        if self.is_initializing() or not self._loops(x):
            for i, key in enumerate(keys):
                x = ResNetBlock(**fields, name=f"block_{i}")(x, key)
            return x
        block = ResNetBlock(**fields, parent=None)

        def step(x: Array, given: tuple[Any, Any]) -> tuple[Array, None]:
            params, key = given
            return cast(Array, block.apply({"params": params}, x, key)), None

        each = [(self.variables["params"][f"block_{i}"], key) for i, key in enumerate(keys)]
        return jax.lax.scan(step, x, jax.tree.map(lambda *leaves: jnp.stack(leaves), *each))[0]

    def _loops(self, x: Float[Array, "b h w c"]) -> bool:
        """Whether the blocks are one loop: compiled once, where that takes long. A loop takes a little more time."""
        if jax.default_backend() != "cpu" or self.blocks < 2:
            return False
        kernel = self.variables["params"]["block_0"]["conv_0"]["kernel"].astype(self.dtype)
        return winograd.suits(x.astype(self.dtype), kernel, pad=1)


def build(*, channels: int | None = 3, **fields: Any) -> ResNetGenerator:
    """A generator of pictures with that many channels."""
    return ResNetGenerator(channels=channels or 3, **fields)
