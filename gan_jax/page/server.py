"""The page on the network: starts it, tells where, and stops it."""

import math
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import jax
import numpy as np
from jax.experimental.compilation_cache import compilation_cache

from gan_jax import signals
from gan_jax.errors import UserError
from gan_jax.page import sizes
from gan_jax.page.answers import Worker
from gan_jax.page.guard import Guard
from gan_jax.page.handlers import Page

LOOPBACK = ("127.0.0.1", "::1", "localhost")
# Gradio reads these when it is imported, or at its first page.
OFFLINE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",  # its own statistics, made anew for every call
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_RUN_HISTORY": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound, so that a port that is taken is told before anything is loaded.

    Raises:
        UserError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        why = getattr(error, "strerror", None) or str(error)
        raise UserError(f"--host={host} --port={port} cannot be listened to ({why}): name another") from error
    return bound


def application(page: Page, worker: Worker, run: str, local: bool) -> Guard:
    """The page as an ASGI application, its guard in front. Needs Gradio."""
    import gradio as gr
    from fastapi import FastAPI

    from gan_jax.page import layout

    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    gr.mount_gradio_app(
        outer,
        layout.build(page, worker, run),
        path="/",
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        blocked_paths=[os.path.abspath(os.sep)],
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=layout.theme(),
        css=layout.CSS,
    )
    return Guard(outer, page.limits, local)


@contextmanager
def offline() -> Iterator[Path]:
    """A temporary folder, which Gradio and everything else here has for its files; and nobody is told of the page.

    To be entered before Gradio is imported.
    """
    os.environ.update(OFFLINE)
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="gan_jax-page-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = tempfile.tempdir = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before


def run(guard: Guard, bound: socket.socket, ready: Callable[[Callable[[], None]], None]) -> None:
    """Serves until SIGINT, SIGTERM or SIGHUP; a second one ends the process at once.

    `ready` is called when it has begun, with a function that stops it.
    """
    import uvicorn

    class Server(uvicorn.Server):
        """Signals are ours."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """None here: Uvicorn would raise them again when it has stopped."""
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Tells when it has begun."""
            await super().startup(sockets)
            if self.started:
                ready(self.stop)

        def stop(self) -> None:
            """Ends open answers soon."""
            self.should_exit = True

    config = uvicorn.Config(
        guard,
        log_level="critical",
        access_log=False,
        ws="none",
        lifespan="on",
        server_header=False,
        limit_concurrency=guard.limits.connections,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=2,
    )
    server = Server(config)

    def stop(number: int, frame: object) -> None:
        if server.should_exit:
            os._exit(128 + number)
        server.stop()

    if threading.current_thread() is threading.main_thread():
        for number in signals.SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, stop)
    server.run([bound])
    if not server.started:
        raise UserError("the page could not be started; the lines above say why")


def address(host: str, bound: socket.socket) -> str:
    """Where a browser on this computer finds the page."""
    name = "localhost" if host in (*LOOPBACK, "0.0.0.0", "::") else host
    return f"http://{name}:{bound.getsockname()[1]}"


def warm(page: Page) -> None:
    """Compiles the programs that most visitors need; from here on none is written to disk.

    Visitors choose what is compiled later, and what they choose shall leave nothing behind.
    """
    side = math.isqrt(next(iter(page.sizes.values())))
    for way in page.model.directions:
        tall, wide = sizes.fit(side, side, side * side)
        page.model.translate(np.zeros((tall, wide, page.model.channels(way)[0]), np.float32), way)
    jax.config.update("jax_enable_compilation_cache", False)
    compilation_cache.reset_cache()
