"""Translates pictures with a trained run: `python -m gan_jax.translate --help` tells more."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gan_jax import command, compiler, huge_pages
from gan_jax.errors import UserError

HELP = """\
Translates a picture, or every picture in a folder and its sub-folders, with a trained run.

A folder's names and sub-folders are kept. Pictures are written as PNG (as .npy where they have more than 4
channels), with the channels and the bits that the run was trained with. a.jpg becomes a.png; where a.png is
there too, both keep their suffix: a.jpg.png and a.png.png. With --cycle the way back is written beside it,
a_back.png. Pictures that are there from the same command are skipped, so a stopped command goes on when it
is given again; nothing else is overwritten without --overwrite.

Pictures keep their own height and width, whatever they are. A network has learnt at the size of
config.data.resize: what is much larger or smaller in a picture than it was there will look different.
Large pictures are translated in windows, with files in TMPDIR, to the same result.

Exit status: 0; 1 when some pictures could not be translated (all others are); 2 when nothing can be done."""


class Options(NamedTuple):
    """The flags."""

    workdir: Path
    input: Path
    output: Path
    direction: str | None = None
    cycle: bool = False
    step: int | None = None
    best: bool = False
    overwrite: bool = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Translates as the flags say (default: the program's own); gives 0, 1 (broken pictures), 2 (user error) or 130."""
    given = sys.argv[1:] if arguments is None else arguments
    return command.run(lambda: _translate(given), "stopped; the same command goes on")


def _translate(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    # Only now, so that a mistake is told at once: JAX takes seconds to start.
    compiler.prepare()
    from gan_jax import translation

    return translation.translate(options)


def parse(arguments: Sequence[str]) -> Options:
    """The flags as options. Raises UserError for wrong ones, and for an input that is not there."""
    parser = command.Parser("gan_jax.translate", HELP)
    parser.add_argument("--workdir", type=command.path, required=True, help="the run's directory")
    parser.add_argument(
        "--input", type=command.path, required=True, help="a picture, or a folder of pictures"
    )
    parser.add_argument(
        "--output", type=command.path, required=True, help="a folder; for one picture also a file"
    )
    parser.add_argument("--direction", help="x2y or y2x; default: the first that the run has")
    parser.add_argument("--cycle", action="store_true", help="translate back as well")
    parser.add_checkpoint()
    parser.add_argument("--overwrite", action="store_true", help="do again what is there")
    options = Options(**vars(parser.parse_args(arguments)))
    if not options.input.exists():
        raise UserError(f"--input={options.input}: there is no such file or folder")
    return options


if __name__ == "__main__":
    huge_pages.start_again()
    sys.exit(main())
