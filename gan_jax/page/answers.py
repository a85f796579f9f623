"""What the handlers give, as what the page's parts show: None leaves a part as it is."""

import asyncio
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from gan_jax.page import handlers, texts, views
from gan_jax.page.damage import checked
from gan_jax.page.handlers import Page

FAULT = "Something went wrong here, and it was not your picture: the server's log says what."


class Shown(NamedTuple):
    """The parts of the page."""

    message: str | None = ""
    way: str | None = None
    name: str | None = None
    there: str | None = None
    back: str | None = None
    hides: str | None = None
    hidden: str | None = None
    curves: str | None = None


def translate(page: Page, given: object, way: object, size: object, *sliders: object) -> Shown:
    """A picture was chosen, or another direction or size for it."""
    checked(sliders)
    name, held = handlers.translate(page, given, way, size)
    data = page.model.config.data
    damaged = handlers.hidden(page, name, sliders) if held.back is not None else None
    return Shown(
        way=held.way,
        name=name,
        there=views.there(held, data),
        back=views.back(held, data),
        hides=texts.hides(*views.labels(data, held.way)),
        hidden=views.hidden(damaged, data) if damaged else "",
        curves="",
    )


def hidden(page: Page, name: object, *sliders: object) -> Shown:
    """A slider was moved."""
    return Shown(hidden=views.hidden(handlers.hidden(page, name, sliders), page.model.config.data))


def curves(page: Page, name: object) -> Shown:
    """The curves were asked for."""
    return Shown(curves=views.curves(handlers.curves(page, name)))


class Worker:
    """Runs handlers beside the server, so many together, each for so long; whatever they raise becomes a message."""

    def __init__(self, together: int, seconds: float) -> None:
        """Starts no thread yet."""
        self.threads, self.seconds = ThreadPoolExecutor(together, "page"), seconds

    async def run(self, handler: Callable[..., Shown], *arguments: object) -> Shown:
        """What the handler gives in time, else a message.

        One that takes too long keeps its place among those that run until it ends, so that there are never more.
        """
        work = asyncio.get_running_loop().run_in_executor(self.threads, handler, *arguments)
        try:
            return await asyncio.wait_for(work, self.seconds)
        except Exception as error:
            told = handlers.explain(error)
            if told is None:
                print(f"gan_jax: the page: {type(error).__name__}: {error}", file=sys.stderr)
                traceback.print_exc()
            return Shown(message=views.message(told or FAULT))

    def close(self) -> None:
        """Waits for nothing that has not begun."""
        self.threads.shutdown(wait=False, cancel_futures=True)
