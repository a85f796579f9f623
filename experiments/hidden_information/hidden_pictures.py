"""The pictures of this folder: what the controls draw and give back, and their errors under noise."""

from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

matplotlib.use("Agg")

from matplotlib import pyplot

from gan_jax.grids import grid
from gan_jax.metrics import contrast, hidden

ROWS = (6, 15)  # crops to show: a white sky and a blue one
BEHIND = ("4 bits", "noise 8", "noise 16", "JPEG 50", "1/2 size")
TITLES = {0.0: "plain", 0.1: "with noise"}


def sheet(
    shown: dict[float, dict[str, Callable[[np.ndarray], np.ndarray]]],
    crops: dict[str, np.ndarray],
    path: Path,
) -> None:
    """Rows of each control: photo, drawn, what is faint in it, and what comes back as it is and after changes."""
    x = crops["x"][list(ROWS)]
    rows, names = [], []
    for noise, players in sorted(shown.items()):
        y = players["G"](x)
        columns = [x, y, contrast.amplified(y), players["F"](y)]
        columns += [players["F"](hidden.CORRUPTIONS[name](y, 0)) for name in BEHIND]
        rows += list(zip(*columns, strict=True))
        names += [TITLES.get(noise, f"noise {noise:g}")] * len(x)
    labels = ["photo", "drawn", "its faint part", "back", *(f"back, {name}" for name in BEHIND)]
    made = Image.fromarray(grid(rows, labels, names))
    made.resize((made.width // 2, made.height // 2), Image.Resampling.LANCZOS).save(
        path, quality=75, optimize=True
    )


def curves(results: dict, path: Path) -> None:
    """R over noise: each control at its last step, a line for each seed, held-out crops; and the runs' cycles."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained", sharey=True)
    levels = (0, *hidden.NOISES)
    last = max((found["step"] for found in results["control"]), default=0)
    for found in results["control"]:
        if found["crops"] == "held out" and found["step"] == last:
            plain = not found["noise"]
            label = f"trained {'plainly' if plain else 'with noise'}" if found["seed"] == 0 else None
            left.plot(levels, rises(found["l1"]), "C3.-" if plain else "C0.-", label=label)
    left.set(title=f"Trained to hide, {last:,} steps, held out")
    for i, (name, cycles) in enumerate(results["runs"].items()):
        for cycle in cycles:
            style = "-" if cycle["direction"] == "x2y" else "--"
            label = f"{name}, {cycle['direction']}"
            right.plot(levels, rises(cycle["l1"]), style, color=f"C{i}", marker=".", label=label)
    right.set(title="CycleGAN, test pictures")
    for axis in (left, right):
        axis.set(xlabel="noise on G(x), levels of 255", ylabel="rise of L1(F(G(x)), x)")
        axis.grid(alpha=0.3)
        if axis.lines:
            axis.legend(fontsize=7, handlelength=4)
    figure.savefig(path, dpi=70)
    pyplot.close(figure)


def rises(l1: dict[str, float]) -> list[float]:
    """By how much each noise raises R, from no noise on."""
    return [0.0, *(l1[f"noise {levels}"] - l1[hidden.AS_IT_IS] for levels in hidden.NOISES)]
