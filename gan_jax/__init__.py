"""GANs in JAX: a GAN is a game, players own parameters, moves are losses that players descend."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gan_jax.model import Model

__version__ = "0.1.0"


def load(workdir: str | Path, step: int | None = None, best: bool = False) -> "Model":
    """A trained run, ready to translate pictures: `gan_jax.load("runs/cyclegan").translate(image)`.

    See `gan_jax.model.load` and `gan_jax.model.Model.translate`.
    """
    # Only now: JAX takes seconds to start.
    from gan_jax import model

    return model.load(workdir, step, best)
