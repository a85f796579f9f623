"""Visitors of the page, polite and otherwise, each in a thread with an address and a grey of its own."""

import base64
import contextlib
import http.client
import io
import json
import random
import re
import secrets
import socket
import threading
import time
from collections import Counter

import numpy as np
import psutil
from PIL import Image

JOIN = "/gradio_api/queue/join"
TRANSLATE, HIDDEN, CURVES = 0, 3, 8
OFF, SIZE = [0, 1, 0, 8, 100], "32 x 32"
SIDES = [
    (40, 40),
    (40, 60),
    (60, 40),
    (30, 80),
    (80, 30),
    (40, 70),
    (20, 90),
    (55, 40),
    (35, 85),
    (90, 45),
    (9, 80),
]


def photo(value, size):
    stream = io.BytesIO()
    Image.fromarray(np.full((*size, 3), value, np.uint8)).save(stream, "PNG")
    return "file:" + base64.b64encode(stream.getvalue()).decode()


class Client(threading.Thread):
    """One visitor, with an address of the loopback range and a grey of its own."""

    def __init__(self, number, port, names, until):
        super().__init__()
        self.address, self.port, self.until = f"127.0.{1 + number // 200}.{1 + number % 200}", port, until
        self.grey, self.rng, self.names = 2 * number % 256, random.Random(number), names
        self.counts, self.wrong, self.waited = Counter(), [], []

    def run(self):
        acts = [self.translate] * 6 + [self.bad, self.spy, self.climb, self.leave, self.look, self.break_off]
        acts += [self.bomb, self.large, self.trickle, self.forge]
        while time.monotonic() < self.until:
            act = self.rng.choice(acts)
            try:
                act()
            except OSError as error:
                self.counts[f"{act.__name__}: {type(error).__name__}"] += 1
            except AssertionError as error:
                self.wrong.append((time.monotonic(), f"{act.__name__}: {error}"))
            time.sleep(self.rng.random() / 4)

    def ask(self, method, path, body=b""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, 60, (self.address, 0))
        try:
            connection.request(method, path, body or None, {"content-type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        self.counts[answer.status] += 1
        assert answer.status < 500, f"{method} {path[:60]}: {answer.status} {text[:200]}"
        assert "Traceback" not in text
        return answer.status, text

    def call(self, function, *values):
        """The parts of the page afterwards; None where it is busy."""
        session, started = secrets.token_hex(5), time.monotonic()
        asked = {"data": values, "fn_index": function, "session_hash": session}
        status, text = self.ask("POST", JOIN, json.dumps(asked).encode())
        if status == 429:
            return None
        assert status == 200, text
        _, stream = self.ask("GET", f"/gradio_api/queue/data?session_hash={session}")
        events = [json.loads(line[5:]) for line in stream.splitlines() if line.startswith("data:")]
        done = next(event for event in events if event["msg"] == "process_completed")
        assert done["success"], done
        self.waited.append(time.monotonic() - started)
        return done["output"]["data"]

    def translate(self):
        shown = self.call(TRANSLATE, photo(self.grey, self.rng.choice(SIDES)), "x2y", SIZE, *OFF)
        if shown is None:
            return
        assert not shown[0], shown[0]
        before = re.findall(r'src="data:image/png;base64,([^"]+)"', shown[3])[1]
        mean = np.asarray(Image.open(io.BytesIO(base64.b64decode(before)))).mean()
        assert mean == self.grey, f"the picture of another visitor: {mean}, not {self.grey}"
        self.names.append(shown[2])
        moved = self.call(HIDDEN, shown[2], *OFF[:3], self.rng.randint(1, 8), 100)
        assert moved is None or not moved[0] or "does not hold this picture" in moved[0]
        if self.rng.random() < 0.1:
            self.call(CURVES, shown[2])

    def bad(self):
        data = self.rng.choice(["file:", "file:AAAA", "/etc/passwd", photo(1, (40, 40))[:-80], "test:77"])
        shown = self.call(TRANSLATE, data, "x2y", SIZE, *OFF)
        assert shown is None or shown[0]

    def spy(self):
        """Somebody else's picture, by a name that is nearly right."""
        name = self.rng.choice(self.names or ["x" * 22])
        shown = self.call(HIDDEN, name[:-1] + ("A" if name[-1] != "A" else "B"), *OFF)
        assert shown is None or "data:image" not in json.dumps(shown)

    def climb(self):
        path = self.rng.choice(
            [
                *("/gradio_api/file=/etc/passwd", "/assets/../../etc/passwd", "/static/%2e%2e/%2e%2e/x"),
                *("/file=../../etc/passwd", "/file=..%2f..%2fetc%2fpasswd", "/assets/..%5c..%5cetc/passwd"),
                *(
                    "/gradio_api/file=..%252f..%252fetc/passwd",
                    "/static//etc/passwd",
                    "/assets/%00/etc/passwd",
                ),
                *("/gradio_api/upload", "/gradio_api/proxy=http://127.0.0.1/", "/gradio_api/stream/x/y/z"),
                *(
                    "/gradio_api/info",
                    "/gradio_api/run/predict",
                    "/gradio_api/call/translate",
                    "/docs",
                    "/monitoring",
                ),
            ]
        )
        status, text = self.ask("GET", path)
        assert status == 404
        assert "root:" not in text

    def leave(self):
        """Asks and does not wait for the answer."""
        asked = {"data": [photo(self.grey, (40, 40)), "x2y", SIZE, *OFF], "fn_index": TRANSLATE}
        self.ask("POST", JOIN, json.dumps(asked | {"session_hash": secrets.token_hex(5)}).encode())

    def look(self):
        assert self.ask("GET", "/")[0] == 200

    def break_off(self):
        """In the middle of an upload."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, 10, (self.address, 0))
        connection.putrequest("POST", JOIN)
        connection.putheader("content-length", "100000")
        connection.endheaders(b"{" + b" " * 1000)
        connection.close()

    def bomb(self):
        """A few hundred bytes that claim to be billions of pixels, or begin like a picture and go on as noise."""
        from experiments.reliability.picture_files import png, zeros

        data = self.rng.choice(
            [png(60_000, 60_000, b""), zeros(3000, 3000, 9000, 2, 8), b"\x89PNG" + bytes(999)]
        )
        shown = self.call(TRANSLATE, "file:" + base64.b64encode(data).decode(), "x2y", SIZE, *OFF)
        assert shown is None or shown[0]

    def large(self):
        """More bytes than are taken: announced, and never sent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, 60, (self.address, 0))
        with contextlib.closing(connection):
            connection.putrequest("POST", JOIN)
            connection.putheader("content-length", str(10**10))
            connection.endheaders()
            status = connection.getresponse().status
        self.counts[status] += 1
        assert status == 413, f"an upload of 10 GB: {status}"

    def trickle(self):
        """Half a request, letter by letter, and then nothing."""
        with socket.create_connection(("127.0.0.1", self.port), 10, (self.address, 0)) as line:
            for letter in b"GET / HTTP/1.1\r\nhost":
                line.send(bytes([letter]))
                time.sleep(0.02)

    def forge(self):
        """Calls that the page would never make."""
        body = self.rng.choice(
            [b"[" * 5000, b"{}", b"\xff\xfe", b'{"data": [{"path": "/etc/passwd"}], "fn_index": 0}']
        )
        status, text = self.ask("POST", JOIN, body)
        assert status in (400, 429), f"a forged call: {status}"
        assert "root:" not in text


def watch(process, until, folder):
    """Every second: resident MiB, the decoder's too, open files, threads, and files in the temporary folder."""
    while time.monotonic() < until:
        held = process.memory_info().rss
        for child in process.children():
            with contextlib.suppress(psutil.Error):
                held += child.memory_info().rss
        stored = sum(path.is_file() for path in folder.glob("gan_jax-page-*/**/*"))
        yield held / 2**20, process.num_fds(), process.num_threads(), stored
        time.sleep(1)
