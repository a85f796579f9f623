"""Our side: the step that `gan_jax.main` plays, and the generator that `gan_jax.translate` uses."""

import resource
import time
from importlib import import_module
from typing import Any

import jax
import numpy as np

from experiments.speed.cases import Case, config
from gan_jax import agenda, compiler, engine, game
from gan_jax.data.shapes import batch_shapes
from gan_jax.game import State
from gan_jax.play import Play


def prepare(case: Case, dtype: str, variant: str) -> Any:
    """A function that does so many steps (or batches of photos) and waits for them. `variant` is always "jit"."""
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
        return lambda count: [jax.block_until_ready(apply(params, batch["x"])) for _ in range(count)]
    play = Play(played, at_once=engine.at_once(), compiler_options=compiler.options(dtype))
    return Steps(play, state, batch)


class Steps:
    """As many together as training begins together, by its rule."""

    def __init__(self, play: Play, state: State, batch: dict[str, np.ndarray]) -> None:
        self.play, self.state, self.batch, self.key = play, state, batch, jax.random.key(1)
        self.rate = 0.0

    def __call__(self, count: int) -> None:
        start, end = time.perf_counter(), self.state.step + count
        while self.state.step < end:
            most = min(end - self.state.step, agenda.together(self.rate))
            together = self.play.alike(self.state.step, most)
            self.state, log = self.play.several(self.state, [self.batch] * together, self.key)
        jax.block_until_ready((self.state.params, log))
        self.rate = count / (time.perf_counter() - start)


def memory() -> float:
    """Peak bytes: of the accelerator where there is one, else of this process."""
    found = jax.local_devices()[0].memory_stats() or {}
    return found.get("peak_bytes_in_use") or 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def about() -> dict[str, str]:
    """Device and versions."""
    return {"jax": jax.__version__, "device": jax.local_devices()[0].device_kind}
