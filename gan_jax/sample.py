"""Makes pictures of noise with a trained run: `python -m gan_jax.sample --help` tells more."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from gan_jax import compiler
from gan_jax.errors import UserError

HELP = """\
Makes examples with a run that was trained to make them of noise (configs/gan.py and its family).

Writes into --output: samples.png, a sheet of them; latents.npz, what they were made of (z, label, seed), which
--latents=FILE takes again; and samples.npy, the examples as numbers. --each also writes every picture by itself.
A run that was trained with labels makes a column for each class, a row for each latent; --label=K makes one class.
--interpolate=N makes rows of N pictures on the way from one latent to another.

Exit status: 0; 2 when nothing can be done."""


class Options(NamedTuple):
    """The flags."""

    workdir: Path
    output: Path | None = None
    number: int = 100
    label: int | None = None
    interpolate: int = 0
    latents: Path | None = None
    seed: int = 0
    step: int | None = None
    best: bool = False
    each: bool = False
    overwrite: bool = False


class Parser(argparse.ArgumentParser):
    """Tells a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        """Raises UserError."""
        raise UserError(f"{message}; --help tells more")


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes what the flags say (default: the program's own); gives 0, 2 (user error) or 130."""
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        # Only now, so that a mistake is told at once: JAX takes seconds to start.
        compiler.prepare()
        from gan_jax import samples

        print(samples.write(options))
        return 0
    except UserError as error:
        print(f"gan_jax: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gan_jax: stopped", file=sys.stderr)
        return 130


def parse(arguments: Sequence[str]) -> Options:
    """The flags as options. Raises UserError for wrong ones."""
    parser = Parser(
        prog="python -m gan_jax.sample",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--workdir", type=Path, required=True, help="the run's directory")
    parser.add_argument("--output", type=Path, help="a folder; default: samples_made in the run's directory")
    parser.add_argument(
        "--count", dest="number", type=int, default=100, help="how many examples; of rows, for --interpolate"
    )
    parser.add_argument("--label", type=int, help="only this class")
    parser.add_argument("--interpolate", type=int, default=0, help="pictures a row, 2 or more")
    parser.add_argument("--latents", type=Path, help="a latents.npz to make again")
    parser.add_argument("--seed", type=int, default=0, help="of the latents")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--step", type=int, help="the checkpoint of that step; default: the newest")
    which.add_argument("--best", action="store_true", help="the checkpoint with the best config.best_metric")
    parser.add_argument("--each", action="store_true", help="every picture as a file of its own, too")
    parser.add_argument("--overwrite", action="store_true", help="replace what is in --output")
    options = Options(**vars(parser.parse_args(arguments)))
    for flag, value, least in (("count", options.number, 1), ("seed", options.seed, 0)):
        if value < least:
            raise UserError(f"--{flag}={value}: expected {least} or more")
    if options.interpolate and (options.interpolate < 2 or options.latents):
        raise UserError("--interpolate: expected 2 or more pictures a row, without --latents")
    return options


if __name__ == "__main__":
    sys.exit(main())
