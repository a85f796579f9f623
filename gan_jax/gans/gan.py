"""The GAN: a discriminator learns to tell examples from samples, a generator to make it err.

    min over G, max over D   E log D(x) + E log(1 - D(G(z)))

Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville, Bengio: Generative Adversarial Nets, NIPS 2014,
arXiv 1406.2661, eq. 1 and algorithm 1. D steps `discriminator_steps` times, each with examples and noise of its own,
then G once.
G descends -E log D(G(z)) (section 3), or, with adversarial="minimax", E log(1 - D(G(z))) as in eq. 1.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import losses, networks, sampling, stabilizers
from gan_jax.data.examples import batch_shapes
from gan_jax.game import Game, Move, Network, Report
from gan_jax.players import player
from gan_jax.when import every

Batch = dict[str, Float[Array, "batch *shape"]]


def game(config: ConfigDict) -> Game:
    """The game of a config, with any of `losses.ADVERSARIAL`."""
    adversarial, latent = losses.ADVERSARIAL[config.adversarial], sampling.latent(config.latent)
    shape = batch_shapes(config)["image"]

    def discriminator(G: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        of_noise, of_changes = jax.random.split(rng)
        x, fake = batch["image"], G(latent(of_noise, len(batch["image"])))
        D = stabilizers.augmented(D, config, of_changes)
        real_logits, fake_logits = D(x), D(fake)
        loss = adversarial.discriminator(real_logits, fake_logits)
        log = {"logits/real": jnp.mean(real_logits), "logits/fake": jnp.mean(fake_logits)}
        return loss + stabilizers.penalty(D, x, fake, config), Report(log)

    def generator(G: Network, D: Network, rng: Array) -> tuple[Array, Report]:
        of_noise, of_changes = jax.random.split(rng)
        D = stabilizers.augmented(D, config, of_changes)
        return adversarial.generator(D(G(latent(of_noise, config.batch_size)))), Report()

    z, x = jnp.zeros((config.batch_size, config.latent.size)), jnp.zeros(shape)
    G = networks.build(config.generator, shape=shape[1:], dtype=config.dtype)
    D = networks.build(config.discriminator, dtype=config.dtype)
    steps = config.discriminator_steps
    return Game(
        players={
            "G": player(G, z, optimizer=stabilizers.adam(config), average=config.average),
            "D": player(D, x, optimizer=stabilizers.discriminator_adam(config)),
        },
        moves=(
            Move("discriminator", ("D",), discriminator),
            Move("generator", ("G",), generator, when=every(steps, offset=steps - 1)),
        ),
        sampler=sampling.Sampler("G", latent),
    )
