"""The program `gan_jax.serve`, with a model of arithmetic: x2y gives the negative, y2x takes half of it back."""

import os
import sys
from pathlib import Path

from gan_jax import model, serve, settings

CONFIG = Path(__file__).parents[2] / "configs" / "cyclegan.py"


def load(workdir, step, best):
    config = settings.load(str(CONFIG)).copy_and_resolve_references()
    config.data.resize, config.data.crop = 32, 32
    return model.Model(
        config.lock(), 500, {"x2y": (lambda params, x: -x, {}), "y2x": (lambda params, y: -y / 2, {})}
    )


def tell(event, arguments):
    """Python calls this before it connects, looks up a name, or opens a file: complains of what the page may not."""
    wrong = False
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        wrong = not str(arguments[1][0]).startswith(("127.", "::1", "localhost"))
    elif event == "socket.getaddrinfo":
        wrong = arguments[0] not in (None, "localhost", "127.0.0.1", "::1", "0.0.0.0")
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        path = os.path.abspath(os.fsdecode(arguments[0])) if not isinstance(arguments[0], int) else os.devnull
        wrong = not path.startswith((os.environ["TMPDIR"], os.devnull)) and ".pyc" not in path
    if wrong:
        print(f"COMPLAINT: {event} {arguments}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.addaudithook(tell)
    model.load = load
    sys.exit(serve.main())
