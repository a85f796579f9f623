"""Memory that one step gives back and the next one asks for: kept by the process, where its C library is glibc."""

import ctypes
import sys

# mallopt(3): all threads share one heap, as others hold no large blocks; none is mapped apart; none goes back.
OPTIONS = {"M_ARENA_MAX": (-8, 1), "M_MMAP_MAX": (-4, 0), "M_TRIM_THRESHOLD": (-1, -1)}


def keep() -> None:
    """For a program that trains, before it starts threads; elsewhere than under glibc this does nothing.

    XLA asks for the memory of a step and gives it back after it: hundreds of megabytes, which glibc would return to the
    system each time, and the system would clear again page by page. On a CPU that took a seventh of a step of 256 x 256
    pixels.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for option, value in OPTIONS.values():
            mallopt(option, value)
