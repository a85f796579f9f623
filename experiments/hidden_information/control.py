"""Trains two networks that must hide: a positive control for the measure, without any discriminator.

    python experiments/hidden_information/control.py --workdir=runs/control_0 --seed=0 [--noise=0.1]

    min over G, F   30 mean (G(x) - y)^2 + 10 ||F(G(x) + n) - x||_1,     n ~ N(0, noise^2)

y is the true drawing of the photo x. G is held to it, so what F needs beyond the drawing can only travel in small
deviations.
Stopped and called again it goes on.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
from ml_collections import ConfigDict

from gan_jax import compiler, data, game, losses, networks, optimizers, settings
from gan_jax.checkpoint import Checkpoints
from gan_jax.errors import UserError
from gan_jax.gans.cyclegan import perturbed
from gan_jax.play import Play
from gan_jax.players import player

LOOK, BACK = 30.0, 10.0  # weights: look like the drawing, give the photo back
STEPS, SAVE = 1200, 400
GENERATOR = {"network": "unet", "width": 16, "levels": 6, "norm": "instance", "dropout": 0.0}
CONFIG = Path(__file__).parents[2] / "configs" / "pix2pix.py"  # paired pictures


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains, and gives the exit status: 0, or 2 for a mistake of the user."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--workdir", type=Path, required=True, help="where to keep the checkpoints")
    parser.add_argument("--seed", type=int, default=0, help="of parameters, pictures and noise")
    parser.add_argument("--noise", type=float, default=0.0, help="standard deviation, pictures in [-1, 1]")
    parser.add_argument("--steps", type=int, default=STEPS, help="of 4 crops each")
    given = parser.parse_args(arguments)
    try:
        train(config(given.seed, given.noise), given.workdir, given.steps)
    except UserError as error:
        print(f"control: {error}", file=sys.stderr)
        return 2
    return 0


def config(seed: int = 0, noise: float = 0.0) -> ConfigDict:
    """The built-in pairs as 64 x 64 crops, drawings of one channel; U-Nets of 6 levels and 16 maps; Adam at 1e-3."""
    found = settings.load(str(CONFIG)).copy_and_resolve_references()
    found.unlock()
    found.seed, found.batch_size, found.learning_rate, found.cycle_noise = seed, 4, 1e-3, noise
    found.data.y_channels = 1
    found.generator = ConfigDict(GENERATOR)
    return found


def control(config: ConfigDict) -> game.Game:
    """The game: one move, which G and F play together."""

    def both(G, F, batch, rng):
        drawn = G(batch["x"])
        look = jnp.mean((drawn - batch["y"]) ** 2)
        back = losses.l1(F(perturbed(drawn, config.cycle_noise, rng)), batch["x"])
        return LOOK * look + BACK * back, game.Report({"look": look, "back": back})

    side, x, y = config.data.crop, config.data.x_channels, config.data.y_channels
    adam = optimizers.adam(config.learning_rate, 0.9)
    shapes = {"G": (y, x), "F": (x, y)}
    return game.Game(
        players={
            name: player(
                networks.build(config.generator, channels=out, dtype=config.dtype),
                jax.ShapeDtypeStruct((config.batch_size, side, side, into), jnp.float32),
                optimizer=adam,
            )
            for name, (out, into) in shapes.items()
        },
        moves=(game.Move("both", ("G", "F"), both),),
    )


def train(config: ConfigDict, workdir: Path, steps: int = STEPS, every: int = SAVE) -> None:
    """Plays `steps` rounds, with a checkpoint after each `every` of them, all of which are kept."""
    checkpoints = Checkpoints(workdir / "checkpoints", keep=steps)
    played = control(config)
    state, key, seconds = start(config, checkpoints, played)
    play = Play(played, compiler_options=compiler.options())
    began = time.monotonic() - seconds
    batches = data.batches(data.source(config.data), config, start=state.step)
    while state.step < steps:
        state, log = play(state, next(batches), key)
        if state.step % every == 0 or state.step == steps:
            facts = {"seconds": time.monotonic() - began, "seed": config.seed, "noise": config.cycle_noise}
            checkpoints.save(state, facts, {})
            told = ", ".join(f"{name} {float(log[name]):.4f}" for name in ("look", "back"))
            print(f"step {state.step:,}: {told}, {facts['seconds']:.0f} s", flush=True)
    checkpoints.wait()


def start(
    config: ConfigDict, checkpoints: Checkpoints, played: game.Game
) -> tuple[game.State, jax.Array, float]:
    """The newest state, or the first; the key of its rounds; and the seconds it took."""
    initial, key = jax.random.split(jax.random.key(config.seed))
    state = game.init(played, initial)
    restored = checkpoints.restore(state)
    return (restored.state, key, restored.facts.get("seconds", 0.0)) if restored else (state, key, 0.0)


if __name__ == "__main__":
    compiler.prepare()
    sys.exit(main())
