"""Writes the page of a run: `python -m gan_jax.report --help` tells more."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from gan_jax.errors import UserError

HELP = """\
Writes report.html in a run directory: pictures over time, losses, metrics, warnings, evaluation and configuration
on one page that needs no network. Training writes it too; this brings it up to date, of a run that trains as well."""


class Parser(argparse.ArgumentParser):
    """Tells a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        """Raises UserError."""
        raise UserError(f"{message}; --help tells more")


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the page of `--workdir`; gives 0 or 2 (user error)."""
    parser = Parser(
        prog="python -m gan_jax.report",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--workdir", type=Path, required=True, help="a run's directory")
    try:
        options = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
        from gan_jax import reporting

        print(f"wrote {reporting.write(options.workdir.expanduser())}")
        return 0
    except UserError as error:
        print(f"gan_jax: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
