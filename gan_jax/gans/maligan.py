"""MaliGAN: a generator of discrete examples is trained by maximum likelihood on its samples, weighted as data would be.

    min over D   -E log D(x) - E log(1 - D(x'))
    min over G   -sum_i (r(x'_i) / sum_j r(x'_j) - b) log g(x'_i | z_i),   r = D / (1 - D) = e^F,   x'_i ~ g(. | z_i)

Che, Li, Zhang, Hjelm, Li, Song, Bengio: Maximum-Likelihood Augmented Discrete Generative Adversarial Networks, arXiv
1702.07983, section 3 and algorithm 1. The weights are normalised over the batch of m samples, and b = `baseline` / m:
at 1 samples that are all alike to D do not move G. F is held in [-`clip`, `clip`], or one sample could have all the
weight.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import discrete, losses, sampling, stabilizers
from gan_jax.duel import alternating, outputs
from gan_jax.game import Game, Network, Report

Batch = dict[str, Float[Array, "batch *shape"]]


def game(config: ConfigDict) -> Game:
    """The game of a config. Logs `effective_samples`: of the batch's m, how many the weights leave."""
    latent = sampling.latent(config.latent)
    distribution = discrete.DISTRIBUTIONS[config.distribution]

    def draws(G: Network, key: Array) -> tuple[Array, Array]:
        of_latent, of_draw = jax.random.split(key)
        made = G(latent(of_latent, config.batch_size))
        return made, distribution.draw(made, of_draw)

    def discriminator(G: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        of_draws, of_changes = jax.random.split(rng)
        x, (_, fake) = batch["image"], draws(G, of_draws)
        D = stabilizers.augmented(D, config, of_changes)
        real_logits, fake_logits = D(x), D(fake)
        loss = losses.log_discriminator(real_logits, fake_logits)
        return loss + stabilizers.penalty(D, x, fake, config), Report(outputs(real_logits, fake_logits))

    def generator(G: Network, D: Network, rng: Array) -> tuple[Array, Report]:
        of_draws, of_changes = jax.random.split(rng)
        made, x = draws(G, of_draws)
        logits = stabilizers.augmented(D, config, of_changes)(x)
        # What is drawn carries no gradient, so that the weights have none: G moves by log g alone.
        weights = jax.nn.softmax(jnp.clip(logits, -config.clip, config.clip))
        loss = weighted(weights, distribution.log_probability(x, made), config.baseline)
        return loss, Report({"effective_samples": discrete.effective(weights)})

    sampler = sampling.Sampler("G", latent, finish=distribution.draw)
    return alternating(config, discriminator, generator, sampler)


def weighted(weights: Float[Array, " m"], log_g: Float[Array, " m"], baseline: float) -> Float[Array, ""]:
    """-sum_i (w_i - baseline / m) log g(x_i). Source: arXiv 1702.07983, section 3."""
    return -jnp.sum((weights - baseline / len(weights)) * log_g)
