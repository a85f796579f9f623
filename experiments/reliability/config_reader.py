"""What `python -m gan_jax.main` makes of its flags, in a process where no device may be touched, or none is needed."""

import contextlib
import io
import sys
from typing import Any

from gan_jax import main


class Passed(Exception):
    """The flags were found right, and JAX would be started now."""


def ask(arguments: list[str]) -> dict[str, Any]:
    """The exit status, -1 for flags that are right, what was said, and how many devices' backends were started."""
    said = io.StringIO()
    main.compiler.prepare = _stop  # type: ignore[assignment]
    try:
        with contextlib.redirect_stderr(said):
            status = main.main(arguments)
    except Passed:
        status = -1
    bridge = sys.modules.get("jax._src.xla_bridge")
    return {"status": status, "said": said.getvalue(), "backends": len(bridge._backends) if bridge else 0}


def _stop() -> None:
    raise Passed


def trace(arguments: list[str]) -> dict[str, Any]:
    """A round of the game that these flags ask for, drawn up from shapes alone: the status, and what was said."""
    import jax

    from gan_jax import command, dry_run, engine, flags, rules

    said = io.StringIO()

    def draw() -> int:
        config = flags.parse(arguments).config
        rules.validate(config)
        mesh, played = engine.mesh(config), engine.made(config)
        for moves in dry_run.kinds(played, min(config.steps, 100) or 100):
            dry_run.lowered(config, moves, mesh)
        return 0

    with contextlib.redirect_stderr(said):
        try:
            status = command.run(draw)
        except jax.errors.JaxRuntimeError as error:  # training turns it into a user's error
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            status = 2
    return {"status": status, "said": said.getvalue()}
