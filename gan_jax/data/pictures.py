"""What every source of pictures looks like."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gan_jax.decoding import Picture


class Pictures(Sequence[Picture]):
    """Pictures decoded when asked for: `pictures[i]` is height x width x channels, `names[i]` its name.

    `load(i)` gives picture i or raises `gan_jax.decoding.Unreadable`. Worker processes need it to pickle.
    """

    def __init__(self, names: Sequence[str], load: Callable[[int], Picture]):
        self.names = list(names)
        self.load = load

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i):  # type: ignore[no-untyped-def]  # no slices: they would decode everything
        return self.load(range(len(self))[i])

    def select(self, indices: Sequence[int]) -> "Pictures":
        """Only these, in this order."""
        return Pictures([self.names[i] for i in indices], Selected(self.load, tuple(indices)))


@dataclass(frozen=True)
class Selected:
    """A choice among the pictures that `load` knows."""

    load: Callable[[int], Picture]
    indices: tuple[int, ...]

    def __call__(self, i: int) -> Picture:
        return self.load(self.indices[i])


class Domains(NamedTuple):
    """The pictures of the two domains."""

    x: Pictures
    y: Pictures


class Source(NamedTuple):
    """Where pictures come from.

    `paired_test`: `test.x[i]` and `test.y[i]` are a true pair. `found`: lines for people, what is there and
    what was left out.
    """

    name: str
    train: Domains
    test: Domains
    paired_test: bool
    found: tuple[str, ...]
