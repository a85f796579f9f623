"""The metrics over training, beside what needs no learning (dotted) and the ceilings (dashed)."""

from pathlib import Path
from typing import NamedTuple

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.axes import Axes


class Line(NamedTuple):
    """One metric, and the baselines to show beside it."""

    key: str
    label: str
    beside: tuple[str, ...] = ()


PANELS = {
    "Restored: L1 (lower is better)": (
        Line("l1/back_x", "photo F(G(x))", ("best constant",)),
        Line("l1/back_y", "drawing G(F(y))", ("blank sheet",)),
    ),
    "Restored: SSIM (higher is better)": (
        Line("ssim/back_x", "photo F(G(x))", ("best constant",)),
        Line("ssim/back_y", "drawing G(F(y))", ("blank sheet",)),
    ),
    "Drawn lines within 1 pixel of true ones": (
        Line("ink_f1/fake_y", "F1", ("input unchanged", "another building", "edge filter")),
        Line("ink_precision/fake_y", "precision"),
        Line("ink_recall/fake_y", "recall"),
    ),
    "Correlation with the true picture": (
        Line("correlation/fake_y", "drawing G(x)", ("edge filter",)),
        Line("correlation/fake_x", "photo F(y)", ("mean training picture",)),
    ),
    "Photos of drawings: L1 to the true photo": (
        Line("l1/fake_x", "photo F(y)", ("best constant", "mean training picture")),
    ),
    "What the drawings are made of": (
        Line("ink_share/fake_y", "ink", ("true pictures",)),
        Line("speck_share/fake_y", "specks in the ink", ("true pictures",)),
        Line("grey_share/fake_y", "grey wash", ("true pictures",)),
        Line("chroma/fake_y", "chroma"),
    ),
}


def draw(results: dict, path: Path) -> None:
    """Writes the picture of all panels."""
    figure, axes = pyplot.subplots(2, 3, figsize=(15, 8), layout="constrained")
    for axis, (title, lines) in zip(axes.flat, PANELS.items(), strict=True):
        axis.set(title=title, xlabel="step")
        for colour, line in enumerate(lines):
            plot(axis, line, f"C{colour}", results)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def plot(axis: Axes, line: Line, colour: str, results: dict) -> None:
    """One metric over the steps, its baselines and its ceiling, in one colour."""
    found = [
        (metrics["step"], metrics[line.key]) for metrics in results["evaluations"] if line.key in metrics
    ]
    if found:
        axis.plot(*zip(*found, strict=True), color=colour, marker=".", label=line.label)
    for style, name in zip((":", (0, (1, 3)), "-."), line.beside, strict=False):
        axis.axhline(
            results["baselines"][name][line.key],
            color=colour,
            linestyle=style,
            lw=1,
            label=f"{line.label}: {name}",
        )
    for ceiling in results["ceilings"]:
        end = ceiling["evaluations"][-1]
        if line.key in end:
            axis.axhline(end[line.key], color=colour, linestyle="--", lw=1, label=f"{line.label}: pix2pix")
