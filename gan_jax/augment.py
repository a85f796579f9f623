"""Differentiable augmentation: one family of random changes for real and fake pictures, in both players' moves.

Source: Zhao et al. 2020, arXiv 2006.10738, section 3 and the policies of its appendix.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from gan_jax.errors import UserError

Pictures = Float[Array, "b height width c"]


def color(x: Pictures, key: Key[Array, ""]) -> Pictures:
    """Brightness + U(-1/2, 1/2), then saturation times U(0, 2), then contrast times U(1/2, 3/2), one draw a picture."""
    b, s, c = (u.reshape(-1, 1, 1, 1) for u in jax.random.uniform(key, (3, len(x))))
    x = x + b - 0.5
    grey = x.mean(3, keepdims=True)
    x = (x - grey) * (2 * s) + grey
    middle = x.mean((1, 2, 3), keepdims=True)
    return (x - middle) * (c + 0.5) + middle


def translation(x: Pictures, key: Key[Array, ""]) -> Pictures:
    """A shift by up to 1/8 of each side, zeros coming in."""
    height, width = x.shape[1:3]
    reach = height // 8, width // 8
    padded = jnp.pad(x, ((0, 0), (reach[0],) * 2, (reach[1],) * 2, (0, 0)))
    rows, columns = (
        jax.random.randint(k, (len(x),), 0, 2 * r + 1)
        for k, r in zip(jax.random.split(key), reach, strict=True)
    )

    def cut(one: Array, top: Array, left: Array) -> Array:
        return jax.lax.dynamic_slice(one, (top, left, 0), (height, width, one.shape[2]))

    return jax.vmap(cut)(padded, rows, columns)


def cutout(x: Pictures, key: Key[Array, ""]) -> Pictures:
    """A rectangle of half of each side set to 0, its middle anywhere in the picture."""
    height, width = x.shape[1:3]
    tops, lefts = (
        jax.random.randint(k, (len(x), 1), 0, n) - n // 4
        for k, n in zip(jax.random.split(key), (height, width), strict=True)
    )

    def inside(start: Array, n: int) -> Array:
        at = jnp.arange(n).reshape(1, -1)
        return (at >= start) & (at < start + n // 2)

    hole = inside(tops, height)[:, :, None, None] & inside(lefts, width)[:, None, :, None]
    return jnp.where(hole, 0.0, x)


POLICIES = {"color": color, "translation": translation, "cutout": cutout}


def augment(x: Pictures, policy: str, key: Key[Array, ""]) -> Pictures:
    """The changes that "color,translation,cutout" (any of these) names, in that order; "" changes nothing.

    Raises:
        UserError: an unknown change, or examples that are no pictures.
    """
    for i, name in enumerate(policy.split(",") if policy else ()):
        if name not in POLICIES:
            raise UserError(f"config.augment={policy!r}: expected some of {','.join(POLICIES)}, or nothing")
        if x.ndim != 4:
            raise UserError(
                f"config.augment={policy!r} changes pictures, and these examples have {x.ndim - 1} axes"
            )
        x = POLICIES[name](x, jax.random.fold_in(key, i))
    return x
