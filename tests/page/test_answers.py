import asyncio
import threading
import time

import pytest

from gan_jax.errors import UserError
from gan_jax.page import answers
from gan_jax.page.answers import Shown, Worker


@pytest.fixture
def worker():
    worker = Worker(together=1, seconds=0.3)
    yield worker
    worker.close()


def run(worker, *handlers):
    async def all_of_them():
        return await asyncio.gather(*(worker.run(handler) for handler in handlers))

    return asyncio.run(all_of_them())


def fail(error):
    raise error


def test_parts_that_a_translation_shows(page):
    shown = answers.translate(page, "test:0", "x2y", "32 x 32", 0, 1, 0, 8, 100)
    assert (shown.message, shown.way, shown.curves) == ("", "x2y", "")
    assert page.shelf.get(shown.name) is not None
    for part in (shown.there, shown.back, shown.hidden):
        assert part.count("data:image/png;base64,") in (2, 4)
    moved = answers.hidden(page, shown.name, 0, 1, 0, 1, 100)
    assert moved.there is moved.name is None  # left as they are
    assert moved.hidden != shown.hidden
    assert answers.curves(page, shown.name).curves.count("<svg") == 5


def test_sliders_are_checked_before_a_network_runs(page):
    with pytest.raises(UserError, match="JPEG: expected 1 to 100"):
        answers.translate(page, "test:0", "x2y", "32 x 32", 0, 1, 0, 8, 0)
    assert not page.shelf.held


def test_every_error_becomes_words(worker, capsys):
    wrong, fault = run(worker, lambda: fail(UserError("<b>Choose.</b>")), lambda: fail(KeyError("secret")))
    assert "&lt;b&gt;Choose.&lt;/b&gt;" in wrong.message
    assert answers.FAULT.replace("'", "&#x27;") in fault.message
    assert "secret" not in fault.message
    assert "KeyError: 'secret'" in capsys.readouterr().err
    assert fault._replace(message="") == Shown()


def test_time_is_bounded_and_no_more_run_together_than_stated(worker):
    together, most, lock = 0, 0, threading.Lock()

    def slow():
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        time.sleep(0.5)
        with lock:
            together -= 1
        return Shown()

    started = time.monotonic()
    shown = run(worker, *[slow] * 4)
    assert time.monotonic() - started < 5
    assert all("took too long" in one.message for one in shown)
    assert most == 1
    time.sleep(0.4)
    assert run(worker, lambda: Shown(way="x2y")) == [Shown(way="x2y")]
