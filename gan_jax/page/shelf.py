"""Pictures that were given and translated, kept in memory for a while under names that cannot be guessed."""

import secrets
import threading
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Image = Float[np.ndarray, "height width channels"]


class Held(NamedTuple):
    """A picture in [-1, 1], the direction it was translated in, what was made of it, and what came back of that."""

    given: Image
    way: str
    made: Image
    back: Image | None


class Shelf:
    """At most `size` of them, the newest; only who has the name that `put` gave gets at one."""

    def __init__(self, size: int) -> None:
        """Empty."""
        self.size = size
        self.held: OrderedDict[str, Held] = OrderedDict()
        self.lock = threading.Lock()

    def put(self, held: Held) -> str:
        """A new name, of 128 random bits."""
        name = secrets.token_urlsafe(16)
        with self.lock:
            self.held[name] = held
            while len(self.held) > self.size:
                self.held.popitem(last=False)
        return name

    def get(self, name: str) -> Held | None:
        """What has this name, if it is still there; it is the newest then."""
        with self.lock:
            if (held := self.held.get(name)) is not None:
                self.held.move_to_end(name)
            return held
