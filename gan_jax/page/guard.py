"""The door: what a request may ask, how often, and how large it may be, decided before Gradio sees it.

Gradio serves much that this page does not need: files by their path, fetching of other addresses, calls of functions by
name, streams. Nothing is let in but the few routes below, so what else there is, or will be, cannot be asked.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gan_jax.page.limits import Limits
from gan_jax.page.rates import Rates

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

JOIN = "/gradio_api/queue/join"
SHOWN = re.compile(
    r"/|/config|/theme\.css|/gradio_api/(theme\.css|queue/data|heartbeat/[a-z0-9]{1,32}|startup-events)"
    r"|/favicon\.ico|/manifest\.json|/(assets|static)(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+"
)
BUSY = "The page is busy, and enough requests wait already: try again in a while."
LOCAL = ("localhost", "127.0.0.1", "[::1]")
TOGETHER = 8  # bodies that are received at once
HEADERS = {
    # Scripts of the page are Gradio's, which makes functions of templates. Nothing may come from elsewhere.
    "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Refused(Exception):
    """A request that is answered here: status, and words for the visitor."""


class Guard:
    """Lets requests through to `inner`, an ASGI application."""

    def __init__(self, inner: Application, limits: Limits, local: bool) -> None:
        """`local`: the server listens to this computer alone, so it has no other name than `LOCAL`."""
        self.inner, self.limits, self.local = inner, limits, local
        self.rates = Rates(limits.per_minute)
        self.receiving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] == "lifespan":
            await self.inner(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            body = await self._admit(scope, receive)
        except Refused as refused:
            await _answer(send, *refused.args)
        else:
            await self.inner(scope, receive if body is None else _again(body, receive), _sealed(send))

    async def _admit(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body that the inner application shall see, where it has one. Raises Refused."""
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        self._same_site(headers)
        path, method = scope["path"], scope["method"]
        if path == JOIN and method == "POST":
            if not self.rates.allow((scope.get("client") or ("",))[0]):
                raise Refused(
                    429, f"Too many requests: at most {self.limits.per_minute} a minute. Wait a little."
                )
            return call(await self._body(headers, receive))
        if method not in ("GET", "HEAD") or not SHOWN.fullmatch(path):
            raise Refused(404, "There is nothing here.")
        return None

    def _same_site(self, headers: dict[str, str]) -> None:
        """Other sites in a visitor's browser may neither ask nor, by a name that leads here, read."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if self.local and re.sub(r":\d+$", "", host) not in LOCAL:
            raise Refused(403, "This page is for this computer alone: open it as localhost.")
        if origin is not None and origin.partition("://")[2] != host:
            raise Refused(403, "Another site asked for this.")

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes:
        most, length = self.limits.body, headers.get("content-length", "")
        if not length.isdigit():
            raise Refused(411, "The length of the request is missing.")
        if int(length) > most:
            raise Refused(
                413, f"The picture is too large: at most {self.limits.max_megabytes:g} MB are taken."
            )
        if self.receiving >= TOGETHER:
            raise Refused(429, BUSY)
        self.receiving += 1
        try:
            return await asyncio.wait_for(_received(receive), self.limits.seconds)
        except TimeoutError as error:
            raise Refused(408, "The picture came too slowly.") from error
        finally:
            self.receiving -= 1


def call(body: bytes) -> bytes:
    """A call of one of the page's functions, its values plain: no object, by which Gradio would fetch a file.

    Raises Refused for anything else.
    """
    try:
        asked = json.loads(body)
        plain = {
            "data": asked["data"],
            "fn_index": asked["fn_index"],
            "session_hash": asked["session_hash"],
            "trigger_id": asked.get("trigger_id"),
            "event_data": None,
        }
        fine = (
            isinstance(plain["data"], list)
            and all(value is None or isinstance(value, str | int | float) for value in plain["data"])
            and isinstance(plain["fn_index"], int)
            and re.fullmatch(r"[a-z0-9]{1,32}", plain["session_hash"])
            and isinstance(plain["trigger_id"], int | None)
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(400, "This is no request of the page: load it again.") from error
    if not fine:
        raise Refused(400, "This is no request of the page: load it again.")
    return json.dumps(plain).encode()


async def _received(receive: Receive) -> bytes:
    """The server in front holds the body to the length that was announced."""
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Refused(400, "The request ended early.")
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body in one piece, and then whatever comes after it."""
    pending = [body]

    async def again() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return again


def _sealed(send: Send) -> Send:
    """Adds `HEADERS` to the answer. That Gradio's queue is full, 503, is told in words for visitors."""
    instead = False

    async def sealed(message: Message) -> None:
        nonlocal instead
        if message["type"] == "http.response.start":
            instead = message["status"] == 503
            message["headers"] = [*message.get("headers", []), *_encoded(HEADERS)]
            if instead:
                await _answer(send, 429, BUSY)
        if not instead:
            await send(message)

    return sealed


async def _answer(send: Send, status: int, words: str) -> None:
    body = json.dumps({"detail": words}).encode()
    headers = HEADERS | {"content-type": "application/json", "content-length": str(len(body))}
    await send({"type": "http.response.start", "status": status, "headers": _encoded(headers)})
    await send({"type": "http.response.body", "body": body})


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
