"""What the run says while it goes: one status line, that reads well on a terminal and in a log file."""

import shutil
import sys
import threading
import time
from collections import deque
from typing import TextIO

import jax

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

HIDDEN = ("loss/", "gradient/", "learning_rate/")


class Pace:
    """How fast steps go by, over the last few marks.

    The time before the first mark, in which programs are compiled, counts only until there is a second one.
    """

    def __init__(self, step: int, marks: int = 20) -> None:
        """Starts at `step`; the pace is that over the last `marks` marks."""
        self.first = step
        self._start = (time.monotonic(), step)
        self._marks: deque[tuple[float, int]] = deque(maxlen=marks)

    def mark(self, step: int) -> None:
        """Steps up to this one are finished."""
        self._marks.append((time.monotonic(), step))

    def rate(self) -> float:
        """Steps per second; 0 before the first mark."""
        if not self._marks:
            return 0.0
        then, before = self._marks[0] if self._marks[0][1] < self._marks[-1][1] else self._start
        now, step = self._marks[-1]
        return (step - before) / max(now - then, 1e-9)

    def left(self, steps: int) -> float | None:
        """Seconds until so many steps are done; None while only the first, with its compilation, is known."""
        known = len(self._marks) > 1 and self._marks[0][1] < self._marks[-1][1]
        return (steps - self._marks[-1][1]) / self.rate() if known else None


def status(step: int, steps: int, log: dict[str, float], rate: float, left: float | None) -> str:
    """ "step 1,250/10,000  adversarial G 0.31 F 0.28  cycle x 0.12 ...  6.5 images/s  1.2 GiB  22 min left".

    `rate` is in images per second, `left` in seconds, None where it is not known yet.
    """
    parts = [f"step {step:,}/{steps:,}", losses(log), f"{rate:.3g} images/s", f"{memory() / 2**30:.1f} GiB"]
    return "  ".join(part for part in [*parts, "" if left is None else f"{duration(left)} left"] if part)


def losses(log: dict[str, float]) -> str:
    """The losses by the first part of their names: "cycle x 0.12 y 0.05"."""
    groups: dict[str, list[str]] = {}
    for name, value in log.items():
        if not name.startswith(HIDDEN):
            group, _, member = name.partition("/")
            groups.setdefault(group, []).append(f"{member} {value:.2f}".strip())
    return "  ".join(f"{group} {' '.join(members)}" for group, members in groups.items())


def duration(seconds: float) -> str:
    """Seconds for people: "45 s", "22 min", "3 h 05 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def memory() -> int:
    """Bytes at the peak: of the first device where it tells, else of this process."""
    on_device = jax.local_devices()[0].memory_stats()
    if on_device and "peak_bytes_in_use" in on_device:
        return on_device["peak_bytes_in_use"]
    if resource is None:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class Display:
    """One line that is rewritten in place on a terminal; elsewhere a new line, at most one in `quiet` seconds."""

    def __init__(self, stream: TextIO | None = None, quiet: float = 10.0, silent: bool = False) -> None:
        """`stream` (default: standard error) is written to; `quiet` only matters where it is not a terminal."""
        self._stream, self._quiet, self._silent = stream or sys.stderr, quiet, silent
        self._last, self._unfinished = float("-inf"), False
        self._lock = threading.Lock()  # a signal is told from another thread

    def update(self, line: str) -> None:
        """Show the newest status."""
        if self._stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            self._write("\r" + line[:width].ljust(width), unfinished=True)
        elif time.monotonic() - self._last >= self._quiet:
            self._last = time.monotonic()
            self._write(line + "\n")

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self._write(("\n" if self._unfinished else "") + line + "\n")

    def close(self) -> None:
        """End the line that is rewritten in place."""
        if self._unfinished:
            self._write("\n")

    def _write(self, text: str, unfinished: bool = False) -> None:
        if not self._silent:
            with self._lock:
                try:
                    self._stream.write(text)
                    self._stream.flush()
                except OSError:  # the terminal was closed, or the reader of a pipe has left
                    self._silent = True
                self._unfinished = unfinished
