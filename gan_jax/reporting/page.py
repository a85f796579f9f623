"""The page: facts to HTML that needs nothing else, neither files nor a network."""

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from gan_jax import progress
from gan_jax.reporting import chart, sections, tables
from gan_jax.reporting.facts import Facts
from gan_jax.reporting.markup import Html, data, tag
from gan_jax.reporting.series import short
from gan_jax.reporting.sheets import Small

HERE = Path(__file__).parent
CHARTS = 80  # at most; curves beyond are named only


def page(facts: Facts, pictures: list[Small], evaluated: dict[str, list[Small]]) -> str:
    """The whole file. All text from the run is escaped, and the policy in its head lets only its own script run."""
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'; "
        "base-uri 'none'; form-action 'none'"
    )
    written = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{facts.name}: {facts.config.get('gan', 'a run')} of gan_jax"),
        tag("link", rel="icon", href="data:,"),
        tag("style", Html(style)),
    )
    body = tag("body", *_body(facts, pictures, evaluated, written), tag("script", Html(script)))
    return f'<!doctype html>\n<html lang="en">{head}\n{body}</html>\n'


def _body(facts: Facts, pictures: list[Small], evaluated: dict[str, list[Small]], written: str) -> list[Html]:
    shown = {
        "warnings": ("Warnings", sections.warnings(facts)),
        "pictures": ("Pictures", sections.pictures(pictures, len(facts.sheets))),
        "metrics": ("Test metrics", _metrics(facts)),
        "losses": ("Losses", _charts(facts, _losses(facts))),
        "evaluation": ("Evaluation", sections.evaluation(facts.evaluation, evaluated)),
        "training": ("Gradients, rates and speed", _charts(facts, _rest(facts))),
        "config": ("Configuration", tables.config(facts)),
        "about": ("Where it ran", tables.about(facts)),
    }
    there = {key: value for key, value in shown.items() if value[1]}
    menu = tag(
        "nav", *(tag("a", title, href=f"#{key}") for key, (title, _) in there.items()), aria_label="Sections"
    )
    parts = [
        tag("section", tag("h2", title), inside, id=key, class_="card") for key, (title, inside) in there.items()
    ]  # fmt: skip
    foot = tag(
        "footer", f"Written {written} by gan_jax. Any later state: ", tag("code", "python -m gan_jax.report")
    )
    return [tag("header", *_head(facts)), menu, tag("main", *parts), foot]


def _head(facts: Facts) -> list[Html]:
    config = facts.config
    steps, step = config.get("steps"), facts.step
    whole = isinstance(steps, int) and steps > 0
    share = min(step / steps, 1.0) if whole and isinstance(steps, int) else None
    state, kind = _state(facts, share)
    speed = facts.series.get("images/s", [])
    seconds = facts.series.get("seconds", [])
    cells = {
        "game": config.get("gan", "unknown"),
        "step": f"{step:,}" + (f" of {steps:,}" if whole else ""),
        "time": progress.duration(seconds[-1].value) if seconds else "",
        "speed": f"{short(speed[-1].value)} images/s" if speed else "",
        "seed": config.get("seed", ""),
        "device": tables.device(facts),
    }
    items = [tag("div", tag("dt", key), tag("dd", value)) for key, value in cells.items() if value != ""]
    bar = tag("progress", value=f"{share or 0:.3f}", max=1, aria_label="share of the steps done")
    return [
        tag("p", "gan_jax run", class_="over"),
        tag("h1", facts.name),
        tag("p", tag("span", state, class_=f"pill {kind}"), " ", bar if share is not None else ""),
        tag("dl", *items, class_="facts"),
    ]


def _state(facts: Facts, share: float | None) -> tuple[str, str]:
    if any(line.get("warning") == "not_finite" for line in facts.warnings):
        return "stopped: a number was not finite", "bad"
    if share is None:
        return "has not begun" if not facts.series else f"at step {facts.step:,}", "going"
    return ("finished", "good") if share >= 1 else (f"{share:.0%} done when this was written", "going")


def _metrics(facts: Facts) -> Html:
    names = [name for name in facts.series if name.startswith("test/")]
    drawn = _charts(facts, names)
    return Html(tables.metrics(facts) + drawn) if names else Html("")


def _losses(facts: Facts) -> list[str]:
    return [name for name in facts.series if not name.startswith("test/") and name not in _rest(facts)]


def _rest(facts: Facts) -> list[str]:
    hidden = ("gradient/", "learning_rate/")
    return [name for name in facts.series if name.startswith(hidden) or name == "images/s"]


def _charts(facts: Facts, names: list[str]) -> Html:
    """A figure for each group of curves."""
    grouped = chart.groups({name: None for name in names if name != "seconds"})
    if not grouped:
        return Html("")
    marks = sorted({line["step"] for line in facts.warnings if not line.get("passed")})
    steps = (0, max(facts.step, 1))
    figures, told = [], {}
    for title, members in list(grouped.items())[:CHARTS]:
        title = title.removeprefix("test/")
        lines = [_line(name, facts) for name in members]
        figures.append(chart.chart(title, lines, steps, marks))
        told[title] = {"steps": steps, "lines": chart.values(lines)}
    more = [name for members in list(grouped.values())[CHARTS:] for name in members]
    note = tag("p", f"Not drawn: {', '.join(more)}", class_="quiet") if more else ""
    return Html(tag("div", *figures, class_="charts") + note + data(told, class_="values"))


def _line(name: str, facts: Facts) -> chart.Line:
    own = name.removeprefix("test/")
    last = own.split("/")[-1]
    label = name if name in chart.WHOLE else tables.label(last, facts) or last
    return chart.Line(label, facts.series[name], tables.known(own) if own != name else "")
