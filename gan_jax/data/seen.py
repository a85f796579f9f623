"""Some of the examples that a run trains on, as whole as test examples are: to hold outputs against."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from jaxtyping import Float

from gan_jax import data
from gan_jax.data.pictures import Source
from gan_jax.data.resized import Resized
from gan_jax.data.shapes import pair
from gan_jax.levels import to_float


def seen(source: Any, config: Any, kind: str, most: int) -> Iterator[Float[np.ndarray, "..."]]:
    """At most `most` examples of the entry `kind` of a batch, one by one: float32 in [-1, 1].

    Pictures of a `Source` are spread evenly over all that there are, resized and neither cropped nor flipped; of other
    sources, those of the first batches. Nothing where there is no such kind.
    """
    if isinstance(source, Source):
        if kind not in source.train._fields:
            return
        pictures = getattr(source.train, kind)
        reader = Resized(pictures, pair(config.data.resize), limit=0)
        for i in np.unique(np.linspace(0, len(pictures) - 1, min(most, len(pictures))).astype(int)).tolist():
            if (picture := reader.get(i)) is not None:
                yield to_float(picture)
        return
    batches = islice(data.batches(source, config), -(-most // config.batch_size))
    yield from islice((one for batch in batches if kind in batch for one in np.asarray(batch[kind])), most)
