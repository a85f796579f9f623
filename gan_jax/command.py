"""What every command shares: wrong flags told in one line, exit codes, no tracebacks."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from gan_jax.errors import UserError


class Parser(argparse.ArgumentParser):
    """Flags with a help text as it is written; a mistake is a `UserError` of one line."""

    def __init__(self, module: str, description: str, epilog: str | None = None) -> None:
        """`module` is what stands behind `python -m`."""
        super().__init__(
            prog=f"python -m {module}",
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raises UserError."""
        raise UserError(f"{message}; --help tells more")

    def add_checkpoint(self) -> None:
        """--step and --best: which checkpoint of a run."""
        which = self.add_mutually_exclusive_group()
        which.add_argument("--step", type=int, help="the checkpoint of that step; default: the newest")
        which.add_argument(
            "--best", action="store_true", help="the checkpoint with the best config.best_metric"
        )


def path(text: str) -> Path:
    """A flag's value as a path, with ~ known."""
    if not text:
        raise argparse.ArgumentTypeError("a path is missing")
    return Path(text).expanduser()


def run(work: Callable[[], int], stopped: str = "stopped") -> int:
    """What `work` gives; 2 after a user's error, told in a line; 130 after Ctrl-C; 1 where nobody reads any more."""
    try:
        status = work()
        sys.stdout.flush()
        return status
    except UserError as error:
        print(f"gan_jax: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"gan_jax: {stopped}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as by `| head`; what is left to print goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
