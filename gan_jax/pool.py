"""The pool of shown pictures: a discriminator is shown old fakes as well as new ones."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

Images = Float[Array, "batch height width channels"]


class Pool(NamedTuple):
    """`images[:stored]` are taken; arrays, so that a checkpoint holds them and a round can be compiled."""

    images: Float[Array, "size height width channels"]
    stored: Int[Array, ""]


def empty(size: int, height: int, width: int, channels: int) -> Pool | None:
    """A pool of `size` places, none of them taken; None for no places, since arrays without entries cannot be saved."""
    if not size:
        return None
    return Pool(jnp.zeros((size, height, width, channels)), jnp.int32(0))


def show(pool: Pool | None, fakes: Images, rng: Key[Array, ""]) -> tuple[Pool | None, Images]:
    """Pass fakes through the pool with fresh draws (see `exchange`); no pool shows them as they are."""
    if pool is None:
        return None, fakes
    return exchange(pool, fakes, *draw(rng, len(fakes), len(pool.images)))


def draw(rng: Key[Array, ""], batch: int, size: int) -> tuple[Bool[Array, " batch"], Int[Array, " batch"]]:
    """For each picture of a batch: whether to swap it (probability 1/2), and with which place (uniform)."""
    swap, place = jax.random.split(rng)
    return jax.random.bernoulli(swap, 0.5, (batch,)), jax.random.randint(place, (batch,), 0, size)


def exchange(
    pool: Pool,
    fakes: Images,
    swap: Bool[Array, " batch"],
    place: Int[Array, " batch"],
) -> tuple[Pool, Images]:
    """Pass fakes through the pool one by one; return the new pool and the pictures to show.

    While the pool is not full, each fake is stored and shown. Afterwards a fake is either shown itself, or swapped: it
    takes its place in the pool, and the picture that stood there is shown.

    Source: Shrivastava et al. 2017, arXiv 1612.07828, section 2.3; Zhu et al. 2017, arXiv 1703.10593, section 4.
    """
    size = len(pool.images)

    def pass_one(pool: Pool, one: tuple[Array, Array, Array]) -> tuple[Pool, Array]:
        fake, swap, place = one
        full = pool.stored >= size
        place = jnp.where(full, place, pool.stored)
        old = pool.images[place]
        kept = jnp.where(~full | swap, fake, old)
        shown = jnp.where(full & swap, old, fake)
        return Pool(pool.images.at[place].set(kept), jnp.minimum(pool.stored + 1, size)), shown

    return jax.lax.scan(pass_one, pool, (fakes, swap, place))
