"""The program `gan_jax.serve`, with a model of arithmetic: x2y gives the negative, y2x takes half of it back."""

import sys
import time
from pathlib import Path

from gan_jax import model, serve, settings

CONFIG = Path(__file__).parents[2] / "configs" / "cyclegan.py"


def load(workdir, step, best):
    config = settings.load(str(CONFIG)).copy_and_resolve_references()
    config.data.resize, config.data.crop = 32, 32
    slow = workdir.name == "slow"

    def negative(params, x):
        if slow:
            time.sleep(3)  # while it is compiled: each size once
        return -x

    return model.Model(config.lock(), 500, {"x2y": (negative, {}), "y2x": (lambda params, y: -y / 2, {})})


if __name__ == "__main__":
    model.load = load
    sys.exit(serve.main())
