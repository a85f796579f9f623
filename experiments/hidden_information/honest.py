"""What an honest decoder could restore from a control's drawings: a fresh F, trained behind noise and JPEG.

    python experiments/hidden_information/honest.py --control=runs/control_0

    min over H   ||H(T(G(x))) - x||_1,     T: noise of 8 levels of 255, then JPEG 75;  G stays as it is

H has F's architecture, sees the same pictures in the same order, and is trained as long. It can use only what
survives T: its error on T(G(x)) is a floor for what can be seen.
"""

import argparse
import itertools
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import trained_controls
from control import STEPS, config, start

from gan_jax import compiler, data
from gan_jax.checkpoint import Checkpoints
from gan_jax.errors import UserError
from gan_jax.metrics import corruptions
from gan_jax.play import Play


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains, and gives the exit status: 0, or 2 for a mistake of the user."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--control", type=Path, required=True, help="a finished --workdir of control.py")
    parser.add_argument("--steps", type=int, default=STEPS, help="of 4 crops each")
    given = parser.parse_args(arguments)
    try:
        train(given.control, given.steps)
    except UserError as error:
        print(f"honest: {error}", file=sys.stderr)
        return 2
    return 0


def survivors(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """T: what is left of drawings behind noise of 8 levels and JPEG 75."""
    return corruptions.jpeg(corruptions.noise(y, 2 * 8 / 255, rng), 75)


def train(workdir: Path, steps: int = STEPS) -> None:
    """Trains H behind the control's G of that step, with its pictures, and keeps it in the control's directory."""
    facts, players = trained_controls.load(workdir, steps)
    settings, played = config(facts["seed"]), trained_controls.honest()
    checkpoints = Checkpoints(workdir / trained_controls.HONEST)
    if steps in checkpoints.steps():
        return
    state, key, _ = start(settings, checkpoints, played)
    play = Play(played, compiler_options=compiler.options())
    began = time.monotonic()
    batches = data.batches(data.source(settings.data), settings)
    for x in (batch["x"] for batch in itertools.islice(batches, steps)):
        y = survivors(players["G"](x), np.random.default_rng((facts["seed"], state.step)))
        state, log = play(state, {"x": x, "y": y}, key)
    checkpoints.save(state, {"seconds": time.monotonic() - began}, {})
    checkpoints.wait()
    print(f"step {state.step:,}: back {float(log['back']):.4f}, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    compiler.prepare()
    sys.exit(main())
