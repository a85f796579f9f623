"""Writes this folder's numbers and pictures from finished runs, with nothing typed by hand:

    python experiments/hidden_information/measure_hidden.py --control=DIR ... --run=NAME=EVALUATION.JSON ... \
        --out=experiments/hidden_information

A control is a --workdir of control.py; an evaluation is what `python -m gan_jax.evaluate` wrote. Leaves results.json,
control.jpg, noise.png and the tables in README.md. Needs matplotlib: pip install -e '.[experiments]'.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hidden_pictures
import hidden_tables
import numpy as np
import trained_controls
from control import config
from honest import survivors
from trained_controls import Network

from gan_jax import compiler, data
from gan_jax.data.resized import Resized
from gan_jax.errors import UserError
from gan_jax.levels import to_float
from gan_jax.metrics import hidden

STEPS = (400, 1200)
CHOSEN = 12  # pictures, four crops of each


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, and gives the exit status: 0, or 2 for a mistake of the user."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--control", type=Path, action="append", default=[], help="may be given often")
    parser.add_argument("--run", action="append", default=[], help="NAME=EVALUATION.JSON; may be given often")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where to write")
    given = parser.parse_args(arguments)
    try:
        runs = dict(read(run) for run in given.run)
        crops = pictures()
        given.out.mkdir(parents=True, exist_ok=True)
        results = {"control": controls(given.control, crops, given.out), "runs": runs}
        (given.out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
        hidden_pictures.curves(results, given.out / "noise.png")
        hidden_tables.write(given.out / "README.md", results)
    except UserError as error:
        print(f"measure_hidden: {error}", file=sys.stderr)
        return 2
    return 0


def read(named: str) -> tuple[str, list[dict[str, Any]]]:
    """NAME=EVALUATION.JSON as the name and its cycles. UserError for a file without any."""
    name, _, path = named.rpartition("=")
    try:
        report = json.loads(Path(path).read_text())
        found = report["hidden"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"--run={named}: expected NAME=EVALUATION.JSON of gan_jax.evaluate ({error!r})"
        ) from error
    groups = {group["title"]: group["scores"] for group in report["groups"]}
    for cycle in found:
        (scores,) = (scores for title, scores in groups.items() if is_of(title, cycle))
        cycle["scores"] = {
            score["metric"]: plain(score) for score in scores if not score["metric"].startswith("l1")
        }
    return name, found


def is_of(title: str, cycle: dict[str, Any]) -> bool:
    """Whether a group of that title belongs to a cycle."""
    return title.startswith(f"step {cycle['step']:,}, {cycle['direction']}") and " hides " in title


def plain(score: dict[str, Any]) -> dict[str, float]:
    """A score's value and interval."""
    return {"value": score["value"], **{end: score["interval"][end] for end in ("low", "high")}}


def pictures() -> dict[str, dict[str, np.ndarray]]:
    """The four quarters of 12 pictures trained on and of the 12 others, photos x and true drawings y."""
    settings = config()
    settings.data.test_pictures = CHOSEN
    source = data.source(settings.data)
    test = data.test_pictures(source, settings)
    train = {}
    for kind, found in zip("xy", source.train, strict=True):
        reader = Resized(found, (settings.data.resize,) * 2, limit=0)
        train[kind] = np.stack([to_float(reader.get(i)) for i in range(CHOSEN)])
    return {
        "held out": {kind: quarters(test[kind]) for kind in "xy"},
        "trained on": {kind: quarters(train[kind]) for kind in "xy"},
    }


def quarters(images: np.ndarray) -> np.ndarray:
    """The four quarters of each picture, one picture after the other's: no neighbours are of one picture."""
    height, width = (side // 2 for side in images.shape[1:3])
    return np.concatenate(
        [images[:, top : top + height, left : left + width] for top in (0, height) for left in (0, width)]
    )


def controls(
    workdirs: Sequence[Path], crops: dict[str, dict[str, np.ndarray]], out: Path
) -> list[dict[str, Any]]:
    """What the tables and curves need of each control at each of STEPS, on both kinds of crops."""
    found, shown = [], {}
    for workdir in workdirs:
        for step in STEPS:
            facts, players = trained_controls.load(workdir, step)
            about = {name: facts[name] for name in ("seed", "noise", "seconds")}
            for kind, pair in crops.items():
                found.append({**about, "step": step, "crops": kind, **measured(pair, **players)})
                if (workdir / trained_controls.HONEST / str(step)).is_dir():
                    found[-1] |= floor(trained_controls.load_honest(workdir, step), pair["x"], players["G"])
        if about["seed"] == 0:
            shown[about["noise"]] = players
    if shown:
        hidden_pictures.sheet(shown, crops["held out"], out / "control.jpg")
    return found


def floor(honest: Network, x: np.ndarray, G: Network) -> dict[str, float]:
    """The error of the honest decoder, on what it was trained on."""
    return {"honest": float(hidden.distance(honest(survivors(G(x), np.random.default_rng(0))), x).mean())}


def measured(pair: dict[str, np.ndarray], G: Network, F: Network) -> dict[str, Any]:
    """The curve, the numbers and how near G's drawings are to the true ones."""
    x, truth = pair["x"], pair["y"]
    y = G(x)
    errors = hidden.errors(x, y, F)
    scores = hidden.scores(errors, hidden.transplant(x, y, F))
    return {
        "look": float(np.mean((y - truth) ** 2)),
        "l1": {change: float(values.mean()) for change, values in errors.items()},
        "half_way": hidden.half_way(errors),
        "scores": {
            score.metric: {"value": score.value, "low": score.interval.low, "high": score.interval.high}
            for score in scores
            if not score.metric.startswith("l1")
        },
    }


if __name__ == "__main__":
    compiler.prepare()
    sys.exit(main())
