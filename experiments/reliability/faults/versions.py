"""The oldest versions that are supported, in an environment of their own. Needs a package registry the first time."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from experiments.reliability.tiny import ROOT
from experiments.reliability.trial import Try

FAULT = "the oldest versions of every package that pyproject.toml lets in"
PROMISE = "the core of the tests passes: checkpoints, every game, layers, data, training"
TESTS = (
    *("tests/test_checkpoint.py", "tests/test_game.py", "tests/test_layers.py", "tests/test_convolutions.py"),
    *("tests/data", "tests/gans/test_every_game.py", "tests/test_train.py"),
)
TRIES = len(TESTS)


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """A part of the tests each, with the versions of constraints-oldest.txt."""
    for tests in TESTS[:count]:
        command = ["make", "test-oldest", f"PYTEST_ARGS=-q {tests}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        lines = done.stdout.strip().splitlines() or [""]
        failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
        wrong = "; ".join(failed) or done.stderr[-300:] if done.returncode else ""
        yield Try(f"{tests}: {lines[-1]}", wrong)
