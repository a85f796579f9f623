"""SGAN: the discriminator is a classifier that has one more class, fake, and so learns from unlabelled examples.

    min over T, D   E_labelled -log p(y | x)  +  unlabelled (1/2 E -log D(x) + 1/2 E -log(1 - D(G(z))))
    min over G      mean (E f(x) - E f(G(z)))^2

with logits l = D(T(x)) of the real classes and that of "fake" held at 0, so that D(x) = Z / (Z + 1), Z = sum e^l.

Odena: Semi-Supervised Learning with Generative Adversarial Networks, arXiv 1606.01583; Salimans, Goodfellow, Zaremba,
Cheung, Radford, Chen: Improved Techniques for Training GANs, NIPS 2016, arXiv 1606.03498, section 5 (the losses, and
why one logit may be 0) and section 3.1 (G matches features f). f is T(x), the trunk's last hidden layer before its
noise. `unlabelled` = 0 leaves the same network trained on the labels alone.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from ml_collections import ConfigDict

from gan_jax import losses, networks, sampling, stabilizers
from gan_jax.data.examples import batch_shapes
from gan_jax.errors import UserError
from gan_jax.game import Game, Move, Network, Report
from gan_jax.players import player
from gan_jax.when import every

Batch = dict[str, Array]


def game(config: ConfigDict) -> Game:
    """The game of a config; without `feature_matching` G descends -E log D(G(z)).

    Raises:
        UserError: the data have no labels, or none of them is to be known.
    """
    if not (config.data.classes and config.data.labelled):
        raise UserError(
            f"config.data.classes={config.data.classes}, config.data.labelled={config.data.labelled}: expected how "
            "many classes there are, and how many examples have their label known, such as 10 and 50"
        )
    latent, shape = sampling.latent(config.latent), batch_shapes(config)["image"]

    def classifier(G: Network, T: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        of_noise, of_changes, *keys = jax.random.split(rng, 8)
        T = stabilizers.augmented(T, config, of_changes)
        x, fake = batch["image"], G(latent(of_noise, len(batch["image"])))
        logits = D(T(batch["labelled"], None, keys[0]), None, keys[1])
        log = {"labelled/loss": cross_entropy(logits, batch["label"])}
        log["labelled/accuracy"] = jnp.mean(jnp.argmax(logits, axis=1) == batch["label"])
        if not config.unlabelled:
            return log["labelled/loss"], Report(log)
        real_logits = real(D(T(x, None, keys[2]), None, keys[3]))
        fake_logits = real(D(T(fake, None, keys[4]), None, keys[5]))
        log |= {"logits/real": jnp.mean(real_logits), "logits/fake": jnp.mean(fake_logits)}
        loss = log["labelled/loss"]
        loss += config.unlabelled * 0.5 * losses.log_discriminator(real_logits, fake_logits)
        return loss + stabilizers.penalty(lambda x: real(D(T(x))), x, fake, config), Report(log)

    def generator(G: Network, T: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        of_noise, of_changes, *keys = jax.random.split(rng, 5)
        T = stabilizers.augmented(T, config, of_changes)
        fake = G(latent(of_noise, len(batch["image"])))
        if not config.feature_matching:
            return losses.log_generator(real(D(T(fake, None, keys[0]), None, keys[1]))), Report()
        return matching(T(batch["image"], None, keys[0]), T(fake, None, keys[1])), Report()

    z, x = jnp.zeros((config.batch_size, config.latent.size)), jnp.zeros(shape)
    G = networks.build(config.generator, shape=shape[1:], dtype=config.dtype)
    T = networks.build(config.discriminator, outputs=0, dtype=config.dtype)
    head = {"network": "mlp_discriminator", "depth": 0, "noise": config.discriminator.get("noise", 0.0)}
    D = networks.build(head, outputs=config.data.classes, dtype=config.dtype)
    features = jax.eval_shape(lambda: T.init_with_output(jax.random.key(0), x)[0])
    both = {"optimizer": stabilizers.discriminator_adam(config), "average": config.average}
    steps = config.discriminator_steps
    return Game(
        players={
            "G": player(G, z, optimizer=stabilizers.adam(config), average=config.average),
            "T": player(T, x, **both),
            "D": player(D, features, **both),
        },
        moves=(
            Move("classifier", ("T", "D"), classifier),
            Move("generator", ("G",), generator, when=every(steps, offset=steps - 1)),
        ),
        sampler=sampling.Sampler("G", latent),
    )


def real(logits: Float[Array, "b classes"]) -> Float[Array, " b"]:
    """log Z = log sum_k e^{l_k}: the logit of D(x) = Z / (Z + 1). Source: arXiv 1606.03498, section 5."""
    return jax.nn.logsumexp(logits, axis=1)


def cross_entropy(logits: Float[Array, "b classes"], label: Int[Array, " b"]) -> Float[Array, ""]:
    """E -log p(y | x), over the real classes: E log Z - l_y. Source: arXiv 1606.03498, section 5."""
    return jnp.mean(real(logits) - jnp.take_along_axis(logits, label[:, None], axis=1)[:, 0])


def matching(real: Float[Array, "b features"], fake: Float[Array, "b features"]) -> Float[Array, ""]:
    """The mean over features of (E f(x) - E f(G(z)))^2. Source: arXiv 1606.03498, section 3.1, and its code's mean."""
    return jnp.mean(jnp.square(jnp.mean(real, axis=0) - jnp.mean(fake, axis=0)))
