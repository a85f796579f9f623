"""The page in Chromium: what a person does there, and what they see."""

import base64
import io
import re
import shutil

import numpy as np
import pytest
from PIL import Image

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium: apt install chromium")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def asked():
    """The addresses that the page asked for, and what its scripts complained of."""
    return []


@pytest.fixture
def tab(browser, served, asked):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.set_default_timeout(30_000)
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("pageerror", lambda error: asked.append(f"error: {error}"))
    tab.on("console", lambda told: asked.append(f"error: {told.text}") if told.type == "error" else None)
    tab.goto(served[0])
    tab.wait_for_selector("#choose .drop")
    yield tab
    tab.close()


def photo(value=51, form="PNG"):
    stream = io.BytesIO()
    Image.fromarray(np.full((40, 60, 3), value, np.uint8)).save(stream, form)
    return stream.getvalue()


def give(tab, data, name="photo.png"):
    tab.set_input_files("#choose input[type=file]", {"name": name, "mimeType": "image/png", "buffer": data})


def level(tab, picture):
    """The mean of a picture that the page shows, 0 to 255."""
    source = tab.get_attribute(picture, "src")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))).mean()


def until(tab, picture, expected):
    """Waits for a picture to have this mean."""
    for _ in range(100):
        if tab.query_selector(picture) and abs(level(tab, picture) - expected) < 1:
            return
        tab.wait_for_timeout(100)
    raise AssertionError(f"{picture} is {level(tab, picture)}, not {expected}")


def test_a_photo_goes_in_and_the_direction_changes_what_comes_out(tab):
    give(tab, photo(51))
    until(tab, "#there .before", 51)
    until(tab, "#there .after", 204)  # the negative
    until(tab, "#back .after", 89)  # half of it: -0.3
    tab.click("#way label:has-text('drawing → photo')")
    until(tab, "#there .after", 166)  # half of the negative: 0.3
    assert tab.inner_text("#there .right") == "photo made"
    assert "What does the photo hide?" in tab.inner_text("#hides")
    tab.click("#size label:has-text('64 x 64')")
    tab.wait_for_selector("#there figcaption:has-text('80 x 48 pixels')")


def test_a_test_picture_is_taken_by_a_press(tab):
    tab.click("[data-test='13']")  # the second drawing
    tab.wait_for_selector("#there .compare")
    assert tab.inner_text("#there .left") == "drawing"
    assert tab.is_checked("#way input[value=y2x]")
    assert tab.query_selector("[data-test='13'].chosen")


def test_the_border_between_two_pictures_moves(tab):
    give(tab, photo(51))
    until(tab, "#there .after", 204)
    tab.locator("#there .pair").scroll_into_view_if_needed()
    box = tab.query_selector("#there .pair").bounding_box()

    def seen(share):
        where = {
            "x": box["x"] + share * box["width"],
            "y": box["y"] + box["height"] * 0.8,
            "width": 1,
            "height": 1,
        }
        return np.asarray(Image.open(io.BytesIO(tab.screenshot(clip=where))))[0, 0, 0]

    for _ in range(50):  # Gradio fades new pictures in
        if (seen(0.25), seen(0.75)) == (51, 204):
            break
        tab.wait_for_timeout(100)
    assert (seen(0.25), seen(0.75)) == (51, 204)
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2, steps=4)
    tab.mouse.up()
    assert (seen(0.25), seen(0.75)) == (51, 51)
    tab.focus("#there .pair input")
    tab.keyboard.press("Home")
    assert (seen(0.25), seen(0.75)) == (204, 204)


def test_a_slider_changes_the_way_back(tab):
    give(tab, photo(51))
    until(tab, "#hidden figure:nth-child(2) .after", 89)
    tab.focus("#bits input[type=range]")
    tab.keyboard.press("Home")  # one bit: 0.6 becomes 1, and comes back as -0.5
    until(tab, "#hidden figure:nth-child(1) .after", 255)
    until(tab, "#hidden figure:nth-child(2) .after", 64)
    lost = [float(number) for number in re.findall(r"[\d.]+", tab.inner_text("#hidden .bars"))]
    assert lost == pytest.approx([0.3 * 127.5, 0.1 * 127.5], abs=0.1)
    tab.click("#reset")
    until(tab, "#hidden figure:nth-child(2) .after", 89)
    tab.click("#measure")
    tab.wait_for_selector("#curves svg")
    assert len(tab.query_selector_all("#curves svg")) == 5


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("words.png", b"no picture", "not a picture of a known kind"),
        ("cut.png", photo()[:60], "damaged"),
        ("empty.png", b"", "empty file"),
        ("large.png", bytes(300_000), "it has 0.3 MB; at most 0.25 MB are taken"),
    ],
)
def test_a_bad_file_gets_a_message_and_a_good_one_takes_it_away(tab, name, data, words):
    give(tab, data, name)
    tab.wait_for_selector(f".message:has-text('{words}')")
    assert tab.query_selector("#there .compare") is None
    give(tab, photo())
    until(tab, "#there .after", 204)
    assert [one.inner_text() for one in tab.query_selector_all(".message") if one.is_visible()] == []


def test_a_picture_may_be_dropped_anywhere(tab):
    encoded = base64.b64encode(photo()).decode()
    drop = """data => {
        const moved = new DataTransfer();
        const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
        moved.items.add(new File([bytes], 'a.png', {type: 'image/png'}));
        document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: moved, bubbles: true, cancelable: true}));
    }"""
    tab.evaluate(drop, encoded)
    until(tab, "#there .after", 204)


def test_nobody_else_is_asked(tab, served, asked):
    give(tab, photo())
    until(tab, "#there .after", 204)
    tab.wait_for_timeout(500)
    assert [url for url in asked if not url.startswith((served[0] + "/", "data:", "blob:"))] == []
    assert "/gradio_api/upload" not in " ".join(asked)


def test_it_fits_on_a_phone(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    give(tab, photo())
    until(tab, "#there .after", 204)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.query_selector("#there .pair").bounding_box()["width"] > 280
