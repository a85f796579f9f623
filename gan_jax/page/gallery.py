"""The run's own test pictures, for the page's gallery."""

from typing import cast

from ml_collections import ConfigDict

from gan_jax import data
from gan_jax.data.resized import resize
from gan_jax.data.shapes import pair
from gan_jax.decoding import Unreadable
from gan_jax.errors import UserError
from gan_jax.levels import to_float
from gan_jax.page.handlers import Sample

EACH = 12  # pictures of a kind


def pictures(config: ConfigDict, directions: tuple[str, ...]) -> tuple[list[Sample], str]:
    """The first test pictures of each kind that can be translated, resized as in training; and a line for the log."""
    try:
        source = cast(data.Source, data.source(config.data))  # a game that translates has no other
    except (UserError, OSError) as error:
        return [], f"no gallery: the run's test pictures cannot be read any more ({error})"
    tests, broken = [], 0
    for kind, domain in zip("xy", source.test, strict=True):
        count = min(EACH, len(domain)) if any(way.startswith(kind) for way in directions) else 0
        for i in range(count):
            try:
                picture = resize(domain[i], pair(config.data.resize))
            except Unreadable:
                broken += 1
            else:
                tests.append(Sample(kind, to_float(picture)))
    return tests, f"gallery: {len(tests)} test pictures of {source.name}" + f"; {broken} unreadable" * bool(
        broken
    )
