"""The page of runs that are whole, empty, training, broken or hostile: read with an HTML parser."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan_jax import images, report, reporting, settings
from gan_jax.errors import UserError
from gan_jax.grids import Sheet
from gan_jax.run import Log

ROOT = Path(__file__).parents[2]
VOID = {"meta", "link", "img", "input", "br"}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x00\x1b"


class Page(HTMLParser):
    """Every element with its attributes and text; fails on elements that do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((name, dict(attributes)))

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, text: str) -> None:
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(text)

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for element, attributes in self.found if element == name]

    @property
    def text(self) -> str:
        return " ".join(
            " ".join(parts) for name, parts in self.texts.items() if name not in ("script", "style")
        )


def sheet(seed: int = 0) -> Sheet:
    pixels = np.random.default_rng(seed).integers(0, 256, (60, 100, 3), np.uint8)
    layout = {"size": [100, 60], "columns": [[4, 40, "photo"], [50, 40, HOSTILE]], "rows": [[20, 30]]}
    return Sheet(pixels, {**layout, "groups": [2]})


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """A run directory with this many sheets and these lines in metrics.jsonl."""

    def made(sheets: int = 3, lines: list[Any] | None = None, **changes: Any) -> Path:
        workdir = tmp_path / "run"
        config = settings.load(str(ROOT / "configs" / "cyclegan.py")).copy_and_resolve_references()
        config.update_from_flattened_dict({"steps": 100, **changes})
        log = Log(workdir, None) if workdir.mkdir() is None else None
        assert log is not None
        (workdir / "config.json").write_text(settings.to_json(config))
        for i in range(sheets):
            log.show(10 * i, sheet(i))
        for line in lines if lines is not None else usual():
            text = line if isinstance(line, str) else json.dumps(line)
            with (workdir / "metrics.jsonl").open("a") as file:
                file.write(text + "\n")
        log.close()
        return workdir

    return made


def usual(steps: int = 100) -> list[dict[str, Any]]:
    training = [
        {"step": s, "cycle/x": 1 / s, "loss/all": 2 + s % 7, "seconds": s / 2} for s in range(1, steps + 1)
    ]
    looking = [{"step": s, "test/ssim/back_x": v} for s, v in ((0, 0.1), (50, 0.8), (100, 0.7))]
    return [*training, *looking]


def page(workdir: Path) -> Page:
    return Page(reporting.write(workdir).read_text(encoding="utf-8"))


def test_a_finished_run(make: Callable[..., Path]) -> None:
    found = page(make(**{"seed": 7}))
    assert [one["id"] for one in found.all("section")] == [
        "warnings",
        "pictures",
        "metrics",
        "losses",
        "config",
    ]
    assert "finished" in found.text
    assert "None were recorded" in found.text
    images = found.all("img")
    assert [one["alt"] for one in images] == [f"sample sheet of step {s}" for s in (0, 10, 20)]
    assert ["hidden" in one for one in images] == [True, True, False]
    [slider] = found.all("input")
    assert (slider["type"], slider["max"], slider["value"], slider["id"]) == ("range", "2", "2", "when")
    assert found.all("label") == [{"for": "when"}]
    assert [one["data-chart"] for one in found.all("figure")] == ["ssim", "cycle", "loss"]
    row = found.text
    assert "0.8000" in row
    assert "higher is better" in row
    assert found.texts["mark"] == ["7", "100", "7", "100"], "seed and steps differ, twice shown"


def test_nothing_is_asked_of_a_network(make: Callable[..., Path]) -> None:
    text = reporting.write(make()).read_text()
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text
    found = Page(text)
    links = [
        value
        for _, attributes in found.found
        for name, value in attributes.items()
        if name in ("src", "href", "action", "data", "poster", "srcset")
    ]
    assert links
    assert all(value and value.startswith(("data:", "#")) for value in links)
    assert not re.search(r"url\(|@import", text)
    [policy] = [one["content"] for one in found.all("meta") if "http-equiv" in one]
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; ")


