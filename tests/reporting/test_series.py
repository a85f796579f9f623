import math

import pytest

from gan_jax.reporting import chart, series
from gan_jax.reporting.facts import Point
from gan_jax.reporting.sheets import chosen


def points(values: list[float]) -> list[Point]:
    return [Point(i, value) for i, value in enumerate(values)]


def test_smoothing_is_a_weighted_mean_of_the_past() -> None:
    values = [float(i % 2) for i in range(40)]  # a window of two: each earlier one weighs half
    found = series.smoothed(points(values))
    weights = [0.5**k for k in range(4)]
    expected = sum(w * values[3 - k] for k, w in enumerate(weights)) / sum(weights)
    assert found[3] == (3, pytest.approx(expected))
    assert series.smoothed(points([2.0, math.nan, 4.0])) == [(0, 2.0), (2, 4.0)], "few points stay themselves"


def test_thinning_keeps_peaks_order_and_gaps() -> None:
    values = [0.0] * 5000
    values[1234], values[4000], values[2000] = 9.0, -9.0, math.nan
    found = series.thinned(points(values), 300)
    assert len(found) <= 300
    assert [point.step for point in found] == sorted(point.step for point in found)
    assert {(1234, 9.0), (4000, -9.0)} <= set(found)
    assert sum(math.isnan(point.value) for point in found) == 1
    assert series.every(points(values), 5)[0].step == 0
    assert series.every(points(values), 5)[-1].step == 4999


def test_a_gap_is_a_gap_in_the_path() -> None:
    same = chart.Scale(lambda value: value, [])
    found = chart._path(points([50.0, 60.0, math.nan, 70.0]), same, same)
    assert found == "M0.0 50.0L1.0 60.0M3.0 70.0"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-3, 7, [-2, 0, 2, 4, 6]),
        (0, 10_000, [0, 2000, 4000, 6000, 8000, 10_000]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert series.ticks(low, high) == pytest.approx(expected)


def test_logarithmic_ticks() -> None:
    assert series.log_ticks(0.02, 3) == pytest.approx([0.03, 0.1, 0.3, 1, 3])
    assert len(series.log_ticks(1e-12, 1e12)) <= 6


def test_span_leaves_out_the_utmost_of_many() -> None:
    assert series.span([1.0] * 300 + [0.0] * 300 + [1e9]) == (0.0, 1.0)
    assert series.span([0.0, 5.0, 1e9]) == (0.0, 1e9)
    assert series.span([3.0]) == (2.7, 3.3)
    assert series.span([]) == (0.0, 1.0)


def test_short_numbers() -> None:
    assert [series.short(v) for v in (0, 0.25, 1500, -2e6, 3e-5)] == ["0", "0.25", "1.5k", "-2M", "3e-05"]


def test_unrest_is_the_way_over_the_range() -> None:
    assert series.unrest(points([3.0, 2.0, 0.0])) == 1
    assert series.unrest(points([0.0, 1.0, 0.0, 1.0])) == 3
    assert series.unrest(points([1.0, 1.0])) == 0


def test_groups() -> None:
    names = ["cycle/x", "cycle/y", "loss", "test/l1/back_x", "test/l1/fake_y", "test/modes", "images/s"]
    assert chart.groups(dict.fromkeys(names)) == {
        "cycle": names[:2], "loss": ["loss"], "test/l1": names[3:5], "test/modes": ["test/modes"],
        "images/s": ["images/s"],
    }  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 64, 500])
def test_what_is_chosen_later_was_chosen_before(count: int) -> None:
    def steps(n: int) -> list[int]:
        return [step for step, _ in chosen([(i, None) for i in range(n)])]  # type: ignore[misc]

    now = steps(count)
    assert len(now) <= 32
    assert now[-1] == count - 1
    assert set(now[:-1]) <= set(steps(count - 1)) | {count - 2}
