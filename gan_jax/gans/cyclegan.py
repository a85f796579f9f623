"""CycleGAN: translate between two kinds of picture, and back, from unpaired examples.

    min over G, F   E (D_y(G(x)) - 1)^2 + E (D_x(F(y)) - 1)^2
                    + cycle_x ||F(G(x)) - x||_1 + cycle_y ||G(F(y)) - y||_1
                    + identity (cycle_y ||G(y) - y||_1 + cycle_x ||F(x) - x||_1)
    min over D_y    1/2 [ E (D_y(y) - 1)^2 + E D_y(G(x))^2 ]       and D_x likewise

Zhu, Park, Isola, Efros: Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks, ICCV 2017,
arXiv 1703.10593, eq. 1 to 4 and section 4. G: x -> y, F: y -> x; D_x and D_y judge pictures of x and of y. The order
of the moves is the reference implementation's: the generators step first, and the discriminators then judge the fakes
made before that step, passed through a pool of the last 50.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import losses, networks, optimizers, pool
from gan_jax.data.shapes import batch_shapes
from gan_jax.errors import UserError
from gan_jax.game import Game, Move, Network, Report
from gan_jax.players import player

Images = Float[Array, "batch height width channels"]
Batch = dict[str, Images]


def game(config: ConfigDict) -> Game:
    """The game of a config. A weight of 0 leaves its term out, and the work of computing it.

    Raises:
        UserError: the identity term is asked for between pictures of different channel counts.
    """
    adversarial = losses.ADVERSARIAL[config.adversarial]
    x_shape, y_shape = batch_shapes(config)
    identity_x, identity_y = config.identity * config.cycle_x, config.identity * config.cycle_y
    if (identity_x or identity_y) and x_shape[-1] != y_shape[-1]:
        raise UserError(
            f"config.identity={config.identity:g} asks G and F to keep a picture of their own kind, which needs "
            f"equal channel counts, but data.x_channels={x_shape[-1]} and data.y_channels={y_shape[-1]}: "
            "set --config.identity=0"
        )

    def generators(
        G: Network, F: Network, D_x: Network, D_y: Network, batch: Batch, memory: dict[str, Any], rng: Array
    ) -> tuple[Array, Report]:
        x, y = batch["x"], batch["y"]
        keys = iter(jax.random.split(rng, 10))
        fake_y, fake_x = G(x, next(keys)), F(y, next(keys))
        log = {
            "adversarial/G": adversarial.generator(D_y(fake_y)),
            "adversarial/F": adversarial.generator(D_x(fake_x)),
        }
        loss = log["adversarial/G"] + log["adversarial/F"]
        if config.cycle_x:
            log["cycle/x"] = losses.l1(F(perturbed(fake_y, config.cycle_noise, next(keys)), next(keys)), x)
            loss += config.cycle_x * log["cycle/x"]
        if config.cycle_y:
            log["cycle/y"] = losses.l1(G(perturbed(fake_x, config.cycle_noise, next(keys)), next(keys)), y)
            loss += config.cycle_y * log["cycle/y"]
        if identity_y:
            log["identity/G"] = losses.l1(G(y, next(keys)), y)
            loss += identity_y * log["identity/G"]
        if identity_x:
            log["identity/F"] = losses.l1(F(x, next(keys)), x)
            loss += identity_x * log["identity/F"]
        pool_x, shown_x = pool.show(memory["pool_x"], fake_x, next(keys))
        pool_y, shown_y = pool.show(memory["pool_y"], fake_y, next(keys))
        return loss, Report(log, {"pool_x": pool_x, "pool_y": pool_y, "shown_x": shown_x, "shown_y": shown_y})

    def discriminators(
        D_x: Network, D_y: Network, batch: Batch, memory: dict[str, Any]
    ) -> tuple[Array, Report]:
        log = {
            "discriminator/x": 0.5 * adversarial.discriminator(D_x(batch["x"]), D_x(memory["shown_x"])),
            "discriminator/y": 0.5 * adversarial.discriminator(D_y(batch["y"]), D_y(memory["shown_y"])),
        }
        return log["discriminator/x"] + log["discriminator/y"], Report(log)

    def memory() -> dict[str, Any]:
        return {
            "pool_x": pool.empty(config.pool_size, *x_shape[1:]),
            "pool_y": pool.empty(config.pool_size, *y_shape[1:]),
            "shown_x": jnp.zeros(x_shape),
            "shown_y": jnp.zeros(y_shape),
        }

    x, y = jax.ShapeDtypeStruct(x_shape, jnp.float32), jax.ShapeDtypeStruct(y_shape, jnp.float32)
    adam = optimizers.adam(optimizers.schedule(config), config.beta1)
    generator = {"optimizer": adam, "average": config.average}
    return Game(
        players={
            "G": player(
                networks.build(config.generator, channels=y_shape[-1], dtype=config.dtype), x, **generator
            ),
            "F": player(
                networks.build(config.generator, channels=x_shape[-1], dtype=config.dtype), y, **generator
            ),
            "D_x": player(networks.build(config.discriminator, dtype=config.dtype), x, optimizer=adam),
            "D_y": player(networks.build(config.discriminator, dtype=config.dtype), y, optimizer=adam),
        },
        moves=(
            Move("generators", ("G", "F"), generators),
            Move("discriminators", ("D_x", "D_y"), discriminators),
        ),
        memory=memory,
        show=show,
        rows=(("x", "fake_y", "back_x"), ("y", "fake_x", "back_y")),
        translate={"x2y": "G", "y2x": "F"},
    )


def perturbed(images: Images, deviation: float, rng: jax.Array) -> Images:
    """Pictures plus N(0, deviation^2), against information hidden in them; deviation 0 leaves them as they are.

    Source: Bashkirova et al. 2019, arXiv 1908.01517, section 4.
    """
    return images + deviation * jax.random.normal(rng, images.shape) if deviation else images


def show(G: Network, F: Network, batch: Batch) -> dict[str, Images]:
    """Both translations of a batch and the way back: G(x), F(G(x)), F(y), G(F(y))."""
    fake_y, fake_x = G(batch["x"]), F(batch["y"])
    return {"fake_y": fake_y, "back_x": F(fake_y), "fake_x": fake_x, "back_y": G(fake_x)}
