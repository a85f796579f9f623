"""Trains a GAN: `python -m gan_jax.main --config=configs/cyclegan.py`; `--help` tells more."""

import sys
import time
from collections.abc import Sequence

from gan_jax import command, compiler, flags, hosts, huge_pages, rules


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains as the flags say (default: the program's own); gives 0, 2 (user error), 75 (late) or 128 + a signal."""
    return command.run(lambda: _train(sys.argv[1:] if arguments is None else arguments))


def _train(arguments: Sequence[str]) -> int:
    begun = time.monotonic()
    request = flags.parse(arguments)
    if request.help:
        print(request.help)
        return 0
    rules.validate(request.config)
    # Only now, so that a mistake is told at once: JAX takes seconds to start.
    compiler.prepare()
    hosts.join(request.place)
    if request.config.dry_run:
        from gan_jax import dry_run

        dry_run.show(request.config)
        return 0
    from gan_jax import train

    return train.train(request.config, request.workdir, begun, program=True)


if __name__ == "__main__":
    huge_pages.start_again()
    sys.exit(main())
