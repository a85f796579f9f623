"""BiGAN: an encoder learns to undo the generator, because a discriminator judges pairs of example and latent.

    min over G, E, max over D   E log D(x, E(x)) + E log(1 - D(G(z), z))

Donahue, Krahenbuhl, Darrell: Adversarial Feature Learning, ICLR 2017, arXiv 1605.09782, section 3; the same model as
Dumoulin et al. 2017, arXiv 1606.00704. G and E descend the objective with the labels swapped (section 3.4), in the
same step as D: all gradients are taken at the same parameters. At the optimum E inverts G, though
neither ever sees what the other makes of its output (theorem 2). z enters D at every layer.
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
    """The game of a config. Pictures are shown with what E and G make of them, and with samples."""
    latent, shape = sampling.latent(config.latent), batch_shapes(config)["image"]

    def pairs(G: Network, E: Network, batch: Batch, key: Array) -> tuple[Pair, Pair]:
        x = batch["image"]
        z = latent(key, len(x))
        return (x, E(x)), (G(z), z)

    def discriminator(G: Network, E: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        of_noise, of_changes = jax.random.split(rng)
        real, fake = pairs(G, E, batch, of_noise)
        D = stabilizers.augmented(D, config, of_changes)
        real_logits, fake_logits = D(*real), D(*fake)
        loss = losses.log_discriminator(real_logits, fake_logits)
        log = {"logits/real": jnp.mean(real_logits), "logits/fake": jnp.mean(fake_logits)}

        def of_joined(pair: Float[Array, "b entries"]) -> Float[Array, " b"]:
            x, z = pair[:, : -config.latent.size], pair[:, -config.latent.size :]
            return D(x.reshape(len(x), *shape[1:]), z)

        return loss + stabilizers.penalty(of_joined, joined(*real), joined(*fake), config), Report(log)

    def inverses(G: Network, E: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        of_noise, of_changes = jax.random.split(rng)
        real, fake = pairs(G, E, batch, of_noise)
        D = stabilizers.augmented(D, config, of_changes)
        return losses.log_discriminator(real=D(*fake), fake=D(*real)), Report()

    z, x = jnp.zeros((config.batch_size, config.latent.size)), jnp.zeros(shape)
    G = networks.build(config.generator, shape=shape[1:], dtype=config.dtype)
    E = networks.build(config.encoder, outputs=config.latent.size, dtype=config.dtype)
    D = networks.build(config.discriminator, dtype=config.dtype)
    fields = {"optimizer": stabilizers.adam(config), "average": config.average}
    steps = config.discriminator_steps
    return Game(
        players={
            "G": player(G, z, **fields),
            "E": player(E, x, **fields),
            "D": player(D, x, z, optimizer=stabilizers.discriminator_adam(config)),
        },
        moves=(
            (
                Move("discriminator", ("D",), discriminator),
                Move("inverses", ("G", "E"), inverses, when=every(steps, offset=steps - 1)),
            ),
        ),
        show=show if len(shape) == 4 else dict,
        rows=(("image", "back", "made"),) if len(shape) == 4 else (),
        sampler=sampling.Sampler("G", latent),
    )


Pair = tuple[Float[Array, "b *shape"], Float[Array, "b latent"]]


def joined(x: Float[Array, "b *shape"], z: Float[Array, "b latent"]) -> Float[Array, "b entries"]:
    """The entries of x, then those of z: a pair as one vector, whose gradient R1 and R2 take."""
    return jnp.concatenate([x.reshape(len(x), -1), z], axis=1)


def show(G: Network, E: Network, batch: Batch) -> dict[str, Array]:
    """G(E(x)): examples encoded and made again."""
    return {"back": G(E(batch["image"]))}
