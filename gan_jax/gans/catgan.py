"""CatGAN: the discriminator puts examples into categories, sure of each and fair to all, and is unsure of samples.

    min over D   -H(E_x p(c | x)) + E_x H(p(c | x)) - E_z H(p(c | G(z)))  +  supervised E -log p(y | x)
    min over G   -H(E_z p(c | G(z))) + E_z H(p(c | G(z)))

Springenberg: Unsupervised and Semi-supervised Learning with Categorical Generative Adversarial Networks, ICLR 2016,
arXiv 1511.06390, eq. 7 and 9; H is the entropy, p the softmax of D's outputs. There is no output for "real". The last
term is there when the data have labels. Categories need not be classes: how they match is to be measured.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from ml_collections import ConfigDict

from gan_jax import networks, sampling, stabilizers
from gan_jax.data.examples import batch_shapes
from gan_jax.errors import UserError
from gan_jax.game import Game, Move, Network, Report
from gan_jax.players import player
from gan_jax.when import every

Batch = dict[str, Array]
Logits = Float[Array, "b categories"]


def game(config: ConfigDict) -> Game:
    """The game of a config. Logs `examples/fairness` and `samples/fairness`, the entropies of the batches' means.

    Raises:
        UserError: labels are known, but there are fewer categories than classes.
    """
    if config.data.labelled and config.categories < config.data.classes:
        raise UserError(
            f"config.categories={config.categories}: expected at least the {config.data.classes} classes whose labels "
            "are known"
        )
    latent, shape = sampling.latent(config.latent), batch_shapes(config)["image"]

    def discriminator(G: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        of_noise, of_changes, *keys = jax.random.split(rng, 5)
        D = stabilizers.augmented(D, config, of_changes)
        x, fake = batch["image"], G(latent(of_noise, len(batch["image"])))
        of_examples, of_samples = D(x, None, keys[0]), D(fake, None, keys[1])
        log = {"examples/doubt": doubt(of_examples), "examples/fairness": fairness(of_examples)}
        log |= {"samples/doubt": doubt(of_samples), "samples/fairness": fairness(of_samples)}
        loss = -log["examples/fairness"] + log["examples/doubt"] - log["samples/doubt"]
        if config.data.labelled:
            log["labelled/loss"] = cross_entropy(D(batch["labelled"], None, keys[2]), batch["label"])
            loss += config.supervised * log["labelled/loss"]
        return loss, Report(log)

    def generator(G: Network, D: Network, rng: Array) -> tuple[Array, Report]:
        of_noise, of_changes, of_d = jax.random.split(rng, 3)
        D = stabilizers.augmented(D, config, of_changes)
        logits = D(G(latent(of_noise, config.batch_size)), None, of_d)
        return doubt(logits) - fairness(logits), Report()

    z, x = jnp.zeros((config.batch_size, config.latent.size)), jnp.zeros(shape)
    G = networks.build(config.generator, shape=shape[1:], dtype=config.dtype)
    D = networks.build(config.discriminator, outputs=config.categories, dtype=config.dtype)
    steps = config.discriminator_steps
    return Game(
        players={
            "G": player(G, z, optimizer=stabilizers.adam(config), average=config.average),
            "D": player(D, x, optimizer=stabilizers.discriminator_adam(config), average=config.average),
        },
        moves=(
            Move("discriminator", ("D",), discriminator),
            Move("generator", ("G",), generator, when=every(steps, offset=steps - 1)),
        ),
        sampler=sampling.Sampler("G", latent),
    )


def doubt(logits: Logits) -> Float[Array, ""]:
    """E H(p(c | x)), in nats: 0 where every example has one category. Source: arXiv 1511.06390, eq. 3 and 4."""
    return jnp.mean(entropy(jax.nn.log_softmax(logits)))


def fairness(logits: Logits) -> Float[Array, ""]:
    """H(E p(c | x)) over a batch, in nats: log K where all categories are used alike. Source: eq. 5 and 6."""
    log_p = jax.nn.log_softmax(logits)
    return entropy(jax.nn.logsumexp(log_p, axis=0) - jnp.log(len(log_p)))


def entropy(log_p: Float[Array, "*b categories"]) -> Float[Array, "*b"]:
    """-sum p log p of log p, which stays finite where a p is 0."""
    return -jnp.sum(jnp.exp(log_p) * log_p, axis=-1)


def cross_entropy(logits: Logits, label: Int[Array, " b"]) -> Float[Array, ""]:
    """E -log p(y | x). Source: arXiv 1511.06390, eq. 8."""
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), label[:, None], axis=1))
