"""The tables of README.md, between two marks, from the results alone; the words around them are kept."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.errors import UserError
from gan_jax.metrics.hidden import ANOTHER, AS_IT_IS, MEAN

BEGIN = "<!-- measured: begin (measure_hidden.py writes what stands here) -->"
END = "<!-- measured: end -->"
COLUMNS = (
    AS_IT_IS,
    *("4 bits", "1 bit", "noise 8", "noise 16", "JPEG 75", "JPEG 50", "1/2 size", "blur 1"),
    ANOTHER,
    MEAN,
)
Rows = dict[str, list[str]]


def write(readme: Path, results: dict) -> None:
    """Puts the tables into the page; makes a bare page if there is none. UserError without its marks."""
    text = readme.read_text() if readme.exists() else f"{BEGIN}\n{END}\n"
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UserError(
            f"{readme}: the lines {BEGIN} and {END} are missing; put them where the tables belong"
        )
    readme.write_text(f"{before}{BEGIN}\n\n{measured(results)}\n\n{END}{after}")


def measured(results: dict) -> str:
    """All tables and pictures, in Markdown."""
    parts = []
    for crops in ("held out", "trained on"):
        conditions = by_condition(found for found in results["control"] if found["crops"] == crops)
        if conditions:
            l1 = {
                name: [over_seeds(runs, "l1", change) for change in COLUMNS]
                for name, runs in conditions.items()
            }
            parts.append(
                f"### Trained to hide: L1 of what comes back, crops {crops}\n\n" + table(COLUMNS, l1)
            )
    if results["control"]:
        parts += [
            "### Trained to hide: hidden share, and what an honest decoder lacks\n\n"
            + floors(results["control"]),
            "### Trained to hide: the numbers, crops held out\n\n" + numbers(results["control"]),
            "### Trained to hide: fragility without the noise over fragility with it, seed by seed\n\n"
            + ratios(results["control"]),
            "![What two controls draw and give back](control.jpg)",
        ]
    if results["runs"]:
        parts.append("### CycleGAN: L1 of what comes back\n\n" + table(COLUMNS, runs_l1(results["runs"])))
        parts.append("### CycleGAN: the numbers\n\n" + run_numbers(results["runs"]))
    return "\n\n".join([*parts, "![The rise of the error under noise](noise.png)"])


def by_condition(found: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The seeds of each pair of step and noise, by its title."""
    titled: dict[str, list[dict[str, Any]]] = {}
    for one in sorted(found, key=lambda one: (one["step"], one["noise"], one["seed"])):
        noise = f"noise {one['noise']:g}" if one["noise"] else "plain"
        titled.setdefault(f"{one['step']:,} steps, {noise}", []).append(one)
    return titled


def over_seeds(runs: list[dict[str, Any]], block: str, name: str) -> str:
    """The mean over seeds and, of several, their standard deviation; a dash where one lacks the number."""
    if block == "scores" and any(name not in run[block] for run in runs):
        return "-"
    values = [run[block][name]["value"] if block == "scores" else run[block][name] for run in runs]
    return spread(values)


def spread(values: list[float]) -> str:
    mean = f"{np.mean(values):.3f}"
    return f"{mean} ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else mean


def numbers(control: list[dict[str, Any]]) -> str:
    """What is hidden, and how near the drawings are to the true ones."""
    rows = {}
    for name, runs in by_condition(one for one in control if one["crops"] == "held out").items():
        shares = [
            over_seeds(runs, "scores", metric) for metric in ("hidden_share", "fragility", "transplant")
        ]
        rows[name] = [str(len(runs)), *shares, spread([run["look"] for run in runs])]
    return table(("seeds", "hidden share", "fragility", "transplant", "squared error of the drawing"), rows)


def ratios(control: list[dict[str, Any]]) -> str:
    """For each step, kind of crops and seed: how many times more fragile the plain control is."""
    found: dict[tuple[int, str], dict[int, dict[bool, float]]] = {}
    for one in control:
        seeds = found.setdefault((one["step"], one["crops"]), {})
        seeds.setdefault(one["seed"], {})[bool(one["noise"])] = one["scores"]["fragility"]["value"]
    seeds = sorted({one["seed"] for one in control})
    rows = {
        f"{step:,} steps, {crops}": [
            f"{pair[False] / pair[True]:.1f}" if len(pair := of.get(seed, {})) == 2 else "-" for seed in seeds
        ]
        for (step, crops), of in sorted(found.items())
    }
    return table([f"seed {seed}" for seed in seeds], rows)


def floors(control: list[dict[str, Any]]) -> str:
    """Where an honest decoder was trained: the share of what F restores that this one does not."""
    rows = {}
    for one in control:
        if "honest" in one and "hidden_share" in one["scores"]:
            l1 = one["l1"]
            lacks = (one["honest"] - l1[AS_IT_IS]) / (l1[ANOTHER] - l1[AS_IT_IS])
            noise = f"noise {one['noise']:g}" if one["noise"] else "plain"
            title = f"{one['step']:,} steps, {noise}, seed {one['seed']}, {one['crops']}"
            values = (l1[AS_IT_IS], one["honest"], lacks, one["scores"]["hidden_share"]["value"])
            rows[title] = [f"{value:.3f}" for value in values]
    return table(("L1 of F", "L1 of the honest decoder", "share it lacks", "hidden share"), rows)


def runs_l1(runs: dict[str, list[dict[str, Any]]]) -> Rows:
    return {
        f"{name}, step {cycle['step']:,}, {cycle['direction']}": [
            f"{cycle['l1'][change]:.3f}" for change in COLUMNS
        ]
        for name, cycles in runs.items()
        for cycle in cycles
    }


def run_numbers(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Each with its interval over pictures."""
    metrics = ("hidden_share", "fragility", "transplant")
    rows = {
        f"{name}, step {cycle['step']:,}, {cycle['direction']}": [
            interval(cycle["scores"].get(metric)) for metric in metrics
        ]
        for name, cycles in runs.items()
        for cycle in cycles
    }
    return table(("hidden share", "fragility", "transplant"), rows)


def interval(score: dict[str, float] | None) -> str:
    return f"{score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})" if score else "-"


def table(columns: Iterable[str], rows: Rows) -> str:
    """A row for each title."""
    columns = list(columns)
    lines = [
        ["", *columns],
        ["---", *["---:"] * len(columns)],
        *([name, *cells] for name, cells in rows.items()),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
