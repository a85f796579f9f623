"""What a training run spends beside its steps, and how soon it begins; adds to the results and README.md beside this:

    python -m experiments.speed.overheads                  1,000 steps of the default config: eight minutes on two cores
    python -m experiments.speed.overheads --steps=100      fewer; nothing is written

Starts are timed from the command to the line of the first step in metrics.jsonl, five times with an empty compilation
cache and then with that full. Then a run is timed from inside, with the default intervals: how long it waits for
batches, and what logs, sheets, metrics and checkpoints take, each from finished networks to its return.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.speed import page
from experiments.speed.bench import HERE, device, keep, known

STARTS = 5
CONFIG = "configs/cyclegan.py"


def main(arguments: list[str] | None = None) -> int:
    """Measures, prints, and writes where all steps were run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        found: dict[str, Any] = {"cold": [], "warm": []}
        for turn in range(STARTS):
            for name in ("cold", "warm"):
                cache = {"XDG_CACHE_HOME": f"{scratch}/cache {turn}"}
                found[name].append(first_step(Path(scratch, f"{name} {turn}"), cache))
        found |= spent(Path(scratch, "run"), options.steps or 1000)
    print(json.dumps(found, indent=1))
    if not options.steps:
        path = HERE / f"results_{device()}.json"
        keep(path, {**known(path), "overheads": found})
        page.write(HERE)
    return 0


def first_step(workdir: Path, environment: dict[str, str]) -> float:
    """Seconds from the command until the first step is logged."""
    command = [sys.executable, "-m", "gan_jax.main", f"--config={CONFIG}", f"--workdir={workdir}"]
    flags = ["--config.log_every=1", "--config.steps=3"]
    log, start = workdir / "metrics.jsonl", time.perf_counter()
    kept = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    with subprocess.Popen([*command, *flags], env={**kept, **environment}, stdout=subprocess.DEVNULL) as run:
        while run.poll() is None and not (log.exists() and '"loss/' in log.read_text()):
            time.sleep(0.05)
        seconds = time.perf_counter() - start
    if run.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return seconds


def spent(workdir: Path, steps: int) -> dict[str, float]:
    """Shares of the time from the end of the first step to the end of the run."""
    import jax

    from gan_jax import data, settings
    from gan_jax.progress import Display
    from gan_jax.signals import Stop
    from gan_jax.training import Training

    config = settings.load(CONFIG).copy_and_resolve_references()
    config.steps = steps
    workdir.mkdir()
    source = data.source(config.data)
    training = Training(config.lock(), workdir, source, Display(silent=True), time.monotonic())
    seconds: dict[str, float] = {}
    began: list[float] = []

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            jax.block_until_ready(training.state.params)
            start = time.perf_counter()
            result = function(*given)
            if began:
                seconds[name] = seconds.get(name, 0) + time.perf_counter() - start
            return result

        return run

    def played(batches: Any, play: Callable[[Any], Any] = training.rounds.play) -> Any:
        log = play(batches)
        if not began:
            jax.block_until_ready(training.state.params)
            began.append(time.perf_counter())
        return log

    training.rounds.batches = timed("batches", training.rounds.batches)  # type: ignore[method-assign]
    training.rounds.play = played  # type: ignore[method-assign]
    training._after = timed("records", training._after)  # type: ignore[method-assign]
    training.loop(Stop())
    whole = time.perf_counter() - began[0]
    training.close()
    return {"steps": steps, "seconds": whole, **{name: spent / whole for name, spent in seconds.items()}}


if __name__ == "__main__":
    sys.exit(main())
