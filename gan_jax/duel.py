"""Games of two players, as most papers on making examples of noise have them: a generator G, a discriminator D."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import losses, networks, sampling, stabilizers
from gan_jax.data.examples import batch_shapes
from gan_jax.game import Game, Move, Network, Report
from gan_jax.players import player
from gan_jax.when import every

Batch = dict[str, Float[Array, "batch *shape"]]
Log = dict[str, Float[Array, ""]]


def duel(
    config: ConfigDict,
    discriminator: Callable[..., tuple[Float[Array, ""], Log]],
    generator: Callable[..., Float[Array, ""]],
    *,
    classes: int = 0,
    optimizers: tuple[optax.GradientTransformation, optax.GradientTransformation] | None = None,
) -> Game:
    """D descends `discriminator(D, x, fake, key, *y)` every step, G `generator(D, fake, *y)` every k-th.

    k is `config.discriminator_steps`. Each move draws latents of its own; `x` and `fake` are examples and as many
    samples. y is the batch's labels, one-hot, where there are `classes`: G is given them too, and so are samples of
    them. D sees everything through `config.augment`, and R1 and R2 are added to its loss. `optimizers` are G's and D's,
    instead of Adam.
    """
    latent = sampling.latent(config.latent)

    def draw(G: Network, batch: Batch, key: Array) -> tuple[Array, tuple[Array, ...]]:
        y = (sampling.one_hot(batch["label"], classes),) if classes else ()
        return G(latent(key, len(batch["image"])), *y), y

    def discriminate(G: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        of_noise, of_changes, of_loss = jax.random.split(rng, 3)
        x, (fake, y) = batch["image"], draw(G, batch, of_noise)
        D = stabilizers.augmented(D, config, of_changes)
        loss, log = discriminator(D, x, fake, of_loss, *y)
        return loss + stabilizers.penalty(D, x, fake, config, *y), Report(log)

    def generate(G: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        of_noise, of_changes = jax.random.split(rng)
        fake, y = draw(G, batch, of_noise)
        return generator(stabilizers.augmented(D, config, of_changes), fake, *y), Report()

    return alternating(config, discriminate, generate, sampling.Sampler("G", latent, classes), optimizers)


def alternating(
    config: ConfigDict,
    discriminate: Callable[..., tuple[Float[Array, ""], Report]],
    generate: Callable[..., tuple[Float[Array, ""], Report]],
    sampler: sampling.Sampler,
    optimizers: tuple[optax.GradientTransformation, optax.GradientTransformation] | None = None,
) -> Game:
    """The game of these two losses: D moves every step, G every `config.discriminator_steps`-th.

    The networks are those of the config; they take one-hot labels too where the sampler has classes.
    """
    shape, k = batch_shapes(config)["image"], config.discriminator_steps
    y = (jnp.zeros((config.batch_size, sampler.classes)),) if sampler.classes else ()
    z, x = jnp.zeros((config.batch_size, config.latent.size)), jnp.zeros(shape)
    G = networks.build(config.generator, shape=shape[1:], dtype=config.dtype)
    D = networks.build(config.discriminator, dtype=config.dtype)
    of_g, of_d = optimizers or (stabilizers.adam(config), stabilizers.discriminator_adam(config))
    return Game(
        players={
            "G": player(G, z, *y, optimizer=of_g, average=config.average),
            "D": player(D, x, *y, optimizer=of_d),
        },
        moves=(
            Move("discriminator", ("D",), discriminate),
            Move("generator", ("G",), generate, when=every(k, offset=k - 1)),
        ),
        sampler=sampler,
    )


def adversarial(config: ConfigDict, loss: losses.Adversarial) -> Game:
    """The duel whose two losses are one of `losses.ADVERSARIAL`."""

    def discriminator(D: Network, x: Array, fake: Array, key: Array) -> tuple[Float[Array, ""], Log]:
        real_logits, fake_logits = D(x), D(fake)
        return loss.discriminator(real_logits, fake_logits), outputs(real_logits, fake_logits)

    def generator(D: Network, fake: Array) -> Float[Array, ""]:
        return loss.generator(D(fake))

    return duel(config, discriminator, generator)


def outputs(real: Float[Array, " b"], fake: Float[Array, " b"]) -> Log:
    """What to log of D's outputs on examples and on samples: their means."""
    return {"logits/real": jnp.mean(real), "logits/fake": jnp.mean(fake)}
