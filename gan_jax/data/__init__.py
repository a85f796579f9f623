"""Pictures to train on: one source (folders, a TensorFlow data set, the built-in monuments), one pipeline."""

from typing import Any

from gan_jax.data.pictures import Domains, Pictures, Source
from gan_jax.data.pipeline import batches, steps_per_epoch, test_pictures
from gan_jax.errors import UserError

__all__ = ["Domains", "Pictures", "Source", "batches", "describe", "source", "steps_per_epoch", "test_pictures"]


def source(data: Any) -> Source:
    """What `config.data` names: `tfds`, else the folders `x` and `y` or `root`, else the built-in monuments.

    Raises UserError when a key is wrong, or nothing usable is found.
    """
    check(data)
    if data.tfds:
        from gan_jax.data import tfds

        return tfds.source(data)
    if data.root or data.x or data.y:
        from gan_jax.data import folder

        return folder.source(data)
    from gan_jax.data import builtin

    return builtin.source(data)


def check(data: Any) -> None:
    """Raises UserError for a key of `config.data` whose value cannot be."""
    from gan_jax.data.pipeline import sizes

    sizes(data)
    for key in ("x_channels", "y_channels"):
        if not isinstance(data[key], int) or data[key] < 1:
            raise UserError(f"config.data.{key}={data[key]}: a whole number of at least 1 is expected")
    if data.bits not in (8, 16):
        raise UserError(f"config.data.bits={data.bits}: 8 or 16 is expected")
    if not isinstance(data.test_pictures, int) or data.test_pictures < 0:
        raise UserError(f"config.data.test_pictures={data.test_pictures}: 0 (all) or a number of pictures is expected")


def describe(source: Source) -> str:
    """What was found, in a short block: files, sizes, skipped ones and why."""
    total = f"{source.name}: {len(source.train.x)} + {len(source.train.y)} pictures to train on, "
    total += f"{len(source.test.x)} + {len(source.test.y)} to test on"
    return "\n".join([total, *(f"  {line}" for line in source.found)])
