"""What the cycles of a trained run hide: numbers for the table, the curve for the file, pictures to look at."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from gan_jax import images
from gan_jax.evaluation.bars import bars
from gan_jax.evaluation.judge import Judge
from gan_jax.metrics import contrast, hidden
from gan_jax.metrics.hidden import ANOTHER, AS_IT_IS, CORRUPTIONS, LEAST, MEAN, Decode, Errors
from gan_jax.metrics.pairs import Images
from gan_jax.metrics.score import Group, Score
from gan_jax.model import Model

FOLDER = "hidden"  # beside the JSON
ROWS = 4
BEHIND = ("8 bits", "1 bit", "noise 8", "noise 16", "JPEG 50", "1/2 size")  # shown on the sheet
FEW = 8


class Cycle(NamedTuple):
    """A way there and back: what it starts from, what it makes of it, and the way back."""

    title: str
    labels: tuple[str, str]
    x: Images
    y: Images
    decode: Decode


def judge(
    model: Model, test: Mapping[str, Images], judge: Judge, place: Path
) -> Iterator[tuple[Group, dict[str, Any]]]:
    """For each direction that has a way back: the scores, and what the file holds of the curve; writes pictures.

    `judge.hidden` of the test pictures count, spread over all of them.

    Raises:
        UserError: a picture cannot be written.
    """
    for way in model.directions:
        source, target = way.split("2")
        if (back := f"{target}2{source}") not in model.directions:
            continue
        x = spread(test[source], judge.hidden)
        if len(x) < LEAST:
            judge.display.say(f"{way}: {len(x)} pictures: too few to look for what is hidden")
            continue
        cycle = _cycle(model, way, back, x, judge)
        found = hidden.errors(x, cycle.y, cycle.decode, judge.seed)
        moved = hidden.transplant(x, cycle.y, cycle.decode)
        name = place / FOLDER / f"step_{model.step:07d}_{way}"
        images.write(name.with_suffix(".png"), sheet(cycle, judge.seed))
        images.write(name.with_name(f"{name.name}_curve.png"), chart(cycle.title, found))
        curve = {"step": model.step, "direction": way, "pictures": len(x), "half_way": hidden.half_way(found)}
        curve["l1"] = {change: float(values.mean()) for change, values in found.items()}
        yield group(cycle, hidden.scores(found, moved, judge.seed)), curve


def spread(pictures: Images, most: int) -> Images:
    """At most so many of the pictures, evenly spread: neighbours may be frames of one film."""
    return pictures[np.unique(np.linspace(0, len(pictures) - 1, min(most, len(pictures))).astype(int))]


def _cycle(model: Model, way: str, back: str, x: Images, judge: Judge) -> Cycle:
    labels = tuple(model.config.data[f"{kind}_label"] or kind for kind in way.split("2"))
    title = f"step {model.step:,}, {way} and {back}, what the {labels[1]} hides of the {labels[0]}"
    told = 0

    def decode(y: Images) -> Images:
        nonlocal told
        told += 1
        judge.display.update(f"{title}: {told}/{len(CORRUPTIONS) + len(BEHIND) + 3}")
        return model.translate(y, back)

    return Cycle(title, (labels[0], labels[1]), x, model.translate(x, way), decode)


def group(cycle: Cycle, scores: list[Score]) -> Group:
    """The scores with a title, and a warning where they say little."""
    warnings = []
    if len(cycle.x) < FEW:
        warnings.append(f"only {len(cycle.x)} pictures: the intervals are too narrow")
    if all(score.metric != "hidden_share" for score in scores):
        warnings.append(
            f"the {cycle.labels[0]} comes back no better than from another's {cycle.labels[1]}: nothing can be hidden"
        )
    return Group(cycle.title, scores, "none", "none", "none", warnings)


def sheet(cycle: Cycle, seed: int) -> UInt8[np.ndarray, "height width 3"]:
    """Some pictures: given, translated, what is faint in that, and what comes back as it is and after changes."""
    x, y = cycle.x[:ROWS], cycle.y[:ROWS]
    columns = {cycle.labels[0]: x, cycle.labels[1]: y, "its faint part": contrast.amplified(y)}
    columns["back"] = cycle.decode(y)
    columns |= {f"back, {name}": cycle.decode(CORRUPTIONS[name](y, seed)) for name in BEHIND}
    return images.grid(list(zip(*columns.values(), strict=True)), list(columns))


def chart(title: str, found: Errors) -> UInt8[np.ndarray, "height width 3"]:
    """R of every change as a bar, and what to hold it against as lines."""
    means = {name: float(values.mean()) for name, values in found.items()}
    marks = {name: means.pop(name) for name in (AS_IT_IS, ANOTHER, MEAN)}
    return bars(f"{title}: L1 of what comes back", means, marks)
