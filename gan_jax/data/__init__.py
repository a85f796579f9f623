"""What to train on: two kinds of pictures to translate between, or examples of one distribution.

Pictures come from folders, a TensorFlow data set or the built-in ones. A config whose `data` has `examples` names
a distribution instead; see `gan_jax.data.examples`.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from gan_jax.data import examples, pipeline
from gan_jax.data.examples import Examples
from gan_jax.data.pictures import Domains, Pictures, Source
from gan_jax.data.pipeline import Batch
from gan_jax.data.shapes import pair
from gan_jax.errors import UserError

__all__ = [
    "AnySource",
    "Batch",
    "Domains",
    "Examples",
    "Pictures",
    "Source",
    "batches",
    "check",
    "describe",
    "source",
    "steps_per_epoch",
    "test_pictures",
]


AnySource = Source | Examples


def source(data: Any) -> AnySource:
    """What `config.data` names: `examples`, `tfds`, the folders `x` and `y` or `root`, else the built-in monuments.

    Raises UserError when a value is wrong, or nothing usable is found.
    """
    if "examples" in data:
        return examples.source(data)
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


def batches(
    source: AnySource, config: Any, start: int = 0, *, process_index: int = 0, process_count: int = 1
) -> Iterator[Batch]:
    """Endless batches of a process, from number `start` on; see `pipeline.batches` and `examples.batches`."""
    of = examples.batches if isinstance(source, Examples) else pipeline.batches
    return of(source, config, start, process_index=process_index, process_count=process_count)  # type: ignore[arg-type]


def test_pictures(source: AnySource, config: Any) -> Batch:
    """What to test on, as float32; see `pipeline.test_pictures` and `examples.test_examples`."""
    if isinstance(source, Examples):
        return examples.test_examples(source, config)
    return pipeline.test_pictures(source, config)


def steps_per_epoch(source: AnySource, config: Any) -> int:
    """Batches in which everything is shown once, rounded up."""
    if isinstance(source, Examples):
        return examples.steps_per_epoch(source, config)
    return pipeline.steps_per_epoch(source, config)


def describe(source: AnySource) -> str:
    """What was found, in a short block: where, how many, sizes and kinds, what was left out and why."""
    if isinstance(source, Examples):
        return examples.describe(source)
    train, test = ([len(pictures) for pictures in domains] for domains in (source.train, source.test))
    pairs = " (true pairs)" if source.paired_test else ""
    counts = f"{train[0]} + {train[1]} pictures to train on, {test[0]} + {test[1]} to test on{pairs}"
    return "\n".join([f"{source.name}: {counts}", *(f"  {line}" for line in source.found)])
