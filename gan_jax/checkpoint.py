"""A state and what belongs to it, to disk and back: Orbax, asynchronous, the last few and the best."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from orbax.checkpoint import v1 as ocp

from gan_jax.errors import UserError
from gan_jax.game import State
from gan_jax.metrics import lower_is_better

policies = ocp.training.preservation_policies


class Restored(NamedTuple):
    """A state, the facts saved with it, and the broken checkpoints that were set aside to reach it."""

    state: State
    facts: dict[str, Any]
    broken: list[str]


class Checkpoints:
    """The directory `checkpoints/<step>/` of a run. Only a finished checkpoint has a bare number as its name."""

    def __init__(self, directory: Path, keep: int = 3, best_metric: str = "") -> None:
        """Keeps the last `keep`, and the one with the best `best_metric` where that is named."""
        kept: list[Any] = [policies.LatestN(keep)]
        if best_metric:
            worst = float("inf") if lower_is_better(best_metric) else float("-inf")
            kept.append(
                policies.BestN(
                    get_metric_fn=lambda metrics: (metrics or {}).get(best_metric, worst),
                    reverse=lower_is_better(best_metric),
                    n=1,
                )
            )
        self.directory = directory.absolute()
        self._orbax = ocp.training.Checkpointer(
            self.directory,
            preservation_policy=policies.AnyPreservationPolicy(kept),
            cleanup_tmp_directories=True,
        )

    def steps(self) -> list[int]:
        """The steps that have a finished checkpoint, in order."""
        return sorted(found.step for found in self._orbax.checkpoints)

    def save(self, state: State, facts: dict[str, Any], metrics: dict[str, float]) -> None:
        """Start to write, while training goes on. `facts` (position in the data, seconds) come back as they are.

        Raises:
            UserError: it cannot be written (a full disk, say); earlier checkpoints are untouched.
        """
        # A copy: the round donates the state's buffers while Orbax may still be reading them.
        saved = jax.tree.map(lambda leaf: jnp.array(leaf, copy=True), state)
        self._try(
            lambda: self._orbax.save_async(
                int(state.step), saved, custom_metadata=facts, metrics=metrics, force=True, overwrite=True
            )
        )

    def wait(self) -> None:
        """Wait until everything started is on disk. Raises UserError as `save` does."""
        self._try(self._orbax.wait)

    def close(self) -> None:
        """Wait, and let go of the directory."""
        self._try(self._orbax.close)

    def restore(self, like: State, step: int | None = None) -> Restored | None:
        """The newest state that can be read whole, shaped and placed like `like`; None where there is none.

        A checkpoint that cannot be read is set aside as `<step>.broken`, and the one before it is tried.
        """
        shapes = jax.tree.map(_abstract, like._replace(step=jnp.int32(0)))
        broken: list[str] = []
        for found in reversed(self.steps() if step is None else [step]):
            try:
                state = self._orbax.load(found, shapes)
                facts = self._orbax.metadata(found).custom_metadata or {}
                return Restored(state._replace(step=int(state.step)), facts, broken)
            except Exception as error:  # whatever Orbax and TensorStore raise for damaged files
                broken.append(f"{self._set_aside(found)} ({type(error).__name__})")
        return Restored(like, {}, broken) if broken else None

    def _set_aside(self, step: int) -> Path:
        aside = self.directory / f"{step}.broken"
        shutil.rmtree(aside, ignore_errors=True)
        (self.directory / str(step)).rename(aside)
        self._orbax.reload()
        return aside

    def _try(self, write: Any) -> None:
        try:
            write()
        except Exception as error:
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise UserError(
                f"a checkpoint could not be written in {self.directory}: {reason[0][:200]}; earlier checkpoints are "
                "kept: make room (or the directory writable) and give the same command again"
            ) from error


def _abstract(leaf: jax.Array) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=leaf.sharding)
