"""How often one address may ask."""

import time
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 10_000  # addresses


class Rates:
    """A bucket for each address: it holds a quarter of a minute's requests, and fills up evenly."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds."""
        self.per_second, self.most, self.clock = per_minute / 60, max(1.0, per_minute / 4), clock
        self.buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, address: str) -> bool:
        """Whether this address may ask once more now; the asking counts if so."""
        now = self.clock()
        left, then = self.buckets.pop(address, (self.most, now))
        left = min(self.most, left + (now - then) * self.per_second)
        allowed = left >= 1
        self.buckets[address] = (left - allowed, now)
        if len(self.buckets) > REMEMBERED:
            self.buckets.popitem(last=False)
        return allowed
