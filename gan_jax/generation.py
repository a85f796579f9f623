"""A trained run that makes examples of noise: its directory to a generator that can be asked for some."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree, Shaped
from ml_collections import ConfigDict

from gan_jax import compiler, trained
from gan_jax.errors import UserError
from gan_jax.sampling import Sampler, sample

CHUNK = 256  # examples made together


class Generator:
    """The network of a run that makes examples, at one step, with averaged parameters where the run holds them."""

    def __init__(self, config: ConfigDict, step: int, sampler: Sampler, apply: Any, params: PyTree) -> None:
        """`apply(params, z)`, or `apply(params, z, one-hot label)` where the sampler has classes, makes examples."""
        self.config, self.step, self.sampler, self.params = config, step, sampler, params
        # Batch norm lets examples see each other: those asked for are then made amid three times as many of noise.
        self.together = CHUNK // 4 if config.generator.get("norm") == "batch" else CHUNK

        def make(params: PyTree, key: Array, z: Array, label: Array) -> Array:
            return sample(sampler, lambda *inputs: apply(params, *inputs), key, CHUNK, label, z)

        self._make = jax.jit(make, compiler_options=compiler.options(config.get("dtype")))

    @property
    def classes(self) -> int:
        """How many labels it can be asked for; 0 where it takes none."""
        return self.sampler.classes

    def latents(self, n: int, seed: int = 0) -> Float[np.ndarray, "n latent"]:
        """`n` latents of the distribution that it was trained with; the first of them are those of a smaller n."""
        return np.concatenate([self._latents(seed, i) for i in range(0, n, CHUNK)])[:n]

    def _latents(self, seed: int, start: int) -> Float[np.ndarray, "chunk latent"]:
        return np.asarray(self.sampler.latent(jax.random.fold_in(jax.random.key(seed), start), CHUNK))

    def sample(
        self,
        n: int,
        seed: int = 0,
        label: Int[np.ndarray, " n"] | int | None = None,
        z: Float[np.ndarray, "n latent"] | None = None,
    ) -> Shaped[np.ndarray, "n *shape"]:
        """`n` examples, pictures in [-1, 1]; of the latents `z`, or of those that `seed` draws.

        `label` is one for all or one for each; by default the classes take turns. Equal arguments give equal examples.

        Raises:
            UserError: a label that the run does not have, or latents of another size.
        """
        labels, key, parts = self._labels(n, label), jax.random.key(seed), []
        step = CHUNK if z is None and label is None else self.together
        given = None if z is None else self._checked(np.asarray(z, np.float32), n)
        own = self.latents(n, seed) if given is None else given
        for start in range(0, n, step):
            here = slice(0, min(step, n - start))
            # What fills the chunk up is as varied as in training, and the same however many are asked for.
            chunk = self._latents(seed if step == CHUNK and given is None else seed + 1, start).copy()
            kind = np.arange(start, start + CHUNK) % max(self.classes, 1)
            chunk[here], kind[here] = own[start : start + step], labels[start : start + step]
            made = self._make(
                self.params, jax.random.fold_in(key, start), jnp.asarray(chunk), jnp.asarray(kind)
            )
            parts.append(np.asarray(made)[here])
        return np.concatenate(parts)

    def _labels(self, n: int, label: Int[np.ndarray, " n"] | int | None) -> Int[np.ndarray, " n"]:
        if not self.classes:
            if label is not None:
                raise UserError(
                    f"this run of {self.config.gan} was trained without labels: leave the label out"
                )
            return np.zeros(n, np.int32)
        labels = np.broadcast_to(np.arange(n) % self.classes if label is None else np.asarray(label), (n,))
        if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= self.classes:
            raise UserError(f"label {label}: expected whole numbers from 0 to {self.classes - 1}")
        return labels.astype(np.int32)

    def _checked(self, z: Float[np.ndarray, "n latent"], n: int) -> Float[np.ndarray, "n latent"]:
        expected = n, self._latents(0, 0).shape[1]
        if z.shape != expected:
            raise UserError(f"latents of shape {z.shape}: expected {expected}")
        return z


def load(workdir: str | Path, step: int | None = None, best: bool = False) -> Generator:
    """The generator of a run directory. Raises UserError when there is none, or its game makes nothing of noise."""
    return of(trained.read(workdir, step, best))


def of(run: trained.Trained) -> Generator:
    """The generator of a run that was read. Raises UserError when its game makes nothing of noise."""
    sampler = run.game.sampler
    if sampler is None:
        raise UserError(
            f"{run.workdir} holds a run of {run.config.gan}, which makes nothing of noise; "
            "python -m gan_jax.translate translates pictures with it"
        )
    return Generator(
        run.config, run.step, sampler, run.game.players[sampler.player].apply, run.params[sampler.player]
    )


def between(
    first: Float[np.ndarray, "n latent"], last: Float[np.ndarray, "n latent"], steps: int, spherical: bool
) -> Float[np.ndarray, "n steps latent"]:
    """From each first latent to its last in equal steps: along the great circle for Gaussian latents, else straight.

    slerp(t) = sin((1 - t) w) / sin w first + sin(t w) / sin w last, w the angle between them: a straight line between
    Gaussian latents passes nearer to the origin than any of them lies. White 2016, arXiv 1609.04468, section 2.1.
    """
    t = np.linspace(0, 1, steps, dtype=np.float32).reshape(1, -1, 1)
    a, b = first[:, None], last[:, None]
    if not spherical:
        return (1 - t) * a + t * b
    cosine = (a * b).sum(-1, keepdims=True) / (
        np.linalg.norm(a, axis=-1, keepdims=True) * np.linalg.norm(b, axis=-1, keepdims=True)
    )
    angle = np.arccos(np.clip(cosine, -1 + 1e-6, 1 - 1e-6))
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