def test_what_is_hostile_stays_text(make: Callable[..., Path]) -> None:
    warning = {"step": 3, "warning": HOSTILE, "subject": HOSTILE, "passed": False, "message": HOSTILE}
    lines = [{"step": 1, HOSTILE: 1.0, f"test/{HOSTILE}/fake_y": 2.0, "test/\ud800": 1.0}, warning]
    workdir = make(lines=lines, **{"data.x_label": HOSTILE, "gan": HOSTILE})
    odd = {"gan_jax": HOSTILE, "groups": [{"title": HOSTILE, "scores": [{"metric": HOSTILE, HOSTILE: 1}]}]}
    (workdir / "evaluation.json").write_text(json.dumps({**odd, HOSTILE: {HOSTILE: [HOSTILE]}}))
    (workdir / "starts.jsonl").write_text(json.dumps({HOSTILE: HOSTILE}) + "\n")
    workdir = workdir.rename(workdir.with_name("<b>run & 'co'"))
    found = page(workdir)
    assert [one for one in found.all("script") if one.get("type") != "application/json"] == [{}], (
        "one, its own"
    )
    assert all("onerror" not in attributes for _, attributes in found.found)
    assert len(found.all("img")) == 3
    assert "<b>run & 'co'" in found.texts["h1"]
    for block in found.texts["script"][:-1]:
        json.loads(block)
    assert "alert(1)" in found.text


def test_a_run_that_has_not_begun_and_an_empty_one(tmp_path: Path, make: Callable[..., Path]) -> None:
    (tmp_path / "empty").mkdir()
    found = page(tmp_path / "empty")
    assert "has not begun" in found.text
    assert "config.json is not there" in found.text
    assert "0% done" in page(make(sheets=0, lines=[])).text
    with pytest.raises(UserError, match="there is no such directory"):
        reporting.write(tmp_path / "none")


def test_a_run_that_trains(make: Callable[..., Path]) -> None:
    workdir = make(lines=[*usual(40)[:40], '{"step": 41, "cycle/x": 0.'])
    found = page(workdir)
    assert "40% done when this was written" in found.text
    assert "metrics.jsonl: 1 of 41 lines cannot be read and are left out" in found.text


def test_lines_that_are_odd(make: Callable[..., Path]) -> None:
    odd = [
        "",
        "[]",
        "3",
        "null",
        '{"step": "x", "a": 1}',
        '{"a": 1}',
        '{"step": -1, "a": 1}',
        "\x00\xff",
        "[" * 9999,
    ]
    values = [
        {"step": 1, "a": None, "b": True, "c": "text", "d": [1], "e": 1e308},
        {"step": 2, "a": 2.0, "e": -1e308, "f": 0},
        '{"step": 3, "a": NaN, "e": Infinity, "f": 1e999}',
        {"step": 4, "a": 3.0, "f": 10**400},
    ]
    found = page(make(lines=[*odd, *values]))
    assert [one["data-chart"] for one in found.all("figure")] == ["a", "e", "f"]
    assert "NaN" not in " ".join(found.texts["script"])
    assert not any(
        "nan" in (one.get("d") or "") or "inf" in (one.get("d") or "") for one in found.all("path")
    )


def test_warnings_first_those_that_hold(make: Callable[..., Path]) -> None:
    def line(step: int, name: str, passed: bool) -> dict[str, Any]:
        about = {"warning": name, "subject": "fake_y", "passed": passed, "value": 0.0, "limit": 1.0}
        return {"step": step, **about, "message": f"{name} told", "advice": f"mend {name}"}

    told = [
        line(5, "outputs_collapse", False),
        line(9, "outputs_collapse", True),
        line(7, "not_finite", False),
    ]
    workdir = make(lines=usual())
    assert "no monitor has" not in page(workdir).text
    (workdir / "starts.jsonl").write_text('{"step": 0, "device": "two of a kind", "devices": 2}\n')
    silent = page(workdir)
    assert "None: no monitor has found anything wrong." in silent.text
    assert "2 x two of a kind" in silent.text
    with (workdir / "metrics.jsonl").open("a") as file:
        file.write("".join(json.dumps(one) + "\n" for one in told))
    found = page(workdir)
    items = [one["class"] for one in found.all("li") if one.get("class")]
    assert items == ["open", "passed"]
    assert "step 5, passed at step 9" in found.text
    assert "mend not_finite" in found.text
    assert "mend outputs_collapse" not in found.text
    assert "stopped: a number was not finite" in found.text


