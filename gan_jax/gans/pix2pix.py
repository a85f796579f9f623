"""pix2pix: a conditional GAN that learns a translation from true pairs.

    min over D   1/2 [ -E log D(x, y) - E log(1 - D(x, G(x))) ]
    min over G   -E log D(x, G(x)) + l1 E ||y - G(x)||_1

Isola, Zhu, Zhou, Efros: Image-to-Image Translation with Conditional Adversarial Networks, CVPR 2017,
arXiv 1611.07004, eq. 1 to 4 and section 3.3. The input x and a picture, true or generated, are judged together, stacked
along the channels. The discriminator steps first, as in the reference implementation. The only noise is G's dropout.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import losses, networks, optimizers
from gan_jax.data.shapes import batch_shapes
from gan_jax.game import Game, Move, Network, Report
from gan_jax.players import player

Images = Float[Array, "batch height width channels"]
Batch = dict[str, Images]


def game(config: ConfigDict) -> Game:
    """The game of a config; `config.direction` "y2x" translates from y to x instead."""
    adversarial = losses.ADVERSARIAL[config.adversarial]
    source, target = ("x", "y") if config.direction == "x2y" else ("y", "x")

    def discriminator(G: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        x, y = batch[source], batch[target]
        loss = 0.5 * adversarial.discriminator(D(stack(x, y)), D(stack(x, G(x, rng))))
        return loss, Report({"discriminator": loss})

    def generator(G: Network, D: Network, batch: Batch, rng: Array) -> tuple[Array, Report]:
        x, y = batch[source], batch[target]
        fake = G(x, rng)
        log = {"adversarial": adversarial.generator(D(stack(x, fake)))}
        loss = log["adversarial"]
        if config.l1:
            log["l1"] = losses.l1(fake, y)
            loss += config.l1 * log["l1"]
        return loss, Report(log)

    def show(G: Network, batch: Batch) -> dict[str, Images]:
        return {f"fake_{target}": G(batch[source])}

    shapes = dict(zip("xy", batch_shapes(config), strict=True))
    x, y = (jax.ShapeDtypeStruct(shapes[domain], jnp.float32) for domain in (source, target))
    adam = optimizers.adam(optimizers.schedule(config), config.beta1)
    generator_network = networks.build(config.generator, channels=y.shape[-1], dtype=config.dtype)
    return Game(
        players={
            "G": player(generator_network, x, optimizer=adam, average=config.average),
            "D": player(
                networks.build(config.discriminator, dtype=config.dtype),
                jax.eval_shape(stack, x, y),
                optimizer=adam,
            ),
        },
        moves=(Move("discriminator", ("D",), discriminator), Move("generator", ("G",), generator)),
        show=show,
        rows=((source, f"fake_{target}", target),),
        translate={config.direction: "G"},
    )


def stack(x: Images, y: Images) -> Images:
    """Two pictures as one, stacked along the channels."""
    return jnp.concatenate([x, y], axis=-1)
