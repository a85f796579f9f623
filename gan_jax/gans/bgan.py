"""BGAN: a generator of discrete examples is drawn to the discriminator's boundary by its own weighted samples.

    min over D   -E log D(x) - E log(1 - D(x')),   x' ~ g(. | z)
    min over G   -E_z sum_m w_m log g(x'_m | z),   w = softmax over m of F(x'_m),   x'_1 ... x'_M ~ g(. | z)

Hjelm, Jacob, Che, Trischler, Cho, Bengio: Boundary-Seeking Generative Adversarial Networks, ICLR 2018, arXiv
1702.08431, section 2 (normalised importance weights) and algorithm 1. G gives the logits of a distribution, F those of
D = sigmoid(F): e^F estimates p_data / g, so w weighs samples of g as the data would. With distribution="continuous"
(section 3) G gives examples, and descends E 1/2 (log D(G(z)) - log(1 - D(G(z))))^2 = E 1/2 F(G(z))^2.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key
from ml_collections import ConfigDict

from gan_jax import discrete, losses, sampling, stabilizers
from gan_jax.duel import alternating, outputs
from gan_jax.game import Game, Network, Report

Batch = dict[str, Float[Array, "batch *shape"]]


def game(config: ConfigDict) -> Game:
    """The game of a config. Logs `effective_samples`: of M, how many the weights leave."""
    latent = sampling.latent(config.latent)
    distribution = discrete.DISTRIBUTIONS.get(config.distribution)

    def draws(G: Network, key: Key[Array, ""]) -> tuple[Array, Array]:
        """G(z), and M samples for each z, [M, b, ...]; of a continuous G the one that it gives."""
        of_latent, *of_samples = jax.random.split(key, 1 + config.samples)
        made = G(latent(of_latent, config.batch_size))
        if not distribution:
            return made, made[None]
        return made, jax.vmap(distribution.draw, in_axes=(None, 0))(made, jnp.stack(of_samples))

    def discriminator(G: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        of_draws, of_changes = jax.random.split(rng)
        x, fake = batch["image"], flat(draws(G, of_draws)[1])
        D = stabilizers.augmented(D, config, of_changes)
        real_logits, fake_logits = D(x), D(fake)
        loss = losses.log_discriminator(real_logits, fake_logits)
        return loss + stabilizers.penalty(D, x, fake, config), Report(outputs(real_logits, fake_logits))

    def generator(G: Network, D: Network, rng: Array) -> tuple[Array, Report]:
        of_draws, of_changes = jax.random.split(rng)
        made, x = draws(G, of_draws)
        D = stabilizers.augmented(D, config, of_changes)
        logits = D(flat(x)).reshape(x.shape[:2])
        if not distribution:
            return boundary(logits), Report()
        # What is drawn carries no gradient, so that the weights have none: G moves by log g alone.
        log_g = jax.vmap(distribution.log_probability, in_axes=(0, None))(x, made)
        weights = jax.nn.softmax(logits, axis=0)
        return reweighted(weights, log_g), Report({"effective_samples": discrete.effective(weights)})

    sampler = sampling.Sampler("G", latent, finish=distribution.draw if distribution else sampling.as_made)
    return alternating(config, discriminator, generator, sampler)


def flat(x: Float[Array, "m b *shape"]) -> Float[Array, "m*b *shape"]:
    """All samples of all latents in one row."""
    return x.reshape(-1, *x.shape[2:])


def reweighted(weights: Float[Array, "m b"], log_g: Float[Array, "m b"]) -> Float[Array, ""]:
    """-E_z sum_m w_m log g(x_m | z). Source: arXiv 1702.08431, algorithm 1."""
    return -jnp.mean(jnp.sum(weights * log_g, axis=0))


def boundary(logits: Float[Array, "..."]) -> Float[Array, ""]:
    """E 1/2 F^2: samples are drawn to where D = 1/2. Source: arXiv 1702.08431, section 3."""
    return 0.5 * jnp.mean(jnp.square(logits))
