"""Curves as SVG: raw values faint, their mean bold, on a linear and, where values are above 0, a logarithmic axis."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gan_jax.metrics import merit
from gan_jax.reporting import series
from gan_jax.reporting.facts import Point
from gan_jax.reporting.markup import Html, tag
from gan_jax.reporting.series import FEW, short

WIDTH, HEIGHT = 400, 220
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 10, 24
COLOURS = 8
WHOLE = ("images/s",)  # names whose parts are no groups
UNREST = 4.0  # a curve that goes up and down less than this often, over its whole range, needs no smoothing
WIDE = 100.0  # the ratio of the highest to the lowest value from which a logarithmic axis is shown first


class Line(NamedTuple):
    """One curve: its label, and whether the best point is known ("lower", ... of `metrics.best_is`)."""

    label: str
    points: Sequence[Point]
    metric: str = ""  # where the best value is to be marked: the metric's name


class Scale(NamedTuple):
    """Data to pixels along one axis."""

    place: Callable[[float], float]
    ticks: list[float]


def chart(title: str, lines: Sequence[Line], steps: tuple[int, int], marks: Sequence[int] = ()) -> Html:
    """A figure with a legend and what a script needs to show values; `marks` are steps at which something was told."""
    shown = [line for line in lines if any(math.isfinite(point.value) for point in line.points)]
    found = [point.value for line in shown for point in line.points if math.isfinite(point.value)]
    means = [point.value for line in shown if _leaps(line) for point in series.smoothed(line.points)]
    low, high = series.span(found)
    low, high = min([low, *means]), max([high, *means])
    layers = [("linear", _linear(low, high))]
    if shown and min(found) > 0:
        layers.append(("logarithmic", _logarithmic(low, high)))
    first = layers[-1][0] if len(layers) > 1 and high > WIDE * max(low, 1e-300) else "linear"
    across = Scale(_along(*steps, LEFT, WIDTH - RIGHT), series.ticks(*_apart(*steps), count=4))
    drawn = [
        _layer(name, scale, across, shown, marks, hidden=name != first, title=title) for name, scale in layers
    ]
    toggle = tag(
        "button", "log" if first == "linear" else "linear", class_="scale", type="button", aria_label=
        f"{title}: change between a linear and a logarithmic axis",
    ) if len(layers) > 1 else ""  # fmt: skip
    head = tag("div", tag("h3", title), toggle, class_="head")
    box = tag("div", *drawn, tag("div", class_="tip", hidden=True), class_="plot")
    return tag("figure", head, box, _legend(shown), class_="chart", data_chart=title)


def values(lines: Sequence[Line]) -> list[dict[str, object]]:
    """What a script shows beside the pointer: [step, value] of some points of each line."""
    return [
        {"label": line.label, "at": [[step, float(f"{value:.4g}")] for step, value in series.every(sound)]}
        for line in lines
        if (sound := [point for point in line.points if math.isfinite(point.value)])
    ]


def _linear(low: float, high: float) -> Scale:
    pad = 0.04 * (high - low)
    return Scale(_along(low - pad, high + pad, HEIGHT - BOTTOM, TOP), series.ticks(low, high))


def _logarithmic(low: float, high: float) -> Scale:
    low = max(low, high * 1e-12)
    a, b = math.log10(low), math.log10(high)
    pad = 0.04 * (b - a) or 0.1
    along = _along(a - pad, b + pad, HEIGHT - BOTTOM, TOP)
    return Scale(lambda value: along(math.log10(value)), series.log_ticks(low, high))


def _apart(first: float, last: float) -> tuple[float, float]:
    return (first, last) if last > first else (first, first + 1)


def _along(first: float, last: float, start: float, end: float) -> Callable[[float], float]:
    first, last = _apart(first, last)
    return lambda value: start + (value - first) / (last - first) * (end - start)


def _layer(
    name: str, up: Scale, across: Scale, lines: Sequence[Line], marks: Sequence[int], hidden: bool, title: str
) -> Html:
    said = "; ".join(f"{line.label} ends at {short(_last(line))}" for line in lines)
    parts: list[Html] = [tag("title", f"{title}: {said}" if said else f"{title}: no values yet")]
    for value in up.ticks:
        y = f"{up.place(value):.1f}"
        parts.append(tag("line", class_="rule", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y))
        parts.append(tag("text", short(value), x=LEFT - 6, y=y, class_="up"))
    for value in across.ticks:
        parts.append(tag("text", short(value), x=f"{across.place(value):.1f}", y=HEIGHT - 7, class_="across"))
    for step in marks[:20]:
        x = f"{across.place(step):.1f}"
        parts.append(tag("line", class_="mark", x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM))
    for i, line in enumerate(lines):
        parts += _curve(line, up, across, i)
    return tag(
        "svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", class_=name, hidden=hidden,
        data_span=f"{LEFT} {WIDTH - RIGHT}", preserveAspectRatio="none" if not lines else None,
    )  # fmt: skip


def _curve(line: Line, up: Scale, across: Scale, number: int) -> list[Html]:
    colour = f"c{number % COLOURS}" + (" dashed" if number >= COLOURS else "")
    many = _leaps(line)
    found = [
        tag(
            "path",
            d=_path(series.thinned(line.points), up, across),
            class_=f"{colour} raw" if many else colour,
        )
    ]
    if many:
        means = series.every(series.smoothed(line.points))
        found.append(tag("path", d=_path(means, up, across), class_=colour))
    sound = [point for point in line.points if math.isfinite(point.value)]
    if line.metric and sound:
        best = max(sound, key=lambda point: (merit(line.metric, point.value), point.step))
        x, y = _at(best, up, across)
        found.append(tag("circle", cx=x, cy=y, r=3.5, class_=f"{colour} best"))
    elif len(sound) == 1:
        x, y = _at(sound[0], up, across)
        found.append(tag("circle", cx=x, cy=y, r=2.5, class_=f"{colour} lone"))
    return found


def _leaps(line: Line) -> bool:
    return len(line.points) > FEW and series.unrest(line.points) > UNREST


def _path(points: Sequence[Point], up: Scale, across: Scale) -> str:
    """Moves and lines; a point that is no number ends a piece."""
    written, drawing = [], False
    for point in points:
        if math.isfinite(point.value):
            x, y = _at(point, up, across)
            written.append(f"{'L' if drawing else 'M'}{x} {y}")
        drawing = math.isfinite(point.value)
    return "".join(written)


def _at(point: Point, up: Scale, across: Scale) -> tuple[str, str]:
    y = min(max(up.place(point.value), TOP - 4), HEIGHT - BOTTOM + 4)  # what is far out is shown at the edge
    return f"{across.place(point.step):.1f}", f"{y:.1f}"


def _legend(lines: Sequence[Line]) -> Html:
    items = [
        tag(
            "li",
            tag("span", class_=f"key c{i % COLOURS}" + (" dashed" if i >= COLOURS else "")),
            line.label,
            " ",
            tag("b", short(_last(line))),
        )
        for i, line in enumerate(lines)
    ]
    return tag("ul", *items, class_="legend") if items else tag("p", "no values yet", class_="quiet")


def _last(line: Line) -> float:
    return next(point.value for point in reversed(line.points) if math.isfinite(point.value))


def groups(names: Mapping[str, object]) -> dict[str, list[str]]:
    """Curves that belong on one chart: "cycle/x" and "cycle/y"; "test/l1/back_x" and "test/l1/fake_y"."""
    found: dict[str, list[str]] = {}
    for name in names:
        parts = name.split("/")
        cut = 2 if parts[0] == "test" else 1
        together = len(parts) > cut and name not in WHOLE
        found.setdefault("/".join(parts[:cut]) if together else name, []).append(name)
    return found
