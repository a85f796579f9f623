"""A number about pictures with all that is needed to read it, as a row of a table and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gan_jax.metrics import best_is
from gan_jax.metrics.bootstrap import Interval

HEAD = ("", "best", "value", "std. error", "95 % interval", "real against real", "p")


class Floor(NamedTuple):
    """What real pictures score against real ones: the mean over some draws, its standard deviation, and how many."""

    value: float
    deviation: float
    n_real: int
    n_fake: int


class Score(NamedTuple):
    """A number. `p_value`: of the hypothesis that real and fake do not differ."""

    metric: str
    value: float
    n_real: int
    n_fake: int
    interval: Interval | None = None
    floor: Floor | None = None
    p_value: float | None = None


class Group(NamedTuple):
    """Scores of two sets. `features` and `resizing` say what they were computed on, `floor` what the floors are."""

    title: str
    scores: Sequence[Score]
    features: str
    resizing: str
    floor: str
    warnings: Sequence[str] = ()


def table(group: Group) -> str:
    """The group for people: a title, a row for each score, warnings."""
    rows = [HEAD, *(_row(score) for score in group.scores)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    about = f"  features: {group.features}; resizing: {group.resizing}; real against real: {group.floor}"
    return "\n".join([group.title, about, *lines, *(f"  warning: {line}" for line in group.warnings)])


def as_json(group: Group) -> dict[str, Any]:
    """The group as a JSON object; each score carries all of its circumstances."""
    scores = [
        {
            "metric": score.metric,
            "best": best_is(score.metric),
            "value": score.value,
            "n_real": score.n_real,
            "n_fake": score.n_fake,
            "features": group.features,
            "resizing": group.resizing,
            "interval": _plain(score.interval),
            "floor": _plain(score.floor),
            "p_value": score.p_value,
        }
        for score in group.scores
    ]
    return {
        "title": group.title,
        "scores": scores,
        "real_against_real": group.floor,
        "warnings": list(group.warnings),
    }


def _plain(value: Interval | Floor | None) -> Mapping[str, float] | None:
    return value._asdict() if value else None


def _row(score: Score) -> tuple[str, ...]:
    interval, floor = score.interval, score.floor
    return (
        score.metric,
        best_is(score.metric),
        shown(score.value),
        shown(interval.error) if interval else "",
        f"{shown(interval.low)} to {shown(interval.high)}" if interval else "",
        f"{shown(floor.value)} (n {floor.n_real}+{floor.n_fake})" if floor else "",
        f"{score.p_value:.3f}" if score.p_value is not None else "",
    )


def shown(value: float) -> str:
    """Four decimals below 1, else four digits: "0.0123", "1.234", "123.4"."""
    return f"{value:.4f}" if abs(value) < 1 else f"{value:#.4g}".rstrip(".")
