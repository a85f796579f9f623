"""Proves what a game claims: trains it and its baselines with several seeds, measures, and writes what came out.

    python -m experiments.proof wgan_gp                     all seeds; "all" for all games
    python -m experiments.proof wgan_gp --seeds=0           one
    python -m experiments.proof --table                     only experiments/README.md anew

What was measured before is kept in experiments/NAME/results.json and not measured again (--again does), so a stopped
command
goes on when it is given again. Runs are kept in --runs.
"""

import argparse
import functools
import json
import platform
import shutil
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from experiments import pages
from gan_jax import compiler, data, generation, images, rules, settings, train, trained
from gan_jax.data.examples import Batch, Examples, example_shape
from gan_jax.grids import grid
from gan_jax.sheets import SMALL

HERE = Path(__file__).parent
Numbers = dict[str, float]
Found = dict[str, dict[str, list[float]]]


class Proof(NamedTuple):
    """What is claimed, the runs that try it, and how they are judged; the first of the runs is the system itself."""

    paper: str
    claim: str
    published: str
    runs: dict[str, tuple[str, dict[str, Any]]]  # label: config file, changes
    measure: Callable[["Trained"], Numbers]
    verdict: Callable[[Found], tuple[str, str]]
    headline: str
    seeds: tuple[int, ...] = (0, 1, 2)
    direct: Callable[[int], Numbers] | None = None  # numbers of a seed that need no run


class Trained:
    """A run that has ended, to be measured."""

    def __init__(self, workdir: Path) -> None:
        """Reads the newest checkpoint and the data of a run directory."""
        run = trained.read(workdir)
        self.workdir, self.config, self.step = workdir, run.config, run.step
        found = data.source(run.config.data)
        assert isinstance(found, Examples)
        self.source, self.test = found, found.test
        self.generator = generation.of(run) if run.game.sampler else None
        self.networks = _callables(run, run.params)
        self.raw = _callables(run, run.raw)
        self.metrics = _last_metrics(workdir / "metrics.jsonl")

    def sample(self, n: int, seed: int = 0, **options: Any) -> np.ndarray:
        """See `gan_jax.generation.Generator.sample`."""
        assert self.generator is not None
        return self.generator.sample(n, seed, **options)

    def train(self, n: int) -> Batch:
        """`n` training examples, those of the first batch of that size."""
        return self.source.draw(self.config.seed, 0, n)