def test_other_games_and_other_parts_of_an_evaluation(make: Callable[..., Path]) -> None:
    lines = [{"step": 100, "logits/real": 1.5, "test/modes": 7, "test/kid/made": 0.1}]
    workdir = make(lines=lines, gan="unheard_of")
    other = {"gap": 0.25, "curve": [{"sigma": 1, "l1": 0.123456}]}
    (workdir / "evaluation.json").write_text(json.dumps({"groups": [], "hidden": other, "../x": 1}))
    images.write(workdir / "hidden" / "step_10_x2y.png", sheet().pixels)
    found = page(workdir)
    assert [one["data-chart"] for one in found.all("figure") if "data-chart" in one] == [
        "modes",
        "kid",
        "logits",
    ]
    assert {"hidden", "gap"} <= set(found.texts["summary"]) | set(found.texts["dt"])
    assert [one["alt"] for one in found.all("img")][3:] == ["step 10 x2y"]
    assert "0.1235" in found.text
    assert "The default to compare with is not installed here." in found.text


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\nrest", b"GIF89a"])
def test_sheets_that_are_no_pictures(make: Callable[..., Path], content: bytes) -> None:
    workdir = make()
    (workdir / "samples" / "step_0000010.png").write_bytes(content)
    (workdir / "samples" / "step_x.png").write_bytes(content)
    (workdir / "evaluation.json").write_bytes(content)
    assert [one["data-step"] for one in page(workdir).all("img")] == ["0", "20"]


def test_a_long_run_stays_small(make: Callable[..., Path]) -> None:
    workdir = make(sheets=0, lines=[{"step": s, "loss/all": float(s % 97)} for s in range(0, 50_000, 5)])
    (workdir / "samples").mkdir()
    for i in range(100):
        Image.new("RGB", (20, 20), (i, i, i)).save(workdir / "samples" / f"step_{i:07d}.png")
    found = page(workdir)
    assert len(found.all("img")) == 26, "every fourth, and the last"
    assert (workdir / "report.html").stat().st_size < 200_000
    first, raw = (one["d"] or "" for one in found.all("path")[:2])
    assert len(re.findall("[ML]", first)) <= 400
    assert len(re.findall("[ML]", raw)) <= 200


def test_pictures_are_compressed_once(make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    workdir = make()
    before = page(workdir)
    monkeypatch.setattr(reporting.sheets, "compressed", lambda *_: pytest.fail("compressed again"))
    assert page(workdir).all("img") == before.all("img")
    monkeypatch.undo()
    images.write(workdir / "samples" / "step_0000010.png", sheet(9).pixels)
    changed = page(workdir).all("img")
    assert [a["src"] == b["src"] for a, b in zip(before.all("img"), changed, strict=True)] == [
        True,
        False,
        True,
    ]


def test_a_page_that_cannot_be_written(make: Callable[..., Path]) -> None:
    workdir = make()
    (workdir / "report.html").mkdir()
    (workdir / "report.html" / "mine").touch()
    with pytest.raises(UserError, match=r"report\.html could not be written"):
        reporting.write(workdir)
    assert not list(workdir.glob(".report*"))


def test_the_command(make: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    workdir = make()
    assert report.main([f"--workdir={workdir}"]) == 0
    assert capsys.readouterr().out == f"wrote {workdir / 'report.html'}\n"
    assert report.main([f"--workdir={tmp_path / 'none'}"]) == 2
    assert "there is no such directory" in capsys.readouterr().err
    assert report.main([]) == 2
