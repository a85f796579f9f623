"""The door by itself, with an application behind it that notes what reaches it."""

import asyncio
import json

import pytest

from gan_jax.page.guard import JOIN, TOGETHER, Guard
from gan_jax.page.limits import Limits

CALL = {"data": ["file:QUJD", "x2y", 0.5, None], "fn_index": 1, "session_hash": "abc123", "trigger_id": 7}


class Behind:
    """Answers the same to everything."""

    def __init__(self):
        self.paths, self.bodies, self.status = [], [], 200

    async def __call__(self, scope, receive, send):
        self.paths.append(scope["path"])
        self.bodies.append((await receive()).get("body") if scope["method"] == "POST" else b"")
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def behind():
    return Behind()


@pytest.fixture
def guard(behind):
    return Guard(behind, Limits(max_megabytes=0.1, per_minute=4000, seconds=0.2), local=True)


def ask(guard, path, method="GET", body=b"", address="127.0.0.1", **headers):
    """Status, headers and words of the answer."""
    headers = {"host": "localhost:7860", "content-length": str(len(body))} | headers
    pairs = [(name.encode(), value.encode()) for name, value in headers.items() if value is not None]
    scope = {"type": "http", "method": method, "path": path, "headers": pairs, "client": (address, 1)}
    parts, sent = [{"type": "http.request", "body": body}], []

    async def receive():
        return parts.pop()

    async def send(message):
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    text = sent[1]["body"]
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(text)["detail"] if text else ""


def join(guard, asked, **more):
    body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    return ask(guard, JOIN, "POST", body, **more)


@pytest.mark.parametrize(
    "path", ["/", "/theme.css", "/assets/index-A1_b.js", "/static/fonts/a/b.woff2", "/gradio_api/queue/data"]
)
def test_what_the_page_is_made_of_comes_through(guard, behind, path):
    status, headers, _ = ask(guard, path)
    assert (status, behind.paths) == (200, [path])
    policy = headers[b"content-security-policy"].decode()
    assert "default-src 'self'" in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/file=/etc/passwd"),
        ("GET", "/gradio_api/file/etc/passwd"),
        ("GET", "/gradio_api/proxy=http://localhost/"),
        ("GET", "/assets/../../../etc/passwd"),
        ("GET", "/assets/..%2f..%2fetc/passwd"),
        ("GET", "/static//etc/passwd"),
        ("GET", "/static/.hidden"),
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/stream/a/b/c/playlist.m3u8"),
        ("GET", "/monitoring"),
        ("GET", "/docs"),
        ("GET", "/\n"),
        ("POST", "/"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/call/translate"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/vibe-edit"),
        ("POST", "/gradio_api/queue/data"),
        ("PUT", "/gradio_api/queue/join"),
        ("DELETE", "/"),
        ("OPTIONS", "/gradio_api/queue/join"),
    ],
)
def test_nothing_else_does(guard, behind, method, path):
    status, _, words = ask(guard, path, method)
    assert (status, words, behind.paths) == (404, "There is nothing here.", [])


def test_a_call_comes_through_with_plain_values_alone(guard, behind):
    assert join(guard, CALL | {"event_data": {"path": "/etc/passwd"}, "more": 1})[0] == 200
    assert json.loads(behind.bodies[0]) == CALL | {"event_data": None}


FILE = {"path": "/etc/passwd", "url": "http://localhost/", "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize(
    "asked",
    [
        CALL | {"data": [FILE]},
        CALL | {"data": [[FILE]]},
        CALL | {"data": FILE},
        CALL | {"data": "text"},
        CALL | {"fn_index": "1"},
        CALL | {"session_hash": "../../tmp"},
        CALL | {"session_hash": "a" * 33},
        CALL | {"session_hash": None},
        CALL | {"trigger_id": {}},
        {"data": []},
        [],
        b"",
        b"\xff",
        b"{",
        b"[" * 50_000,
    ],
)
def test_other_calls_do_not(guard, behind, asked):
    status, _, words = join(guard, asked)
    assert (status, words, behind.bodies) == (400, "This is no request of the page: load it again.", [])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "127.0.0.1:7860"}, 200),
        ({"host": "[::1]:7860"}, 200),
        ({"host": "evil.example:7860"}, 403),  # a name that leads here
        ({"host": "localhost.evil.example"}, 403),
        ({"host": None}, 403),
        ({"origin": "http://localhost:7860"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_other_sites_are_kept_out(guard, headers, status):
    assert join(guard, CALL, **headers)[0] == status


def test_on_a_network_it_has_any_name(behind):
    guard = Guard(behind, Limits(), local=False)
    assert ask(guard, "/", host="studio.example:7860")[0] == 200
    assert ask(guard, "/", host="studio.example:7860", origin="http://evil.example")[0] == 403


def test_the_size_is_bounded(guard, behind):
    assert "at most 0.1 MB are taken" in join(guard, CALL, **{"content-length": "300000"})[2]
    assert join(guard, CALL, **{"content-length": None})[0] == 411
    assert join(guard, CALL, **{"content-length": "-1"})[0] == 411
    assert behind.bodies == []


def test_the_time_and_number_of_uploads_are_bounded(guard):
    body = json.dumps(CALL).encode()
    pairs = [(b"host", b"localhost"), (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": "POST", "path": JOIN, "headers": pairs, "client": ("127.0.0.1", 1)}
    statuses = []

    async def slow():
        await asyncio.sleep(60)

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def together():
        await asyncio.gather(*(guard(scope, slow, send) for _ in range(TOGETHER + 2)))

    asyncio.run(together())
    assert sorted(statuses) == [408] * TOGETHER + [429] * 2
    assert guard.receiving == 0


def test_the_rate_is_bounded_by_address(behind):
    guard = Guard(behind, Limits(per_minute=8), local=True)
    assert [join(guard, CALL)[0] for _ in range(4)] == [200, 200, 429, 429]
    assert "at most 8 a minute" in join(guard, CALL)[2]
    assert join(guard, CALL, address="127.0.0.2")[0] == 200
    assert ask(guard, "/")[0] == 200


def test_a_full_queue_is_told_in_words(guard, behind):
    behind.status = 503
    status, headers, words = join(guard, CALL)
    assert (status, words) == (
        429,
        "The page is busy, and enough requests wait already: try again in a while.",
    )
    assert int(headers[b"content-length"]) > len(words)
