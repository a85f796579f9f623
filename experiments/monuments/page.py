"""The tables of README.md, between two marks, from the results alone; the words around them are kept."""

from collections.abc import Sequence
from pathlib import Path

from gan_jax.errors import UserError

BEGIN, END = "<!-- measured: begin (measure.py writes what stands here) -->", "<!-- measured: end -->"

SIDES = (("x", "photo"), ("y", "drawing"))
RETURN = {"L1": "l1/back_{}", "SSIM": "ssim/back_{}"}
LINES = {
    "ink F1": "ink_f1/fake_y",
    "precision": "ink_precision/fake_y",
    "recall": "ink_recall/fake_y",
    "ink share": "ink_share/fake_y",
    "specks": "speck_share/fake_y",
    "grey wash": "grey_share/fake_y",
    "chroma": "chroma/fake_y",
    "correlation": "correlation/fake_y",
    "L1": "l1/fake_y",
}
PHOTOS = {"L1": "l1/fake_x", "SSIM": "ssim/fake_x", "correlation": "correlation/fake_x"}

Rows = dict[str, dict[str, float]]


def write(readme: Path, results: dict, steps: Sequence[int]) -> None:
    """Puts the tables into the page; makes a bare page if there is none. UserError without its marks."""
    text = readme.read_text() if readme.exists() else f"{BEGIN}\n{END}\n"
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UserError(
            f"{readme}: the lines {BEGIN} and {END} are missing; put them where the tables belong"
        )
    readme.write_text(f"{before}{BEGIN}\n\n{measured(results, steps)}\n\n{END}{after}")


def measured(results: dict, steps: Sequence[int]) -> str:
    """All tables, the curves and the pictures, in Markdown."""
    ours, floor, ceiling = rows(results, steps)
    both = {f"{metric}, {name}": key.format(side) for side, name in SIDES for metric, key in RETURN.items()}
    parts = [
        "### There and back again\n\n" + table(ours | floor, both),
        "### Drawings of photos: F1 of ink within one pixel, and what the drawings are made of\n\n"
        + table(ours | floor | ceiling, LINES),
        "### Photos of drawings\n\n" + table(ours | floor | ceiling, PHOTOS),
        "### Over training\n\n![Curves of the metrics above](curves.png)",
    ]
    pictures = results.get("pictures", {})
    parts += [f"### Test pictures at step {step:,}\n\n![Grid]({name})" for step, name in pictures.items()]
    return "\n\n".join(parts)


def rows(results: dict, steps: Sequence[int]) -> tuple[Rows, Rows, Rows]:
    """By their titles: the run at those of `steps` that were evaluated, and its end; baselines; ceiling."""
    evaluations = results["evaluations"]
    last = evaluations[-1]
    chosen = [metrics for metrics in evaluations if metrics["step"] in steps or metrics is last]
    ours = {f"**step {metrics['step']:,}**": metrics for metrics in chosen}
    ceilings = {}
    for ceiling in results["ceilings"]:
        end = ceiling["evaluations"][-1]
        title = f"{ceiling['run']['gan']} on true pairs, step {end['step']:,}"
        ceilings[title] = ceilings.get(title, {}) | end  # two directions share a row
    return ours, results["baselines"], ceilings


def table(titled: Rows, columns: dict[str, str]) -> str:
    """A row for each title that has one of the metrics at least."""
    lines = [["", *columns], ["---", *["---:"] * len(columns)]]
    for title, metrics in titled.items():
        if any(key in metrics for key in columns.values()):
            lines.append([title, *(number(metrics.get(key)) for key in columns.values())])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None) -> str:
    """Three digits behind the point; a dash for what was not measured."""
    return "-" if value is None else f"{value:.3f}"
