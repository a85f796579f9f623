"""Writes the page of a run: `python -m gan_jax.report --help` tells more."""

import sys
from collections.abc import Sequence

from gan_jax import command

HELP = """\
Writes report.html in a run directory: pictures over time, losses, metrics, warnings, evaluation and configuration
on one page that needs no network. Training writes it too; this brings it up to date, of a run that trains as well."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the page of `--workdir`; gives 0 or 2 (user error)."""
    return command.run(lambda: _report(sys.argv[1:] if arguments is None else arguments))


def _report(arguments: Sequence[str]) -> int:
    parser = command.Parser("gan_jax.report", HELP)
    parser.add_argument("--workdir", type=command.path, required=True, help="a run's directory")
    workdir = parser.parse_args(arguments).workdir
    from gan_jax import reporting

    print(f"wrote {reporting.write(workdir)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
