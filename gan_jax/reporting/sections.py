"""Warnings, pictures and the evaluation, as parts of the page."""

from collections.abc import Mapping, Sequence
from typing import Any

from gan_jax.metrics.score import shown
from gan_jax.reporting.facts import Facts
from gan_jax.reporting.markup import Html, data, table, tag
from gan_jax.reporting.sheets import Small

TOLD = 50  # warnings shown
DEEP = 4  # levels of unknown JSON that are shown


def warnings(facts: Facts) -> Html:
    """What the monitors told: first what still holds, each with what to do."""
    if not facts.series:
        return Html("")
    open_: dict[tuple[object, object], Mapping[str, Any]] = {}
    passed = []
    for line in facts.warnings:
        key = (line.get("warning"), line.get("subject"))
        if line.get("passed"):
            passed.append((open_.pop(key, line), line))
        else:
            open_[key] = line
    items = [_warning(line, None) for line in open_.values()] + [_warning(*both) for both in reversed(passed)]
    if not items and not facts.starts:  # a run from before there were monitors, maybe
        return tag("p", "None were recorded.", class_="quiet")
    if not items:
        return tag("p", "None: no monitor has found anything wrong.", class_="well")
    more = tag("p", f"and {len(items) - TOLD} more", class_="quiet") if len(items) > TOLD else ""
    return Html(tag("ul", *items[:TOLD], class_="warnings") + more)


def _warning(line: Mapping[str, Any], passed: Mapping[str, Any] | None) -> Html:
    step = f"step {line['step']:,}" + (f", passed at step {passed['step']:,}" if passed else "")
    return tag(
        "li",
        tag("p", tag("b", _words(line.get("warning"))), " ", tag("span", step, class_="chip")),
        tag("p", line.get("message", "")),
        tag("p", "What to do: ", line.get("advice", ""), class_="advice") if not passed else "",
        class_="passed" if passed else "open",
    )


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def pictures(found: Sequence[Small], all_: int) -> Html:
    """All sheets behind one slider, the last one shown; single examples large, where the files say where they are."""
    if not found:
        return Html("")
    last = found[-1]
    images = [
        tag(
            "img", data_kept=one.kept, src=one.uri, alt=f"sample sheet of step {one.step:,}", class_="sheet",
            width=one.size[0], height=one.size[1], data_step=one.step, hidden=one is not last,
        )
        for one in found
    ]  # fmt: skip
    slider = tag(
        "div",
        tag("button", "play", type="button", class_="play", aria_label="play the steps one after another"),
        tag("label", "step ", tag("output", f"{last.step:,}"), for_="when"),
        tag("input", type="range", id="when", min=0, max=len(found) - 1, value=len(found) - 1, step=1),
        class_="slider",
        hidden=len(found) < 2,
    )
    note = ""
    if all_ > len(found):
        note = tag("p", f"{len(found)} of {all_} sheets, evenly; all are in samples/", class_="quiet")
    places = {str(one.step): {**one.layout, "size": one.size} for one in found if one.layout}
    views = tag("div", class_="views", role="group", aria_label="what is shown") if places else ""
    big = tag("div", class_="examples", aria_live="off")
    return Html(
        slider + views + big + tag("div", *images, class_="sheets") + note + data(places, class_="places")
    )


def evaluation(found: Mapping[str, Any] | None, beside: Mapping[str, Sequence[Small]]) -> Html:
    """What `gan_jax.evaluate` wrote: groups of scores as tables, and anything else as it stands, with its pictures."""
    if not found:
        return Html("")
    groups = found.get("groups")
    sound = [group for group in groups if isinstance(group, dict)] if isinstance(groups, list) else []
    parts = [_group(group, first=i == 0) for i, group in enumerate(sound)]
    rest = {key: value for key, value in found.items() if key != "groups" and value not in ([], {}, None, "")}
    large = {key: value for key, value in rest.items() if isinstance(value, (dict, list)) and _is_deep(value)}
    small = {key: value for key, value in rest.items() if key not in large}
    for key, value in large.items():
        figures = [_figure(one) for one in beside.get(key, [])]
        parts.append(tag("details", tag("summary", _words(key)), *figures, unknown(value), open=True))
    return Html("".join(parts) + (unknown(small) if small else ""))


def _figure(one: Small) -> Html:
    title = _words(one.kept.split(".png ")[0])
    width, height = one.size
    picture = tag(
        "img", data_kept=one.kept, src=one.uri, alt=title, width=width, height=height, class_="beside", loading="lazy"
    )  # fmt: skip
    return tag("figure", picture, tag("figcaption", title))


def _is_deep(value: Any) -> bool:
    inside = value.values() if isinstance(value, dict) else value
    return isinstance(value, dict) or any(isinstance(one, (dict, list)) for one in inside)


def _group(group: Mapping[str, Any], first: bool) -> Html:
    scores = group.get("scores")
    rows = [_score(score) for score in scores if isinstance(score, dict)] if isinstance(scores, list) else []
    title = str(group.get("title", "scores"))
    rest = {key: value for key, value in group.items() if key not in ("title", "scores", "warnings")}
    notes = group.get("warnings")
    told = [tag("li", line) for line in notes] if isinstance(notes, list) else []
    inside = [
        table(["metric", "value", "95 % interval", "real against real", "p", "n", "best"], rows, class_="numbers",
              aria_label=title) if rows else "",
        tag("ul", *told, class_="notes") if told else "",
        unknown(rest) if rest else "",
    ]  # fmt: skip
    return tag("details", tag("summary", title), *inside, open=first)


def _score(score: Mapping[str, Any]) -> list[object]:
    interval, floor = score.get("interval"), score.get("floor")
    span = floor_ = ""
    if isinstance(interval, dict):
        span = f"{number(interval.get('low'))} to {number(interval.get('high'))}"
    if isinstance(floor, dict):
        floor_ = number(floor.get("value"))
    count = "+".join(str(score[key]) for key in ("n_real", "n_fake") if key in score)
    return [
        *(score.get("metric", ""), tag("b", number(score.get("value"))), span, floor_),
        *(number(score.get("p_value")), count, score.get("best", "")),
    ]


def number(value: Any) -> str:
    """A number as in the table of `evaluate`, "" for none, anything else as text."""
    if value is None:
        return ""
    if isinstance(value, float):
        return shown(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def unknown(value: Any, deep: int = 0) -> Html:
    """JSON that nothing is known of: objects as pairs, lists of like objects as tables, numbers rounded."""
    if isinstance(value, dict) and deep < DEEP:
        pairs = [
            tag("div", tag("dt", _words(key)), tag("dd", unknown(one, deep + 1)))
            for key, one in list(value.items())[:200]
        ]
        return tag("dl", *pairs, class_="pairs")
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value) and deep < DEEP:
        keys = list(dict.fromkeys(key for one in value for key in one))[:20]
        rows: list[list[object]] = [[unknown(one.get(key), deep + 2) for key in keys] for one in value[:200]]
        return table([_words(key) for key in keys], rows, class_="numbers")
    if isinstance(value, list):
        return tag("span", ", ".join(number(one) for one in value[:200]))
    return tag("span", number(value))
