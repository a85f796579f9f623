"""The page while a run trains: in the background, seldom, and never in the way."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gan_jax import reporting
from gan_jax.grids import Sheet
from gan_jax.monitors import not_finite
from gan_jax.reporting.keeper import Page

SHEET = Sheet(np.zeros((4, 4, 3), np.uint8))


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that wrote a page."""
    threads: list[str] = []
    monkeypatch.setattr(reporting, "write", lambda workdir: threads.append(threading.current_thread().name))
    return threads


@pytest.fixture(autouse=True)
def begun(tmp_path: Path) -> None:
    (tmp_path / "config.json").touch()


def settle(page: Page) -> None:
    writing = page._writing
    assert writing is not None
    writing.result(timeout=30)


def test_the_loop_does_not_wait(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    go = threading.Event()
    count: list[int] = []
    monkeypatch.setattr(reporting, "write", lambda workdir: (go.wait(30), count.append(1)))
    page = Page(tmp_path, print)
    for step in range(5):
        page.show(step, SHEET)
    assert count == []
    go.set()
    page.close()
    assert len(count) == 2, "what came meanwhile is on the last page"


def test_what_is_news(written: list[str], tmp_path: Path) -> None:
    page = Page(tmp_path, print)
    (tmp_path / "config.json").unlink()
    page.show(0, SHEET)
    assert page._writing is None, "there is no run yet"
    (tmp_path / "config.json").touch()
    for news in (
        lambda: page.write(1, {"loss/all": 1.0}),
        lambda: page.write(1, {"test/l1/fake_y": 1.0}),
        lambda: page.show(1, SHEET),
        lambda: page.tell(not_finite(1, "it became nan", "less")),
    ):
        page._due = 0.0
        news()
        settle(page)
    assert [name.startswith("report") for name in written] == [True] * 4, "in a thread of its own"
    page._due = 0.0
    page.write(2, {"loss/all": 1.0})
    page.close()
    assert len(written) == 5, "later losses are no news"


def test_it_takes_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    count: list[int] = []
    monkeypatch.setattr(reporting, "write", lambda workdir: (time.sleep(0.02), count.append(1)))
    page = Page(tmp_path, print)
    page.show(1, SHEET)
    settle(page)
    for step in range(20):
        page.show(step, SHEET)
    page.close()
    assert len(count) == 2, "0.02 s are half a percent of 4 s: until then only the end brings another one"
    assert page._due - time.monotonic() > 3


def test_a_page_is_worth_no_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    def broken(workdir: Path) -> None:
        raise RuntimeError("no room")

    said: list[str] = []
    say: Callable[[str], None] = said.append
    monkeypatch.setattr(reporting, "write", broken)
    page = Page(tmp_path, say)
    page.show(1, SHEET)
    settle(page)
    page.close()
    assert said == ["report.html could not be written, training goes on: no room"], "said once"
