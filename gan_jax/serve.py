"""A page to try a trained run in the browser: `python -m gan_jax.serve --help` tells more."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from gan_jax import command, compiler
from gan_jax.errors import UserError
from gan_jax.page.limits import HELP as BOUNDS
from gan_jax.page.limits import Limits

HELP = """\
Serves a page on which a trained run can be tried: drop a picture, see it translated and back, and damage the
picture in between to see what the way back read in it.

The page works without a network and asks nobody. Only this computer can open it, unless --host says otherwise:
--host=0.0.0.0 opens it to the network. Every bound below holds for all visitors. A run may still be training.

Exit status: 0 when it is stopped (Ctrl-C, SIGTERM); 2 when it cannot be started."""


class Options(NamedTuple):
    """The flags."""

    workdir: Path
    host: str
    port: int
    step: int | None
    best: bool
    limits: Limits


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves as the flags say (default: the program's own) until it is stopped; gives 0, or 2 (user error)."""
    return command.run(lambda: _serve(sys.argv[1:] if arguments is None else arguments))


def _serve(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    if find_spec("gradio") is None:
        raise UserError("the page needs Gradio: pip install -e '.[serve]'")
    compiler.prepare()
    from gan_jax.page import server

    with server.offline():
        return serve(options)


def serve(options: Options) -> int:
    """Loads the run, and serves it."""
    from gan_jax import model
    from gan_jax.data.scan import printable
    from gan_jax.page import gallery, server
    from gan_jax.page.answers import Worker
    from gan_jax.page.handlers import Page
    from gan_jax.page.reader import Reader
    from gan_jax.page.shelf import Shelf

    limits = options.limits
    with server.listen(options.host, options.port) as bound:
        trained = model.load(options.workdir, options.step, options.best)
        name = printable(options.workdir.resolve().name)
        say(f"{name}, step {trained.step:,}: {' and '.join(trained.directions)}")
        tests, line = gallery.pictures(trained.config, trained.directions)
        say(line)
        reader, worker = Reader(limits.max_pixels, limits.seconds), Worker(limits.concurrency, limits.seconds)
        page = Page(trained, limits, reader, Shelf(limits.held), tuple(tests))
        local = options.host in server.LOOPBACK
        try:
            guard = server.application(page, worker, name, local)
            say("compiling ...")
            server.warm(page)
            address = server.address(options.host, bound)
            if not local:
                say(
                    f"WARNING: --host={options.host} opens the page to the network: whoever reaches it can use it"
                )
            server.run(guard, bound, lambda stop: say(f"the page is at {address}  (Ctrl-C stops it)"))
        finally:
            worker.close()
            reader.close()
    say("stopped")
    return 0


def say(line: str) -> None:
    """One line for whoever started it."""
    print(f"gan_jax: {line}", file=sys.stderr, flush=True)


def parse(arguments: Sequence[str]) -> Options:
    """The flags as options. Raises UserError for wrong ones."""
    parser = command.Parser("gan_jax.serve", HELP)
    parser.add_argument("--workdir", type=command.path, required=True, help="the run's directory")
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address to listen to; default: this computer alone"
    )
    parser.add_argument("--port", type=int, default=7860, help="default: 7860; 0 takes any that is free")
    parser.add_checkpoint()
    bounds = parser.add_argument_group("bounds")
    for name, default in Limits()._asdict().items():
        kind = type(default)
        bounds.add_argument(
            f"--{name}", type=kind, default=default, help=f"{BOUNDS[name]}; default: {default:g}"
        )
    found = vars(parser.parse_args(arguments))
    limits = Limits(**{name: found.pop(name) for name in Limits._fields})
    _check(limits)
    return Options(**found, limits=limits)


def _check(limits: Limits) -> None:
    for name, value in limits._asdict().items():
        least = {"work_pixels": 1024, "connections": 16}.get(name, 0.1 if name == "max_megabytes" else 1)
        if not least <= value < float("inf"):
            raise UserError(f"--{name}={value:g}: expected {least:g} or more")


if __name__ == "__main__":
    sys.exit(main())
