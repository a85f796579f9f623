"""Numbers that are none: in a batch, and in the loss of each move."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import compare, inside, tiny
from experiments.reliability.trial import Try, each

FAULT = "nan or infinity in a batch, in the loss of the generators, in that of the discriminators"
PROMISE = (
    "the run stops with status 2, names what it was and when, keeps checkpoints of finite numbers alone and the round "
    "that failed; `replay` plays it again and names the same place. With `--config.on_failure=skip` it ends bit for "
    "bit like a run that never had the batch, killed in between or not"
)
TRIES = 20
STEP = 17  # of the moves; one step, so that it is compiled once
BATCHES = (3, 12, 23, 38)
KINDS = ("a batch", "generators", "discriminators", "passed over", "passed over, and killed")

POISON = """
from gan_jax import data
plain = data.batches

def batches(*given, start=0, **options):
    for i, batch in enumerate(plain(*given, start=start, **options), start):
        yield batch | {"x": batch["x"] + VALUE} if i == NUMBER else batch

data.batches = batches
"""
WITHOUT = """
from gan_jax import data
plain = data.batches

def batches(*given, start=0, **options):
    return (batch for i, batch in enumerate(plain(*given, start=0, **options)) if i != NUMBER)

data.batches = batches
"""
BREAK = """
import functools, inspect
import jax.numpy as jnp
from gan_jax import engine
plain = engine.made

def broken(move):
    asked = inspect.signature(move.loss)
    names = dict(asked.parameters) | {"step": inspect.Parameter("step", inspect.Parameter.POSITIONAL_OR_KEYWORD)}

    @functools.wraps(move.loss)
    def loss(**given):
        value, report = move.loss(**{name: given[name] for name in asked.parameters})
        return jnp.where(given["step"] == NUMBER, VALUE, 1.0) * value, report

    loss.__signature__ = asked.replace(parameters=list(names.values()))
    return move._replace(loss=loss)

def made(config):
    game = plain(config)
    return game._replace(moves=tuple(broken(move) if move.name == "MOVE" else move for move in game.moves))

engine.made = made
"""


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """The kinds in turn, nan and infinity in turn."""
    rng = np.random.default_rng(seed)
    tiny.flags(scratch)  # makes the pictures

    def one(i: int) -> Try:
        kind, value = KINDS[i % len(KINDS)], ("float('nan')", "float('inf')")[i // len(KINDS) % 2]
        number = int(rng.choice(BATCHES))
        if kind.startswith("passed"):
            return _skips(scratch, i, number, value, killed=kind.endswith("killed"), wait=rng.random())
        return _stops(scratch, i, kind, STEP if kind != "a batch" else number, value)

    return each(one, ((f"try {i}", i) for i in range(count)))


def _stops(scratch: Path, i: int, kind: str, number: int, value: str) -> Try:
    code = POISON if kind == "a batch" else BREAK.replace("MOVE", kind)
    env = _inside(scratch, f"inside{i}", code, number, value)
    workdir, wrong, step = scratch / f"run{i}", [], number + 1
    with tiny.Run(tiny.flags(scratch), workdir, env) as run:
        if (status := run.end()) != 2 or any("Traceback" in line for line in run.lines):
            wrong.append(f"ended with {status}: {run.last()}")
        said, seconds = run.last(), run.seconds()
    if f" at step {step}: training stopped" not in said:
        wrong.append(f"said {said!r}")
    for kept in compare.steps(workdir):
        if kept > number or not all(
            np.isfinite(leaf).all() for leaf in compare.state(workdir, kept).values()
        ):
            wrong.append(f"the checkpoint of step {kept} is not from before")
    replayed = subprocess.run(
        [sys.executable, "-m", "gan_jax.replay", f"--workdir={workdir}"],
        **{"cwd": tiny.ROOT, "env": env, "capture_output": True, "text": True},
    )
    place = "in the batch: batch['x'] became" if kind == "a batch" else f"in move {kind}, term loss/{kind}"
    told = (replayed.stdout.splitlines() or [replayed.stderr])[-1]
    if replayed.returncode or place not in told:
        wrong.append(f"replay said {told!r}")
    what = f"{value[7:10]} in {kind} of round {step}"
    return Try(what, "; ".join(wrong[:3]), said, {"seconds from start to end": round(seconds, 1)})


def _skips(scratch: Path, i: int, number: int, value: str, killed: bool, wait: float) -> Try:
    never = tiny.whole(
        scratch, f"without{number}", _inside(scratch, f"without{number}_", WITHOUT, number, value)
    )
    env, workdir = _inside(scratch, f"inside{i}", POISON, number, value), scratch / f"run{i}"
    arguments = tiny.flags(scratch, on_failure="skip")
    said = ""
    if killed:
        with tiny.Run(arguments, workdir, env) as run:
            said = run.wait_for(" is passed over")
            time.sleep(wait)
            os.kill(run.process.pid, signal.SIGKILL)
            run.end()
    with tiny.Run(arguments, workdir, env) as run:
        wrong = [f"ended with {status}: {run.last()}"] if (status := run.end()) else []
        said = said or run.said(" is passed over")
    wrong += [line for line in compare.differences(workdir, never) if not line.startswith("metrics.jsonl")]
    lines = compare.metrics(workdir)
    if [line for line in lines if line.get("warning") != "skipped_batch"] != compare.metrics(never):
        wrong.append("metrics.jsonl differs by more than what was passed over")
    if [line["value"] for line in lines if line.get("warning") == "skipped_batch"] != [number]:
        wrong.append("metrics.jsonl does not tell once what was passed over")
    about = json.loads((workdir / "checkpoints" / "40" / "about.json").read_text())
    if about["skipped"] != [number]:
        wrong.append(f"the last checkpoint knows {about['skipped']}")
    return Try(
        f"{value[7:10]} in batch {number}, passed over{', then SIGKILL' * killed}", "; ".join(wrong[:3]), said
    )


def _inside(scratch: Path, name: str, code: str, number: int, value: str) -> dict[str, str]:
    text = inside.PREPARED + code.replace("NUMBER", str(number)).replace("VALUE", value)
    return inside.environment(scratch / name, text)
