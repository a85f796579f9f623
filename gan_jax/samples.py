"""What `gan_jax.sample` writes: examples on a sheet, as numbers, and what they were made of."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped, UInt8

from gan_jax import generation, images
from gan_jax.data import examples
from gan_jax.errors import UserError
from gan_jax.generation import Generator
from gan_jax.grids import grid
from gan_jax.sample import Options
from gan_jax.sheets import COLUMNS, SMALL, pictures, scatter


class Asked(NamedTuple):
    """What is to be made, in the order of the sheet."""

    z: Float[np.ndarray, "n latent"]
    label: Int[np.ndarray, " n"] | None
    columns: int


def write(options: Options) -> str:
    """Makes and writes them; gives a line about it.

    Raises:
        UserError: a run, label or file that cannot be used, or files that are there.
    """
    model = generation.load(options.workdir, options.step, options.best)
    folder = options.output or options.workdir / "samples_made"
    if not options.overwrite and any((folder / name).exists() for name in ("samples.npy", "samples.png")):
        raise UserError(f"--output={folder} holds samples already: name another folder, or --overwrite")
    asked = _again(options.latents, model) if options.latents else _drawn(options, model)
    made = model.sample(len(asked.z), options.seed, asked.label, asked.z)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "samples.npy", made)
        contents: dict[str, Any] = {"z": asked.z, "seed": options.seed}
        np.savez(folder / "latents.npz", **contents | ({} if asked.label is None else {"label": asked.label}))
    except OSError as error:
        raise UserError(
            f"--output={folder} cannot be written: {error.strerror}; name another folder"
        ) from error
    images.write(folder / "samples.png", _sheet(model, made, asked.columns))
    if options.each:
        _each(folder, made)
    return f"{len(made):,} examples of step {model.step:,} are in {folder}"


def _drawn(options: Options, model: Generator) -> Asked:
    if options.interpolate:
        ends = model.latents(2 * options.number, options.seed)
        gaussian = model.config.latent.kind == "normal"
        way = generation.between(ends[::2], ends[1::2], options.interpolate, gaussian)
        label = _per_row(options, model, options.interpolate)
        return Asked(way.reshape(-1, way.shape[-1]), label, options.interpolate)
    if model.classes and options.label is None:
        rows = -(-options.number // model.classes)
        z = model.latents(rows, options.seed).repeat(model.classes, axis=0)
        label = np.tile(np.arange(model.classes), rows)
        return Asked(z[: options.number], label[: options.number], min(model.classes, 2 * COLUMNS))
    label = None if options.label is None else np.full(options.number, options.label)
    return Asked(model.latents(options.number, options.seed), label, COLUMNS)


def _per_row(options: Options, model: Generator, columns: int) -> Int[np.ndarray, " n"] | None:
    """One label for each row: the one asked for, or the classes in turn."""
    if not model.classes and options.label is None:
        return None
    rows = np.arange(options.number) % max(model.classes, 1) if options.label is None else options.label
    return np.broadcast_to(rows, (options.number,)).repeat(columns)


def _again(path: Path, model: Generator) -> Asked:
    try:
        with np.load(path, allow_pickle=False) as found:
            z, label = found["z"], found.get("label")
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"--latents={path}: expected a latents.npz of this command ({error})") from error
    if z.ndim != 2:
        raise UserError(f"--latents={path}: z has shape {z.shape}, expected (n, {model.latents(1).shape[1]})")
    return Asked(z, label, COLUMNS)


def _sheet(
    model: Generator, made: Shaped[np.ndarray, "n *shape"], columns: int
) -> UInt8[np.ndarray, "h w 3"]:
    if made.ndim == 2:
        return scatter(made, examples.source(model.config.data).test["image"])
    shown = pictures(made)
    return grid([list(shown[i : i + columns]) for i in range(0, len(made), columns)], side=SMALL)


def _each(folder: Path, made: Shaped[np.ndarray, "n *shape"]) -> None:
    if made.ndim == 2:
        raise UserError("--each writes pictures, and these are points: they are in samples.npy")
    for i, picture in enumerate(pictures(made)):
        images.write(folder / f"{i:06d}.png", picture)
