"""GANs in JAX: a GAN is a game, players own parameters, moves are losses that players descend."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gan_jax.generation import Generator
    from gan_jax.model import Model

__version__ = "0.1.0"


def load(workdir: str | Path, step: int | None = None, best: bool = False) -> "Model | Generator":
    """A trained run, ready to use: `gan_jax.load("runs/cyclegan").translate(image)`,
    `gan_jax.load("runs/gan").sample(9)`.

    See `gan_jax.model.Model.translate` and `gan_jax.generation.Generator.sample`.
    """
    # Only now: JAX takes seconds to start.
    from gan_jax import generation, model, trained

    run = trained.read(workdir, step, best)
    return generation.of(run) if run.game.sampler else model.of(run)
