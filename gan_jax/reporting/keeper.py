"""The page while a run trains: written in the background, seldom enough to cost nothing, and never in its way."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from gan_jax import reporting
from gan_jax.grids import Sheet
from gan_jax.monitors import Event

SHARE = 0.005  # of the time, at most, is spent on pages


class Page:
    """A keeper that brings report.html up to date after pictures, test metrics and warnings, and at the end."""

    def __init__(self, workdir: Path, say: Callable[[str], None]) -> None:
        """`say` is told, once, when the page cannot be written; training goes on without it."""
        self._workdir, self._say = workdir, say
        self._writer = ThreadPoolExecutor(1, "report")
        self._writing: Future[None] | None = None
        self._due = float("-inf")  # not before this time
        self._failed = False

    def write(self, step: int, values: dict[str, float]) -> None:
        """Numbers: those of the test set are news, and the first of all."""
        if self._writing is None or any(name.startswith("test/") for name in values):
            self._refresh()

    def tell(self, event: Event) -> None:
        """What a monitor noticed."""
        self._refresh()

    def show(self, step: int, sheet: Sheet) -> None:
        """A sheet, which the log has written before."""
        self._refresh()

    def drop(self, step: int) -> None:
        """The next page is made of what the log has by then."""

    def flush(self) -> None:
        """Nothing waits for room."""

    def close(self) -> None:
        """The last page, of all that there is."""
        self._writer.shutdown(wait=True)
        self._update()

    def _refresh(self) -> None:
        if not (self._workdir / "config.json").exists():  # written when all is ready for the first round
            return
        writing = self._writing is not None and not self._writing.done()
        if not writing and time.monotonic() >= self._due:
            self._writing = self._writer.submit(self._update)

    def _update(self) -> None:
        begun = time.monotonic()
        try:
            reporting.write(self._workdir)
        except Exception as error:  # a page is worth no run
            if not self._failed:
                self._say(f"report.html could not be written, training goes on: {error}")
                logging.getLogger(__name__).debug("report.html", exc_info=True)
            self._failed = True
        now = time.monotonic()
        self._due = now + (now - begun) / SHARE
