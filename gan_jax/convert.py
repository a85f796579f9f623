"""Weights from PyTorch and to PyTorch: `python -m gan_jax.convert --from_torch=latest_net_G_A.pth --workdir=RUN`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from gan_jax import compiler, flags
from gan_jax.errors import UserError

FLAGS = ("--from_torch", "--to_torch")
USAGE = """Makes a run of the weight files of PyTorch's CycleGAN and pix2pix, or such files of a run.

  python -m gan_jax.convert --from_torch=FILE[,FILE...] --workdir=NEW [--config=FILE:VARIANT] [--config.KEY=VALUE ...]
  python -m gan_jax.convert --to_torch=DIR --workdir=RUN

  --from_torch  latest_net_G_A.pth and so on, or the directory that holds them; what is not given is drawn anew.
                Where the name does not tell which network a file is of: G_A=FILE, or G_B, D_A, D_B, G, D.
                PyTorch's domain A is x here, B is y. PyTorch need not be installed, and no code in a file is run.
  --config      the rest of the run; default: configs/cyclegan.py:reference or configs/pix2pix.py:reference.
                To train on, name your pictures now: --config.data.root=DIR
  --to_torch    where latest_net_G_A.pth and so on are written

Example: python -m gan_jax.convert --from_torch=checkpoints/horse2zebra/latest_net_G.pth --workdir=runs/zebras
         python -m gan_jax.translate --workdir=runs/zebras --input=photos --output=zebras"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Converts as the flags say (default: the program's own); gives 0, or 2 for a user's error."""
    try:
        own, rest = split(sys.argv[1:] if arguments is None else arguments)
        if "--help" in rest or "-h" in rest:
            print(USAGE)
            return 0
        workdir = own.pop("--workdir", "")
        if len(own) != 1 or not workdir:
            raise UserError(f"expected one of {', '.join(FLAGS)}, and --workdir=DIR; --help tells more")
        # Only now, so that a mistake is told at once: JAX takes seconds to start.
        compiler.prepare()
        [(flag, value)] = own.items()
        convert = from_torch if flag == "--from_torch" else to_torch
        convert(value, workdir, rest)
        return 0
    except UserError as error:
        print(f"gan_jax: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gan_jax: stopped", file=sys.stderr)
        return 130


def split(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """This command's own flags with their values, and the rest, which are those of training.

    Raises:
        UserError: a flag of its own lacks its value.
    """
    own: dict[str, str] = {}
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        flag, equals, value = argument.partition("=")
        if flag not in (*FLAGS, "--workdir"):
            rest.append(argument)
            continue
        value = value if equals else next(waiting, "")
        if not value or value.startswith("--"):
            raise UserError(f"{flag} lacks its value: write {flag}=...")
        own[flag] = f"{own[flag]},{value}" if flag == "--from_torch" and flag in own else value
    return own, rest


def from_torch(value: str, workdir: str, rest: list[str]) -> None:
    """Makes a run directory of weight files. Raises UserError: see `torch_runs`."""
    from gan_jax import torch_runs

    given = torch_runs.read([file for file in value.split(",") if file])
    default = f"configs/{torch_runs.kind(given)}.py:reference"
    request = flags.parse([f"--config={default}", *rest, f"--workdir={workdir}"])
    torch_runs.begin(given, request.config, request.workdir, print)
    print(f"{workdir} is a run at step 0. To use it, and to train on:")
    print(f"  python -m gan_jax.translate --workdir={workdir} --input=PICTURES --output=OUT")
    print(f"  python -m gan_jax.main --workdir={workdir} --config={workdir}/config.json")


def to_torch(value: str, workdir: str, rest: list[str]) -> None:
    """Writes the weight files of a run. Raises UserError: see `torch_runs`."""
    from gan_jax import torch_runs

    if rest:
        raise UserError(f"{rest[0]}: with --to_torch goes --workdir=RUN, and nothing else")
    torch_runs.export(Path(workdir).expanduser(), Path(value).expanduser(), print)


if __name__ == "__main__":
    sys.exit(main())
