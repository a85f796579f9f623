"""Examples from noise: latents, conditions, and the network that makes examples of them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

Latent = Callable[[Key[Array, ""], int], Float[Array, "n latent"]]


def normal(size: int) -> Latent:
    """z ~ N(0, I)."""
    return lambda key, n: jax.random.normal(key, (n, size))


def uniform(size: int) -> Latent:
    """z ~ U(-1, 1), each entry independent."""
    return lambda key, n: jax.random.uniform(key, (n, size), minval=-1.0, maxval=1.0)


def constant(size: int) -> Latent:
    """z = 1: no noise, where the network's output is itself a distribution to be sampled."""
    return lambda key, n: jnp.ones((n, size))


LATENTS: dict[str, Callable[[int], Latent]] = {"normal": normal, "uniform": uniform, "constant": constant}


def latent(block: Any) -> Latent:
    """The distribution of a config block {"kind", "size"}."""
    return LATENTS[block.kind](block.size)


def as_made(made: Array, key: Key[Array, ""]) -> Array:
    """What the network makes is the example."""
    return made


def bernoulli(logits: Float[Array, "..."], key: Key[Array, ""]) -> Float[Array, "..."]:
    """Ink (1) with probability sigmoid(logit), else paper (-1), every entry independent."""
    return jnp.where(jax.random.bernoulli(key, jax.nn.sigmoid(logits)), 1.0, -1.0)


def categorical(logits: Float[Array, "... symbols"], key: Key[Array, ""]) -> Float[Array, "... symbols"]:
    """A one-hot symbol for each row of logits, every row independent."""
    return jax.nn.one_hot(jax.random.categorical(key, logits), logits.shape[-1])


class Sampler(NamedTuple):
    """`finish(player(latent(key, n)), key)`; where there are `classes`, the player also takes one-hot labels."""

    player: str
    latent: Latent
    classes: int = 0
    finish: Callable[[Array, Key[Array, ""]], Array] = as_made


def one_hot(label: Int[Array, " n"], classes: int) -> Float[Array, "n classes"]:
    """The conditions that networks take for labels."""
    return jax.nn.one_hot(label, classes)


def sample(
    sampler: Sampler,
    network: Callable[..., Array],
    key: Key[Array, ""],
    n: int,
    label: Int[Array, " n"] | None = None,
    z: Float[Array, "n latent"] | None = None,
) -> Array:
    """`n` examples; labels are drawn uniformly and latents from the sampler's distribution where they are not given."""
    of_latent, of_label, of_finish = jax.random.split(key, 3)
    z = sampler.latent(of_latent, n) if z is None else z
    if not sampler.classes:
        return sampler.finish(network(z), of_finish)
    label = jax.random.randint(of_label, (n,), 0, sampler.classes) if label is None else label
    return sampler.finish(network(z, one_hot(label, sampler.classes)), of_finish)
