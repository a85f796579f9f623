"""Writes this folder's numbers and pictures from a finished run, with nothing typed by hand:

    python experiments/monuments/measure.py --run=RUN --ceiling=PIX2PIX_RUN --out=experiments/monuments

Leaves results.json, curves.png, config.json, metrics.jsonl, step_*.png or .jpg, and the tables in README.md.
Needs matplotlib: pip install -e '.[experiments]'.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import curves
import page
import samples
from baselines import baselines
from runs import Run, read_run

from gan_jax.errors import UserError

STEPS = (0, 500, 2000, 5000, 10_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, and gives the exit status: 0, or 2 for a mistake of the user."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--run", type=Path, required=True, help="the run directory to measure")
    parser.add_argument(
        "--ceiling",
        type=Path,
        action="append",
        default=[],
        help="a pix2pix run on the true pairs of the same pictures; may be given twice, for each direction",
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where to write")
    given = parser.parse_args(arguments)
    try:
        measure(given.run, given.ceiling, given.out)
    except UserError as error:
        print(f"measure: {error}", file=sys.stderr)
        return 2
    return 0


def measure(directory: Path, ceilings: Sequence[Path], out: Path) -> None:
    """Everything this program does; UserError when a directory is not a run with evaluations."""
    run = read_run(directory)
    results = collect(run, [read_run(ceiling) for ceiling in ceilings])
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    for name in ("config.json", "metrics.jsonl"):
        shutil.copyfile(directory / name, out / name)
    results["pictures"] = samples.copy(directory / "samples", out, STEPS)
    curves.draw(results, out / "curves.png")
    page.write(out / "README.md", results, STEPS)


def collect(run: Run, ceilings: Sequence[Run]) -> dict:
    """What results.json holds: the run's evaluations, those of the ceilings, and the baselines' scores."""
    for ceiling in ceilings:
        if ceiling.config.data.resize != run.config.data.resize:
            raise UserError(
                f"--ceiling: its pictures have data.resize={ceiling.config.data.resize}, those of --run "
                f"{run.config.data.resize}; train both at one size"
            )
    return {
        "run": run.facts,
        "evaluations": run.evaluations,
        "ceilings": [{"run": ceiling.facts, "evaluations": ceiling.evaluations} for ceiling in ceilings],
        "baselines": baselines(run.config),
    }


if __name__ == "__main__":
    sys.exit(main())