def _callables(run: trained.Trained, params: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    # Only players that some move trains have parameters in a checkpoint.
    return {
        name: functools.partial(jax.jit(p.apply), params[name])
        for name, p in run.game.players.items()
        if name in params
    }


def _last_metrics(path: Path) -> Numbers:
    last: Numbers = {}
    for line in path.read_text().splitlines():
        last |= {name: value for name, value in json.loads(line).items() if isinstance(value, (int, float))}
    return last


def main(arguments: list[str] | None = None) -> int:
    """Measures what the flags say, and writes the pages."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="folders of experiments/ that have a proof.py")
    parser.add_argument("--seeds", help="such as 0,1,2; default: those of the proof")
    parser.add_argument("--runs", type=Path, default=Path("runs/proofs"))
    parser.add_argument("--again", action="store_true", help="measure what was measured already")
    parser.add_argument("--table", action="store_true", help="only write the pages anew")
    parser.add_argument("--pictures", action="store_true", help="only make the pictures of kept runs anew")
    options = parser.parse_args(arguments)
    every = sorted(path.parent.name for path in HERE.glob("*/proof.py"))
    names = every if options.table or "all" in options.names else options.names
    if not names or not set(names) <= set(every):
        parser.error(f"expected all, or some of {', '.join(every)}")
    compiler.prepare()
    for name in names:
        proof = load(name)
        seeds = [int(seed) for seed in options.seeds.split(",")] if options.seeds else proof.seeds
        if options.pictures:
            for label in proof.runs:
                pictures(
                    label,
                    options.runs / name / folder(label, seeds[0]),
                    HERE / name,
                    label == next(iter(proof.runs)),
                )
        elif not options.table:
            measure(name, proof, seeds, options.runs, options.again)
        pages.write(HERE / name, name, proof, read(name))
    pages.write_table(HERE, {name: (load(name), read(name)) for name in every})
    return 0


def load(name: str) -> Proof:
    """The proof of a folder."""
    found: Proof = import_module(f"experiments.{name}.proof").PROOF
    return found


def read(name: str) -> dict[str, Any]:
    """What was measured: {"machine", "measured": {label: {seed: {"seconds", "numbers"}}}}."""
    path = HERE / name / "results.json"
    return json.loads(path.read_text()) if path.exists() else {"machine": {}, "measured": {}}


def measure(name: str, proof: Proof, seeds: Any, runs: Path, again: bool) -> None:
    """Trains and measures each label and seed that is not in results.json yet, and keeps each as soon as
    it is known.
    """
    results = read(name)
    for seed in seeds:
        tasks: dict[str, Callable[[], Numbers]] = {
            label: functools.partial(_trained, proof, label, seed, runs / name) for label in proof.runs
        }
        if proof.direct:
            tasks["direct"] = functools.partial(proof.direct, seed)
        for label, task in tasks.items():
            known = results["measured"].setdefault(label, {})
            if str(seed) in known and not again:
                continue
            started = time.monotonic()
            numbers = {key: float(value) for key, value in task().items()}
            known[str(seed)] = {"seconds": round(time.monotonic() - started, 1), "numbers": numbers}
            print(f"{name}, {label}, seed {seed}: {numbers}", flush=True)
            results["machine"] = machine()
            (HERE / name / "results.json").write_text(json.dumps(results, indent=1) + "\n")
            if seed == seeds[0] and label != "direct":
                first = label == next(iter(proof.runs))
                pictures(label, runs / name / folder(label, seed), HERE / name, first)


def folder(label: str, seed: int | None = None) -> str:
    """A label as the name of a file."""
    name = "".join(c if c.isalnum() else "_" for c in label)
    return name if seed is None else f"{name}_{seed}"


def _trained(proof: Proof, label: str, seed: int, runs: Path) -> Numbers:
    file, changes = proof.runs[label]
    config = settings.load(file).copy_and_resolve_references()
    settings.vary(config, "run", {"run": {**changes, "seed": seed}})
    rules.validate(config)
    workdir = runs / folder(label, seed)
    if train.train(config.lock(), workdir):
        sys.exit("stopped; the same command goes on")
    return proof.measure(Trained(workdir))


def pictures(label: str, workdir: Path, to: Path, between: bool) -> None:
    """The last sample sheet of a run; and, for `between`, ways from one latent to another, where it makes pictures."""
    sheets = sorted((workdir / "samples").glob("step_*.png"))
    if sheets:
        shutil.copyfile(sheets[-1], to / f"{folder(label)}.png")
    run = trained.read(workdir)
    if between and run.game.sampler and len(example_shape(run.config.data)) == 3:
        path = to / f"{folder(label)}_between.png"
        images.write(path, ways(generation.of(run)))


def ways(model: generation.Generator, rows: int = 6, columns: int = 12) -> np.ndarray:
    """A sheet with a row for each way from one latent to another, each of one class where there are any."""
    ends = model.latents(2 * rows)
    z = generation.between(ends[::2], ends[1::2], columns, model.config.latent.kind == "normal")
    label = (np.arange(rows) % model.classes).repeat(columns) if model.classes else None
    made = model.sample(rows * columns, label=label, z=z.reshape(rows * columns, -1))
    return grid([list(row) for row in made.reshape(rows, columns, *made.shape[1:])], side=SMALL)


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "",
    )
    return {
        "cpu": cpu,
        "backend": jax.default_backend(),
        "python": platform.python_version(),
        "jax": jax.__version__,
    }


if __name__ == "__main__":
    sys.exit(main())
