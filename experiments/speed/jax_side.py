"""Our side: the step that `gan_jax.main` plays, and the generator that `gan_jax.translate` uses."""

import resource
from importlib import import_module
from typing import Any

import jax
import numpy as np

from experiments.speed.cases import Case, config
from gan_jax import compiler, game
from gan_jax.data.shapes import batch_shapes
from gan_jax.play import Play


def prepare(case: Case, dtype: str, variant: str) -> Any:
    """A function that does one step (or one batch of photos) and waits for it. `variant` is always "jit"."""
    found = config(case, dtype)
    played = import_module(f"gan_jax.gans.{found.gan}").game(found)
    state = game.init(played, jax.random.key(0))
    random = np.random.default_rng(0)
    batch = {
        name: random.uniform(-1, 1, shape).astype(np.float32)
        for name, shape in zip("xy", batch_shapes(found), strict=True)
    }
    if case.pictures:
        apply = jax.jit(played.players["G"].apply, compiler_options=compiler.options(dtype))
        params = state.params["G"]
        return lambda: jax.block_until_ready(apply(params, batch["x"]))
    play = Play(played, compiler_options=compiler.options(dtype))
    key, held = jax.random.key(1), [state]

    def step() -> None:
        held[0], log = play(held[0], batch, key)
        jax.block_until_ready((held[0].params, log))

    return step


def memory() -> float:
    """Peak bytes: of the accelerator where there is one, else of this process."""
    found = jax.local_devices()[0].memory_stats() or {}
    return found.get("peak_bytes_in_use") or 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def about() -> dict[str, str]:
    """Device and versions."""
    return {"jax": jax.__version__, "device": jax.local_devices()[0].device_kind}
