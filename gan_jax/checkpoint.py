"""A state and what belongs to it, to disk and back: Orbax, asynchronous, the last few and the best."""

import shutil
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import PyTree
from orbax.checkpoint import v1 as ocp

from gan_jax.errors import UserError
from gan_jax.game import State
from gan_jax.metrics import lower_is_better

# Beside `<step>`: what is being written, what is being deleted. Neither outlives the next start.
UNFINISHED, DELETED = ".orbax-checkpoint-tmp", ".deleted"
# What stops a whole checkpoint from being read, in TensorStore's words.
HINDRANCES = ("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "Too many open files")


class Damaged(Exception):
    """A checkpoint that cannot be read whole."""


class Restored(NamedTuple):
    """A state, the facts saved with it, and the broken checkpoints that were set aside to reach it."""

    state: State
    facts: dict[str, Any]
    broken: list[str]


class Checkpoints:
    """The directory `checkpoints/<step>/` of a run, for the one process (of each host) that trains.

    Only a finished checkpoint has a bare number as its name. To look at one, use `read`, which changes nothing.
    """

    def __init__(
        self, directory: Path, keep: int = 3, best_metric: str = "", fixed: Collection[str] = ()
    ) -> None:
        """Keeps the last `keep`, and the one with the best `best_metric` where that is named.

        The parameters of the players in `fixed` are not saved: they come back as they are in `restore(like)`.
        """
        self.directory, self.keep, self.best_metric = directory.absolute(), keep, best_metric
        self.fixed = frozenset(fixed)
        self._writing: Any = None
        self._clean()

    def steps(self) -> list[int]:
        """The steps that have a finished checkpoint, in order."""
        return steps(self.directory)

    def save(self, state: State, facts: dict[str, Any], metrics: dict[str, float]) -> None:
        """Start to write, while training goes on. `facts` (JSON) come back as they are; `metrics` are this state's.

        Raises:
            UserError: it, or the one before, cannot be written (a full disk, say); earlier ones are untouched.
        """
        self.wait()
        # A copy on the host: the next round overwrites the state's buffers while Orbax still reads.
        saved = jax.tree.map(np.array, self._saved(state))
        about = {**facts, "metrics": metrics, "leaves": leaves(saved), "crc32": checksum(saved)}
        path = self.directory / str(int(state.step))
        self._writing = self._try(lambda: ocp.save_async(path, saved, custom_metadata=about))

    def wait(self, timeout: float | None = None) -> None:
        """Wait (for `timeout` seconds at most) until what was started is on disk; then delete what need not be kept.

        Raises:
            UserError: it could not be written; earlier checkpoints are untouched.
        """
        if self._writing is None:
            return
        writing, self._writing = self._writing, None
        try:
            self._try(lambda: writing.result(timeout))
        except TimeoutError:
            self._writing = writing
            return
        self._prune()

    def restore(self, like: State) -> Restored | None:
        """The newest state that can be read whole, shaped and placed like `like`; None where there is none.

        A checkpoint that cannot be read is set aside as `<step>.broken`, and the one before it is tried. When none
        is left, `like` itself comes back, with no facts.

        Raises:
            UserError: the newest whole one holds the state of another config.
        """
        broken: list[str] = []
        for step in reversed(self.steps()):
            try:
                state, facts = read(self.directory / str(step), self._saved(like))
            except Damaged as error:
                broken.append(f"{self._set_aside(step)} ({error})")
                continue
            params = {name: state.params.get(name, like.params[name]) for name in like.params}
            return Restored(state._replace(step=step, params=params), facts, broken)
        return Restored(like, {}, broken) if broken else None

    def _saved(self, state: State) -> State:
        params = {name: tree for name, tree in state.params.items() if name not in self.fixed}
        return state._replace(step=np.array(state.step, np.int32), params=params)

    def _prune(self) -> None:
        """Only what is finished counts: the newest is whole before the oldest goes."""
        found = self.steps()
        kept = {*found[-self.keep :], best(self.directory, self.best_metric) if self.best_metric else None}
        for step in found:
            if step not in kept and jax.process_index() == 0:
                gone = self.directory / f"{step}{DELETED}"
                (self.directory / str(step)).rename(gone)
                shutil.rmtree(gone, ignore_errors=True)

    def _clean(self) -> None:
        """Remove what a process left that was killed while it wrote or deleted."""
        if jax.process_index() == 0 and self.directory.is_dir():
            for path in self.directory.iterdir():
                if UNFINISHED in path.name or path.name.endswith(DELETED):
                    shutil.rmtree(path, ignore_errors=True)

    def _set_aside(self, step: int) -> Path:
        aside = self.directory / f"{step}.broken"
        shutil.rmtree(aside, ignore_errors=True)
        (self.directory / str(step)).rename(aside)
        return aside

    def _try(self, write: Callable[[], Any]) -> Any:
        try:
            return write()
        except TimeoutError:
            raise
        except Exception as error:  # whatever Orbax, TensorStore and the file system raise
            self._clean()
            raise UserError(
                f"a checkpoint could not be written in {self.directory} ({_reason(error)}); earlier ones are kept: "
                "make room, or the directory writable, and give the same command again"
            ) from error


def steps(directory: Path) -> list[int]:
    """The steps that have a finished checkpoint in a directory, in order."""
    names = [path.name for path in directory.iterdir()] if directory.is_dir() else []
    return sorted(int(name) for name in names if name.isdecimal())


def best(directory: Path, metric: str) -> int | None:
    """The step whose checkpoint was saved with the best value of a metric, the later of equals; None without any."""
    scores = {}
    for step in steps(directory):
        try:
            value = about(directory / str(step)).get("metrics", {}).get(metric)
        except Damaged:
            continue
        if value is not None and np.isfinite(value):
            scores[step] = -value if lower_is_better(metric) else value
    return max(scores, key=lambda step: (scores[step], step), default=None)


def about(path: Path) -> dict[str, Any]:
    """The facts saved with the checkpoint `<run>/checkpoints/<step>`, among them its `metrics`. Raises Damaged."""
    try:
        return dict(ocp.metadata(path).custom_metadata or {})
    except Exception as error:
        raise Damaged(_reason(error)) from error


def read(path: Path, like: PyTree) -> tuple[Any, dict[str, Any]]:
    """The tree in the checkpoint `<run>/checkpoints/<step>`, shaped and placed like `like`, and its facts.

    Raises:
        UserError: it holds a tree of other names, shapes or types, or may not be read.
        Damaged: it cannot be read whole.
    """
    facts = about(path)
    _check_fits(path, facts.get("leaves"), leaves(like))
    try:
        tree = ocp.load(path, jax.tree.map(_abstract, like))
    except (MemoryError, jax.errors.JaxRuntimeError):
        raise  # no fault of the file
    except Exception as error:
        if any(words in str(error) for words in HINDRANCES):
            raise UserError(f"{path} could not be read: {_reason(error)}") from error
        raise Damaged(_reason(error)) from error
    # Orbax and TensorStore do not notice a changed byte in an array.
    if facts.get("crc32") not in (None, checksum(tree)):
        raise Damaged("its contents have changed since they were written")
    return tree, facts


def checksum(tree: PyTree) -> int:
    """CRC-32 of all arrays of a tree, in order."""
    crc = 0
    for leaf in jax.tree.leaves(tree):
        crc = zlib.crc32(np.ascontiguousarray(leaf).view(np.uint8).data, crc)
    return crc


def leaves(tree: PyTree) -> dict[str, str]:
    """What a tree consists of: {".params['G']['Conv_0']['kernel']": "float32[3,3,8,8]", ...}."""
    return {
        jax.tree_util.keystr(path): f"{leaf.dtype}{list(leaf.shape)}".replace(" ", "")
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def _check_fits(path: Path, there: dict[str, str] | None, here: dict[str, str]) -> None:
    if there is None or there == here:
        return
    name = next(name for name in {**here, **there} if here.get(name) != there.get(name))
    raise UserError(
        f"{path} does not fit the config: {name.lstrip('.')} is {there.get(name, 'not there')}, expected "
        f"{here.get(name, 'nothing of that name')}; restore the run's config.json or name another --workdir"
    )


def _abstract(leaf: Any) -> jax.ShapeDtypeStruct:
    sharding = getattr(leaf, "sharding", None) or jax.sharding.SingleDeviceSharding(jax.devices()[0])
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)


def _reason(error: Exception) -> str:
    for words in ("No space left on device", "Permission denied", "Read-only file system"):
        if words in str(error):
            return words
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:120]}".rstrip(": ")
