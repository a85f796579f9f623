"""Judges fake pictures by real ones: `python -m gan_jax.evaluate --help` tells more."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gan_jax import command, compiler
from gan_jax.errors import UserError

HELP = """\
Judges a trained run on its test pictures, or the pictures of one folder by those of another.

Sets are compared by kernel distances (kid, mmd), the Frechet distance, the 1-nearest-neighbour test (nn_...),
precision, recall, density and coverage, and fakes by the Inception score of the network's classifier. Pairs
(--paired: files of one name, or a run whose test pictures are pairs) are compared by L1, PSNR, SSIM and
LPIPS; so are a run's pictures and what comes back of them. Where a run translates both ways, its pictures are
also disturbed on their way (noise, fewer bits, JPEG, blur, ...): what then no longer comes back was hidden in them.

Each number has its standard error, an interval of 95 %, and what real pictures score against real ones.
The numbers go to standard output as a table, and to a file as JSON.

Features: pixels[:SIDE], efficientnet (the default), lpips[:alexnet|vgg16], inception[:clean|legacy]; examples
that a run makes of noise are by default compared by their own entries. Distances in
the features of different networks, or after another resizing, cannot be held against each other."""

EPILOG = (
    "Exit status: 0; 1 when some pictures could not be read (the others were judged); 2 when nothing can be."
)


class Options(NamedTuple):
    """The flags."""

    workdir: Path | None = None
    real: Path | None = None
    fake: Path | None = None
    paired: bool = False
    features: str = ""
    weights: Path | None = None
    lpips: str = "alexnet"
    step: int | None = None
    best: bool = False
    seed: int = 0
    hidden: int = 12
    output: Path | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Judges as the flags say (default: the program's own); gives 0, 1 (broken pictures), 2 (user error) or 130."""
    return command.run(lambda: _evaluate(sys.argv[1:] if arguments is None else arguments))


def _evaluate(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    # Only now, so that a mistake is told at once: JAX takes seconds to start.
    compiler.prepare()
    from gan_jax import evaluation

    return evaluation.evaluate(options)


def parse(arguments: Sequence[str]) -> Options:
    """The flags as options. Raises UserError for wrong ones, and for folders that are not there."""
    parser = command.Parser("gan_jax.evaluate", HELP, EPILOG)
    parser.add_argument("--workdir", type=command.path, help="a run's directory")
    parser.add_argument("--real", type=command.path, help="a folder of real pictures")
    parser.add_argument("--fake", type=command.path, help="a folder of pictures to be judged by them")
    parser.add_argument("--paired", action="store_true", help="files of one name show the same thing")
    parser.add_argument("--features", default="", help="the network, as listed above")
    parser.add_argument("--weights", type=command.path, help="the weight file, for inception")
    parser.add_argument("--lpips", default="alexnet", choices=["alexnet", "vgg16", "none"], help="for pairs")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--step", type=int, help="the run's checkpoint of that step; default: newest, and best"
    )
    which.add_argument("--best", action="store_true", help="only the one with the best config.best_metric")
    parser.add_argument("--seed", type=int, default=0, help="of the draws for intervals and p-values")
    parser.add_argument(
        "--hidden",
        type=int,
        default=12,
        help="test pictures in which to look for what is hidden, each translated 30 times (default 12); 0: none",
    )
    parser.add_argument(
        "--output", type=command.path, help="the JSON; default: evaluation.json in the run, else here"
    )
    options = Options(**vars(parser.parse_args(arguments)))
    _check(options)
    return options._replace(lpips="" if options.lpips == "none" else options.lpips)


def _check(options: Options) -> None:
    if (options.workdir is None) == (options.real is None or options.fake is None):
        raise UserError("expected --workdir=RUN, or --real=FOLDER and --fake=FOLDER; --help tells more")
    if options.workdir is not None and (options.real or options.fake or options.paired):
        raise UserError("--real, --fake and --paired are for folders: leave them or --workdir out")
    if options.workdir is None and (options.best or options.step is not None):
        raise UserError("--step and --best choose a checkpoint of a run: give --workdir")
    for flag, folder in (("workdir", options.workdir), ("real", options.real), ("fake", options.fake)):
        if folder is not None and not folder.is_dir():
            raise UserError(f"--{flag}={folder}: there is no such folder")
    for flag, number in (("seed", options.seed), ("hidden", options.hidden)):
        if number < 0:
            raise UserError(f"--{flag}={number}: expected 0 or more")


if __name__ == "__main__":
    sys.exit(main())
