"""Plays a round that failed once more: `python -m gan_jax.replay --help` tells more."""

import sys
from collections.abc import Sequence
from pathlib import Path

from gan_jax import command, compiler
from gan_jax.errors import UserError

HELP = """\
Training keeps a round in which a number became nan or infinite in <workdir>/failed/step_<n>: the state before it and
its batch. This plays it once more, and says which move, player and array were the first to go wrong."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Replays what `--workdir` and `--step` name; gives 0 or 2 (user error)."""
    return command.run(lambda: _replay(sys.argv[1:] if arguments is None else arguments))


def _replay(arguments: Sequence[str]) -> int:
    parser = command.Parser("gan_jax.replay", HELP)
    parser.add_argument("--workdir", type=command.path, required=True, help="a run's directory")
    parser.add_argument(
        "--step", type=int, help="the round that ended at this step; default: the last that failed"
    )
    parser.add_argument(
        "--debug", action="store_true", help="name the line of code that made the first such number; slow"
    )
    options = parser.parse_args(arguments)
    compiler.prepare()
    from gan_jax import failures, replays

    folder = _folder(options.workdir, failures.list_of(options.workdir), options.step)
    for line in replays.lines(folder, options.debug):
        print(line)
    return 0


def _folder(workdir: Path, there: list[Path], step: int | None) -> Path:
    if not there:
        raise UserError(f"--workdir={workdir} holds no failed round")
    if step is None:
        return there[-1]
    found = [path for path in there if path.name == f"step_{step}"]
    if not found:
        raise UserError(f"--step={step}: expected one of {', '.join(path.name[5:] for path in there)}")
    return found[0]


if __name__ == "__main__":
    sys.exit(main())
