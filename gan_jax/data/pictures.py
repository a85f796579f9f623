"""What every source of pictures looks like."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gan_jax.decoding import Picture


class Pictures(Sequence[np.ndarray]):
    """Pictures decoded when asked for: `pictures[i]` is height x width x channels, `pictures.names[i]` its name.

    `load(i)` gives the picture or raises `gan_jax.decoding.Unreadable`.
    """

    def __init__(self, names: Sequence[str], load: Callable[[int], Picture]):
        self.names = list(names)
        self.load = load

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i):
        return self.load(range(len(self))[i])

    def select(self, indices: Sequence[int]) -> "Pictures":
        """Only these, in this order."""
        kept = list(indices)
        return Pictures([self.names[i] for i in kept], _Selected(self.load, kept))


class _Selected(NamedTuple):
    load: Callable[[int], Picture]
    indices: list[int]

    def __call__(self, i: int) -> Picture:
        return self.load(self.indices[i])


class Domains(NamedTuple):
    """The pictures of the two domains."""

    x: Pictures
    y: Pictures


class Source(NamedTuple):
    """Where pictures come from. `paired_test`: `test.x[i]` and `test.y[i]` are a true pair. `found`: lines for people."""

    name: str
    train: Domains
    test: Domains
    paired_test: bool
    found: tuple[str, ...]
