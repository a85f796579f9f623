"""Pictures to train on: folders, a TensorFlow data set or the built-in ones, and one pipeline for all."""

from importlib import import_module
from typing import Any

from gan_jax.data.pictures import Domains, Pictures, Source
from gan_jax.data.pipeline import Batch, batches, steps_per_epoch, test_pictures
from gan_jax.data.shapes import pair
from gan_jax.errors import UserError

__all__ = [
    "Batch",
    "Domains",
    "Pictures",
    "Source",
    "batches",
    "check",
    "describe",
    "source",
    "steps_per_epoch",
    "test_pictures",
]


def source(data: Any) -> Source:
    """What `config.data` names: `tfds`, else the folders `x` and `y` or `root`, else the built-in monuments.

    Raises UserError when a value is wrong, or nothing usable is found.
    """
    check(data)
    kind = "tfds" if data.tfds else "folder" if data.root or data.x or data.y else "builtin"
    found: Source = import_module(f"gan_jax.data.{kind}").source(data)
    return found


def check(data: Any) -> None:
    """Raises UserError for a value of `config.data` that cannot be, and says what can."""
    for key, least in (("x_channels", 1), ("y_channels", 1), ("workers", 0), ("test_pictures", 0)):
        if not _whole(data[key], least):
            raise UserError(f"config.data.{key}={data[key]!r}: expected a whole number of at least {least}")
    for key in ("resize", "crop"):
        sides = data[key] if isinstance(data[key], (tuple, list)) else (data[key],) * 2
        if len(sides) != 2 or not all(_whole(side, 1) for side in sides):
            raise UserError(
                f"config.data.{key}={data[key]!r}: expected pixels, as 256, or as (height, width)"
            )
    if any(c > r for c, r in zip(pair(data.crop), pair(data.resize), strict=True)):
        raise UserError(f"config.data.crop={data.crop}: expected at most config.data.resize={data.resize}")
    if data.bits not in (8, 16):
        raise UserError(f"config.data.bits={data.bits!r}: expected 8 or 16")


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def describe(source: Source) -> str:
    """What was found, in a short block: where, how many, sizes and kinds, what was left out and why."""
    train, test = ([len(pictures) for pictures in domains] for domains in (source.train, source.test))
    pairs = " (true pairs)" if source.paired_test else ""
    counts = f"{train[0]} + {train[1]} pictures to train on, {test[0]} + {test[1]} to test on{pairs}"
    return "\n".join([f"{source.name}: {counts}", *(f"  {line}" for line in source.found)])
