"""Makes pictures of noise with a trained run: `python -m gan_jax.sample --help` tells more."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gan_jax import command, compiler
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes what the flags say (default: the program's own); gives 0, 2 (user error) or 130."""
    return command.run(lambda: _sample(sys.argv[1:] if arguments is None else arguments))


def _sample(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    # Only now, so that a mistake is told at once: JAX takes seconds to start.
    compiler.prepare()
    from gan_jax import samples

    print(samples.write(options))
    return 0


def parse(arguments: Sequence[str]) -> Options:
    """The flags as options. Raises UserError for wrong ones."""
    parser = command.Parser("gan_jax.sample", HELP)
    parser.add_argument("--workdir", type=command.path, required=True, help="the run's directory")
    parser.add_argument(
        "--output", type=command.path, help="a folder; default: samples_made in the run's directory"
    )
    parser.add_argument(
        "--count", dest="number", type=int, default=100, help="how many examples; of rows, for --interpolate"
    )
    parser.add_argument("--label", type=int, help="only this class")
    parser.add_argument("--interpolate", type=int, default=0, help="pictures a row, 2 or more")
    parser.add_argument("--latents", type=command.path, help="a latents.npz to make again")
    parser.add_argument("--seed", type=int, default=0, help="of the latents")
    parser.add_checkpoint()
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
