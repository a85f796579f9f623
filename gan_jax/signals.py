"""Ctrl-C and SIGTERM ask the loop to save and stop; asked twice, the process ends at once."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Which signal asked to stop, or None."""

    signal: int | None = None


@contextmanager
def watched() -> Iterator[Stop]:
    """Within, the first SIGINT or SIGTERM is only noted; the handlers of before come back afterwards."""
    stop = Stop()

    def note(number: int, frame: FrameType | None) -> None:
        if stop.signal is not None:
            os._exit(128 + number)
        stop.signal = number

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
