"""The page in a real browser, offline, from a file: what one clicks does what it says."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan_jax import reporting
from gan_jax.grids import Sheet
from gan_jax.run import Log

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium: apt install chromium")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sheets of two examples, in plain colours, and two curves."""
    workdir = tmp_path_factory.mktemp("page") / "run"
    workdir.mkdir()
    log = Log(workdir, None)
    layout = {"size": [200, 200], "columns": [[0, 100, "photo"], [100, 100, "drawing"]]}
    for step in (0, 50, 100):
        pixels = np.full((200, 200, 3), 2 * step, np.uint8)
        pixels[100:, 100:] = [0, 255, 0]
        log.show(step, Sheet(pixels, {**layout, "rows": [[0, 100], [100, 100]], "groups": [1, 1]}))
        log.write(step, {"cycle/x": 10.0 ** (-step / 50), "cycle/y": 1.0})
    log.close()
    (workdir / "config.json").write_text(json.dumps({"gan": "any", "steps": 100}))
    return reporting.write(workdir)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[1200, 390], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, browser: Any, file: Path) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": request.param, "height": 800}, offline=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda sent: wrong.append(sent.url) if sent.url.startswith("http") else None)
    page.goto(file.as_uri())
    yield page
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth") <= request.param, (
        "nothing stands out sideways"
    )
    context.close()


def colour(page: Any, number: int) -> list[int]:
    page.wait_for_selector(".examples canvas")
    return page.evaluate(
        "i => [...document.querySelectorAll('.examples canvas')[i].getContext('2d').getImageData(50, 50, 1, 1).data]",
        number,
    )[:3]


def test_pictures_follow_the_slider_and_the_buttons(page: Any) -> None:
    assert page.locator(".slider output").inner_text() == "100"
    assert np.allclose(colour(page, 1), 200, atol=4), "the last step, the first example"
    page.locator("#when").fill("1")
    page.wait_for_selector("canvas[aria-label='drawing, example 1, step 50']")
    assert np.allclose(colour(page, 1), 100, atol=4)
    page.get_by_role("button", name="example 2").click()
    page.wait_for_selector("canvas[aria-label='drawing, example 2, step 50']")
    assert np.allclose(colour(page, 1), [0, 255, 0], atol=6)
    page.get_by_role("button", name="the whole sheet").click()
    assert page.locator(".examples canvas:visible").count() == 0
    assert page.locator("img.sheet:visible").get_attribute("data-step") == "50"


def test_a_chart_tells_values_and_changes_its_axis(page: Any) -> None:
    chart = page.locator(".chart").first
    chart.scroll_into_view_if_needed()
    box = chart.locator(".plot").bounding_box()
    page.mouse.move(box["x"] + 0.55 * box["width"], box["y"] + box["height"] / 2)
    assert chart.locator(".tip").inner_text().split() == ["step", "50", "x", "0.1", "y", "1"]
    before = chart.locator("svg:visible").get_attribute("class")
    chart.locator(".scale").click()
    assert {before, chart.locator("svg:visible").get_attribute("class")} == {"linear", "logarithmic"}


def test_without_scripts_the_last_sheet_is_there(browser: Any, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("img.sheet:visible").get_attribute("data-step") == "100"
    assert page.locator("svg:visible").count() == 1
    context.close()
