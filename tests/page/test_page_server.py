"""The page on loopback, with Gradio behind the guard, asked by hand."""

import base64
import http.client
import io
import json
import secrets
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

JOIN = "/gradio_api/queue/join"
FUNCTIONS = {"translate": 0, "hidden": 3, "curves": 8}
OFF = [0, 1, 0, 8, 100]


def file(value, form="PNG"):
    stream = io.BytesIO()
    Image.fromarray(np.full((40, 40, 3), value, np.uint8)).save(stream, form)
    return "file:" + base64.b64encode(stream.getvalue()).decode()


def files(folder):
    return {str(path) for path in folder.rglob("*") if path.is_file()}


class Visitor:
    """A browser that knows how to ask."""

    def __init__(self, address):
        self.port, self.session = int(address.rpartition(":")[2]), secrets.token_hex(5)

    def ask(self, method, path, body=None, **headers):
        """The status and body of an answer; the path goes out as it is."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        connection.putrequest(method, path, skip_host="host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("content-length", str(len(body)))
            connection.putheader("content-type", "application/json")
        connection.endheaders(body)
        answer = connection.getresponse()
        status, text = answer.status, answer.read().decode(errors="replace")
        connection.close()
        return status, text

    def join(self, function, *values):
        asked = {"data": values, "fn_index": FUNCTIONS[function], "session_hash": self.session}
        return self.ask("POST", JOIN, json.dumps(asked).encode())

    def call(self, function, *values):
        """What the parts of the page show afterwards, by name."""
        status, text = self.join(function, *values)
        assert status == 200, text
        _, stream = self.ask("GET", f"/gradio_api/queue/data?session_hash={self.session}")
        events = [json.loads(line[5:]) for line in stream.splitlines() if line.startswith("data:")]
        done = next(event for event in events if event["msg"] == "process_completed")
        assert done["success"], done
        names = ("message", "way", "name", "there", "back", "hides", "hidden", "curves")
        return dict(zip(names, done["output"]["data"], strict=True))

    def translate(self, given):
        return self.call("translate", given, "x2y", "32 x 32", *OFF)


@pytest.fixture
def visitor(served):
    return Visitor(served[0])


def test_a_picture_goes_there_and_back(visitor):
    shown = visitor.translate(file(51))
    assert shown["message"] == ""
    assert shown["way"] == "x2y"
    assert "photo back" in shown["back"]
    moved = visitor.call("hidden", shown["name"], *OFF[:3], 1, 100)
    assert moved["hidden"] != shown["hidden"]
    assert visitor.call("curves", shown["name"])["curves"].count("<svg") == 5


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "Choose a picture first."),
        ("file:", "This file cannot be used: empty file."),
        ("file:" + base64.b64encode(b"<svg/>").decode(), "not a picture of a known kind"),
        ("file:" + base64.b64encode(bytes(999)).decode(), "not a picture of a known kind"),
        (file(0)[:-40], "damaged"),
        ("/etc/passwd", "did not arrive whole"),
        ("test:99", "no such test picture"),
        (7, "Choose a picture first."),
    ],
)
def test_what_is_no_picture_gets_words(visitor, given, words):
    shown = visitor.translate(given)
    assert words in shown["message"]
    assert "Traceback" not in json.dumps(shown)
    assert visitor.translate(file(51))["message"] == ""


PATHS = [
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/file=../../../../../../etc/passwd",
    "/gradio_api/file=%2Fetc%2Fpasswd",
    "/file=/etc/passwd",
    "/file/etc/passwd",
    "/assets/../../../../../../../../../etc/passwd",
    "/assets/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/static/..\\..\\..\\etc\\passwd",
    "/theme.css/../../etc/passwd",
    "//etc/passwd",
    "/gradio_api/proxy=http://localhost/",
    "/gradio_api/custom_component/1/client/component/../../../etc/passwd",
    "/svelte/../../../../etc/passwd",
    "/gradio_api/upload_progress?upload_id=1",
    "/gradio_api/info",
    "/docs",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_to_a_file(visitor, path):
    status, text = visitor.ask("GET", path, host="localhost")
    assert status in (400, 404)
    assert "root:" not in text
    assert "Traceback" not in text


def test_nothing_is_stored(visitor, served):
    """Below the temporary folder, the home and the working directory there is what there was."""
    before = files(served[1])
    for value in (51, 52):
        visitor.translate(file(value))
    upload = (
        '--b\r\ncontent-disposition: form-data; name="files"; filename="../a.png"\r\n\r\nabc\r\n--b--\r\n'
    )
    assert visitor.ask("POST", "/gradio_api/upload", upload.encode())[0] == 404
    assert files(served[1]) == before
    assert not any("gan_jax-page-" in path for path in before)


def test_a_visitor_gets_at_nothing_of_another(served, visitor):
    """Who has not the name of a picture, which is sent to its owner alone, has not the picture."""
    name = visitor.translate(file(51))["name"]
    other = Visitor(served[0])
    for guess in ("", name[:-1], name.swapcase(), "*"):
        shown = other.call("hidden", guess, *OFF)
        assert "Choose a picture" in shown["message"] or "does not hold this picture" in shown["message"]
        assert "data:image" not in json.dumps(shown)
    own = other.translate(file(250))
    assert own["name"] != name
    for function, values in (("translate", [{"path": "/etc/passwd"}]), ("hidden", [[name]])):
        assert other.join(function, *values)[0] == 400


def test_many_at_once_are_served_or_told_to_wait(served):
    """Forty ask for something that takes a while, and sixteen may wait: each is answered, none with a fault."""
    name = Visitor(served[0]).translate(file(51))["name"]

    def visit(_):
        visitor = Visitor(served[0])
        status, text = visitor.join("curves", name)
        if status == 200:
            _, stream = visitor.ask("GET", f"/gradio_api/queue/data?session_hash={visitor.session}")
            assert "process_completed" in stream
        return status, text

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(visit, range(40)))
    statuses = [status for status, _ in answers]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 16


def test_the_page_names_no_other_host(visitor):
    """Addresses in what is told to other sites about the page (meta) are never fetched; nor can they be (CSP)."""
    status, text = visitor.ask("GET", "/")
    assert status == 200
    for start in ('src="http', 'href="http', "url(http", "@import"):
        assert start not in text
    assert 'analytics_enabled":false' in text
