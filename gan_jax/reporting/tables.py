"""The tables of the page: metrics, configuration, and where the run took place."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from gan_jax.metrics import best_is, merit
from gan_jax.metrics.score import shown
from gan_jax.reporting.facts import Facts, Point
from gan_jax.reporting.markup import Html, escaped, table, tag
from gan_jax.show import MADE

WORDS = {"lower": "lower is better", "higher": "higher is better", "": "neither"}


def label(name: str, facts: Facts) -> str:
    """What people call a picture, "drawing made" for "fake_y", where the configuration names the kinds; else "".

    Other names, as "D_y", are no pictures.
    """
    kinds = {
        key[5:-6]: text
        for key, text in facts.config.items()
        if key.startswith("data.") and key[-6:] == "_label"
    }
    made, _, kind = name.rpartition("_")
    return f"{kinds[kind]} {MADE[made]}" if made in MADE and kinds.get(kind) else ""


def known(metric: str) -> str:
    """The name of a metric whose best value is known, else ""."""
    return metric if best_is(metric) else ""


def metrics(facts: Facts) -> Html:
    """First, best and last value of every test metric, and which way is better."""
    rows: list[list[object]] = []
    chosen = facts.config.get("best_metric", "")
    for name, points in facts.series.items():
        metric = name.removeprefix("test/")
        sound = [point for point in points if math.isfinite(point.value)]
        if metric != name and sound:
            rows.append(_metric(metric, label(metric.split("/")[-1], facts), sound, metric == chosen))
    if not rows:
        return Html("")
    head: list[object] = ["metric", "first", "best", "at step", "last", "better"]
    note = ""
    if chosen:
        note = tag("p", "The checkpoint with the best ", tag("b", chosen), " is kept beside the last ones.")
    return Html(note + table(head, rows, class_="numbers", aria_label="test metrics"))


def _metric(metric: str, label: str, points: Sequence[Point], chosen: bool) -> list[object]:
    first, last, way = points[0], points[-1], best_is(metric)
    name = [tag("b", metric) if chosen else metric]
    name += [" ", tag("span", label, class_="quiet")] if label else []
    name += [" ", tag("span", "chooses the best", class_="chip")] if chosen else []
    cell = Html("".join(map(escaped, name)))
    if not way:
        return [
            cell,
            shown(first.value),
            "",
            "",
            shown(last.value),
            tag("span", "no known best", class_="quiet"),
        ]
    best = max(points, key=lambda point: (merit(metric, point.value), point.step))
    is_last = best.step == last.step
    return [
        cell,
        shown(first.value),
        tag("b", shown(best.value)),
        f"{best.step:,}" + (" (last)" if is_last else ""),
        shown(last.value),
        WORDS.get(way, f"{way} is best"),
    ]  # fmt: skip


def config(facts: Facts) -> Html:
    """What differs from the default first, then everything."""
    if not facts.config:
        return Html("")
    default = facts.default
    differs = {
        key: default.get(key) for key, value in facts.config.items() if default and _other(default, key, value)
    } if default else {}  # fmt: skip
    missing = [key for key in default or {} if key not in facts.config]
    if default is None:
        said = tag("p", "The default to compare with is not installed here.", class_="quiet")
    elif differs:
        said = _config({key: facts.config[key] for key in differs}, differs, "what differs from the default")
    else:
        said = tag("p", "Nothing differs from the default.")
    if missing and default is not None:
        said = Html(said + tag("p", f"Newer than this run: {', '.join(missing)}", class_="quiet"))
    whole = _config(facts.config, differs, "the whole configuration")
    return Html(said + tag("details", tag("summary", f"all {len(facts.config)} settings"), whole))


def _other(default: Mapping[str, Any], key: str, value: Any) -> bool:
    return key not in default or _plain(default[key]) != _plain(value)


def _config(values: Mapping[str, Any], differs: Mapping[str, Any], title: str) -> Html:
    rows: list[list[object]] = [
        [
            tag("code", key),
            tag("mark", _plain(value)) if key in differs else _plain(value),
            _was(key, differs),
        ]
        for key, value in values.items()
    ]
    return table(["setting", "value", "default"], rows, class_="config", aria_label=title)


def _was(key: str, differs: Mapping[str, Any]) -> object:
    return tag("span", _plain(differs[key]), class_="quiet") if key in differs else ""


def _plain(value: Any) -> str:
    return json.dumps(value, default=str)


def device(facts: Facts) -> str:
    """The device of the newest start: "2 x NVIDIA H100"."""
    if not facts.starts:
        return ""
    last = facts.starts[-1]
    count, kind = last.get("devices", 1), last.get("device", "")
    return f"{count} x {kind}" if count != 1 else str(kind)


def about(facts: Facts) -> Html:
    """A row for each time that the run was started, and what could not be read."""
    parts = []
    if facts.starts:
        keys = list(dict.fromkeys(key for start in facts.starts[-20:] for key in start))
        rows: list[list[object]] = [[start.get(key, "") for key in keys] for start in facts.starts[-20:]]
        parts.append(table([*keys], rows, class_="config", aria_label="starts of the run"))
    if facts.notes:
        parts.append(tag("ul", *(tag("li", note) for note in facts.notes), class_="notes"))
    return Html("".join(parts))
