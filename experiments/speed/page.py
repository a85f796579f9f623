"""The tables of experiments/speed/README.md, from the results beside it."""

import json
import statistics
from pathlib import Path
from typing import Any

from experiments.speed.cases import CASES

START, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TITLES = (
    "step", "numbers", "ours, s", "images/s", "GFLOP/s", "of the limit", "PyTorch's fastest, s", "which",
    "ratio (spread of turns)", "first step: ours, PyTorch, s", "peak memory: ours, PyTorch, GiB",
)  # fmt: skip


def fastest(race: dict[str, Any]) -> str | None:
    """The peer's variant with the smallest median, of those that ran."""
    ran = {
        name: statistics.median(one["seconds"]["peer"])
        for name, one in race["variants"].items()
        if one["seconds"]["peer"]
    }
    return min(ran, key=lambda name: ran[name]) if ran else None


def limit(results: dict[str, Any], dtype: str) -> float:
    """The best GFLOP/s of a convolution that either library reached."""
    found = results["limits"].get(dtype, {})
    rates = [rate for side in found.values() for name, rate in side.items() if name.startswith("convolution")]
    return max(rates, default=float("nan"))


def row(name: str, results: dict[str, Any]) -> list[str]:
    """The cells of one race."""
    race, (case, dtype) = results["races"][name], name.split(", ")
    variant = fastest(race)
    one = race["variants"][variant or next(iter(race["variants"]))]
    ours = one["seconds"]["ours"]
    if not ours or variant is None:
        errors = {side: answer.get("error") for side, answer in one["first"].items()}
        return [CASES[case].title, dtype, f"did not run: {errors}", *[""] * (len(TITLES) - 3)]
    peer, second = one["seconds"]["peer"], statistics.median(ours)
    ratios = sorted(theirs / own for own, theirs in zip(ours, peer, strict=True))
    rate = 1e-9 * race["flops"] / second
    first = [one["first"][side]["seconds"] for side in ("ours", "peer")]
    bytes_ = [one["about"][side]["bytes"] / 2**30 for side in ("ours", "peer")]
    return [
        CASES[case].title,
        dtype,
        f"{second:.3g}",
        f"{race['batch'] / second:.3g}",
        f"{rate:.0f}",
        f"{rate / limit(results, dtype):.0%}",
        f"{statistics.median(peer):.3g}",
        variant,
        f"**{statistics.median(peer) / second:.2f}** ({ratios[0]:.2f} to {ratios[-1]:.2f})",
        f"{first[0]:.0f}, {first[1]:.0f}",
        f"{bytes_[0]:.2f}, {bytes_[1]:.2f}",
    ]


def line(name: str, results: dict[str, Any]) -> str:
    """One race for the console."""
    return "  ".join(f"{title}: {cell}" for title, cell in zip(TITLES, row(name, results), strict=True))


def beside(results: dict[str, Any]) -> list[str]:
    """What a run takes beside its steps, where that was measured."""
    found = results.get("overheads")
    if not found:
        return ["\nStarts, and what a run takes beside its steps: not measured."]
    return [
        f"\nFrom the command to the first step of the default config: {_spread(found['cold'])}, "
        f"{_spread(found['warm'])} once its programs are compiled. "
        f"Of {found['seconds']:.0f} s for {found['steps']:,} steps, "
        f"{found['batches']:.1%} were spent on getting batches, {found['records']:.1%} on logs, sheets, metrics and "
        "checkpoints."
    ]


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.0f} s ({min(seconds):.0f} to {max(seconds):.0f})"


def by_layer(results: dict[str, Any]) -> list[str]:
    """Single layers in XLA's form and in ours, where that was measured."""
    found = results.get("layers")
    if not found:
        return []
    return [
        "\n| layer with its gradients | XLA's own form, ms | ours, ms | ratio (spread of turns) |",
        "|---|---|---|---|",
        *(
            f"| {one['title']} | {one['plain']:.3g} | {one['ours']:.3g} "
            f"| **{one['plain'] / one['ours']:.1f}** ({one['ratios'][0]:.1f} to {one['ratios'][1]:.1f}) |"
            for one in found
        ),
    ]


def _rates(rates: dict[str, Any]) -> str:
    return ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items() if name != "error")


def write(folder: Path) -> None:
    """README.md, with a section for each machine that has results."""
    parts = [START]
    for path in sorted(folder.glob("results_*.json")):
        results = json.loads(path.read_text())
        machine, races = results["machine"], results["races"]
        about = next(iter(races.values()))["variants"]["eager"]["about"] if races else {}
        versions = ", ".join(
            f"{key} {value}" for side in about.values() for key, value in side.items() if key != "bytes"
        )
        parts += [
            f"\n### {machine['name']}, {machine['cores']} cores, {machine['device']}\n",
            f"Python {machine['python']}, {versions}. Best rates found, GFLOP/s:\n",
            *(
                f"- {dtype}, {side}: " + _rates(rates)
                for dtype, sides in results["limits"].items()
                for side, rates in sides.items()
            ),
            f"\n| {' | '.join(TITLES)} |",
            "|---" * len(TITLES) + "|",
            *(f"| {' | '.join(row(name, results))} |" for name in races),
            *beside(results),
            *by_layer(results),
        ]
    path = folder / "README.md"
    text = path.read_text() if path.exists() else f"# Speed\n\n{START}\n{END}\n"
    before, _, rest = text.partition(START)
    path.write_text(before + "\n".join([*parts, END]) + rest.partition(END)[2])
