"""Weights from PyTorch, and models to PyTorch, StableHLO and ONNX: `python -m gan_jax.convert --help`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from gan_jax import command, compiler, flags
from gan_jax.errors import UserError

FLAGS = ("--from_torch", "--to_torch", "--to")
USAGE = """Makes a run of the weight files of PyTorch's CycleGAN and pix2pix, or files for other programs of a run.

  python -m gan_jax.convert --from_torch=FILE[,FILE...] --workdir=NEW [--config=FILE:VARIANT] [--config.KEY=VALUE ...]
  python -m gan_jax.convert --to_torch=DIR --workdir=RUN
  python -m gan_jax.convert --to=stablehlo|onnx --workdir=RUN [--output=DIR]

  --from_torch  latest_net_G_A.pth and so on, or the directory that holds them; what is not given is drawn anew.
                Where the name does not tell which network a file is of: G_A=FILE, or G_B, D_A, D_B, G, D.
                PyTorch's domain A is x here, B is y. PyTorch need not be installed, and no code in a file is run.
  --config      the rest of the run; default: configs/cyclegan.py:reference or configs/pix2pix.py:reference.
                To train on, name your pictures now: --config.data.root=DIR
  --to_torch    where latest_net_G_A.pth and so on are written
  --to          the generators as programs for pictures of any size, x2y.onnx and so on: loaded again, and refused where
                they differ from the run by more than 1e-4
  --output      where; default: RUN/export

Example: python -m gan_jax.convert --from_torch=checkpoints/horse2zebra/latest_net_G.pth --workdir=runs/zebras
         python -m gan_jax.translate --workdir=runs/zebras --input=photos --output=zebras"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Converts as the flags say (default: the program's own); gives 0, or 2 for a user's error."""
    return command.run(lambda: _convert(sys.argv[1:] if arguments is None else arguments))


def _convert(arguments: Sequence[str]) -> int:
    own, rest = split(arguments)
    if "--help" in rest or "-h" in rest:
        print(USAGE)
        return 0
    workdir, output = own.pop("--workdir", ""), own.pop("--output", "")
    if len(own) != 1 or not workdir or (output and "--to" not in own):
        raise UserError(f"expected one of {', '.join(FLAGS)}, and --workdir=DIR; --help tells more")
    # Only now, so that a mistake is told at once: JAX takes seconds to start.
    compiler.prepare()
    [(flag, value)] = own.items()
    if rest and flag != "--from_torch":
        raise UserError(f"{rest[0]} does not go with {flag}; --help tells more")
    if flag == "--from_torch":
        from_torch(value, workdir, rest)
    elif flag == "--to_torch":
        to_torch(value, workdir)
    else:
        export(value, Path(workdir), Path(output or Path(workdir) / "export"))
    return 0


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
        if flag not in (*FLAGS, "--workdir", "--output"):
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


def to_torch(value: str, workdir: str) -> None:
    """Writes the weight files of a run. Raises UserError: see `torch_runs`."""
    from gan_jax import torch_runs

    torch_runs.export(Path(workdir).expanduser(), Path(value).expanduser(), print)


def export(form: str, workdir: Path, folder: Path) -> None:
    """Writes the generators of a run for other programs. Raises UserError: see `exports`."""
    from gan_jax import exports, model

    if form not in exports.FORMATS:
        raise UserError(f"--to={form}: expected {' or '.join(exports.FORMATS)}")
    exports.write(model.load(workdir), exports.FORMATS[form], folder.expanduser(), print)


if __name__ == "__main__":
    sys.exit(main())
