"""A state and what belongs to it, to disk and back: Orbax, in the background, the last few and the best."""

import contextlib
import shutil
import time
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import PyTree
from orbax.checkpoint import v1 as ocp

from gan_jax import disk
from gan_jax.about import Damaged, about, files, leaves, note
from gan_jax.errors import UserError
from gan_jax.game import State
from gan_jax.metrics import merit

# A bare number names a finished checkpoint. This follows it while one is written or deleted.
PASSING = ".passing"


class Restored(NamedTuple):
    """A state, the facts saved with it, and the broken checkpoints that were set aside to reach it."""

    state: State
    facts: dict[str, Any]
    broken: list[str]


class Checkpoints:
    """The directory `checkpoints/<step>/` of a run, for the process that trains; to look at one, use `read`."""

    def __init__(
        self, directory: Path, keep: int = 3, best_metric: str = "", fixed: Collection[str] = ()
    ) -> None:
        """Keeps the last `keep`, and the one with the best `best_metric` where that is named.

        The parameters of the players in `fixed` are not saved: they come back as they are in `restore(like)`.
        """
        self.directory, self.keep, self.best_metric = directory.absolute(), keep, best_metric
        self.fixed = frozenset(fixed)
        self._writer = ThreadPoolExecutor(1, "checkpoint")
        self._writing: Future[None] | None = None
        self.slowest = 0.0  # seconds that one took to write
        self._clean()

    def steps(self) -> list[int]:
        """The steps that have a finished checkpoint, in order."""
        return steps(self.directory)

    def save(self, state: State, facts: dict[str, Any], metrics: dict[str, float]) -> None:
        """Start to write, while training goes on. `facts` (JSON) come back as they are; `metrics` are this state's.

        Raises:
            UserError: the one before could not be written (a full disk, say); earlier ones are untouched.
        """
        self.wait()
        saved = self._saved(state)
        if jax.process_count() == 1:  # a copy on the host: the next round overwrites the state's buffers
            saved = jax.tree.map(np.array, saved)
        about = {**facts, "metrics": metrics, "leaves": leaves(saved)}
        self._writing = self._writer.submit(self._write, int(state.step), saved, about)
        # Each host writes what its devices hold. Orbax lets hosts wait for each other, as rounds do: not both at once.
        if jax.process_count() > 1:
            self.wait()

    def check(self) -> None:
        """Raises UserError when what was started could not be written, and does not wait for that."""
        if self._writing is not None and self._writing.done():
            self.wait()

    @property
    def idle(self) -> bool:
        """Whether nothing is being written, and what was has been heard of."""
        return self._writing is None

    def wait(self) -> None:
        """Wait until what was started is on disk.

        Raises:
            UserError: it could not be written; earlier checkpoints are untouched.
        """
        writing, self._writing = self._writing, None
        try:
            if writing is not None:
                writing.result()
        except Exception as error:  # whatever Orbax, TensorStore and the file system raise
            message = (
                f"a checkpoint could not be written in {self.directory} ({disk.reason(error)}); earlier ones are kept: "
                "make room, or the directory writable, and give the same command again"
            )
            raise disk.unwritten(message, error) from error

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
            if jax.process_index() == 0:
                self._prune()  # a process that was killed may have left that to do
            return Restored(state._replace(step=step, params=params), facts, broken)
        return Restored(like, {}, broken) if broken else None

    def _saved(self, state: State) -> State:
        params = {name: tree for name, tree in state.params.items() if name not in self.fixed}
        return state._replace(step=np.array(state.step, np.int32), params=params)

    def _write(self, step: int, saved: State, about: dict[str, Any]) -> None:
        begun = time.monotonic()
        try:
            # Where the disk is too small, this says so before Orbax fails half-way, with many words.
            disk.make_room(self.directory, sum(leaf.nbytes for leaf in jax.tree.leaves(saved)))
            path = self._patiently(self.directory / f"{step}{PASSING}", saved)
            if jax.process_index() > 0:
                return
            note(path, about)
            path.rename(self.directory / str(step))
        except BaseException:
            self._clean_up()
            raise
        self._prune()
        self.slowest = max(self.slowest, time.monotonic() - begun)

    def _patiently(self, path: Path, saved: State) -> Path:
        """Where Orbax has written it."""
        try:
            ocp.save(path, saved)
        except TimeoutError:
            # It measures its patience by the clock on the wall, which may have been set forward. Some of its threads
            # still write there.
            if jax.process_count() > 1:
                raise
            path = path.with_name(f"{path.name}.again")
            ocp.save(path, saved)
        return path

    def _prune(self) -> None:
        """Only called, and only counts, when the newest is whole."""
        found = self.steps()
        kept = {*found[-self.keep :], best(self.directory, self.best_metric) if self.best_metric else None}
        for step in found:
            if step not in kept:
                (self.directory / str(step)).rename(self.directory / f"{step}{PASSING}")
        self._clean()

    def _clean(self) -> None:
        """Remove what a process left that was killed, or failed, while it wrote or deleted."""
        if jax.process_index() == 0:
            for path in self.directory.glob(f"*{PASSING}*"):
                shutil.rmtree(path, ignore_errors=True)

    def _clean_up(self) -> None:
        """`_clean` after a failure, when threads of Orbax may still write, and make the directory anew."""
        for _ in range(20):
            self._clean()
            time.sleep(0.1)
            if not any(self.directory.glob(f"*{PASSING}*")):
                return

    def _set_aside(self, step: int) -> Path:
        aside = self.directory / f"{step}.broken"
        if jax.process_index() == 0:
            shutil.rmtree(aside, ignore_errors=True)
            (self.directory / str(step)).rename(aside)
        return aside


def steps(directory: Path) -> list[int]:
    """The steps that have a finished checkpoint in a directory, in order."""
    return sorted(int(path.name) for path in directory.glob("*") if path.name.isdecimal())


def best(directory: Path, metric: str) -> int | None:
    """The step whose checkpoint was saved with the best value of a metric, the later of equals; None without any."""
    scores = {}
    for step in steps(directory):
        with contextlib.suppress(Damaged):
            value = about(directory / str(step)).get("metrics", {}).get(metric)
            if value is not None and np.isfinite(value):
                scores[step] = merit(metric, value)
    return max(scores, key=lambda step: (scores[step], step), default=None)


def read(path: Path, like: PyTree) -> tuple[Any, dict[str, Any]]:
    """The tree in the checkpoint `<run>/checkpoints/<step>`, shaped and placed like `like`, and its facts.

    Raises:
        UserError: it holds a tree of other names, shapes or types, or may not be read.
        Damaged: it cannot be read whole.
    """
    try:
        facts = about(path)
        now = files(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {disk.reason(error)}") from error
    # Orbax does not notice a changed byte in an array, and of a missing file it speaks at length.
    for name, crc in facts["files"].items():
        if now.get(name) != crc:
            raise Damaged(f"{name} {'has changed' if name in now else 'is missing'}")
    _check_fits(path, facts["leaves"], leaves(like))
    return ocp.load(path, jax.tree.map(_abstract, like)), facts


def _check_fits(path: Path, there: dict[str, str], here: dict[str, str]) -> None:
    for name in {**here, **there}:
        if here.get(name) != there.get(name):
            raise UserError(
                f"{path} does not fit the config: {name.lstrip('.')} is {there.get(name, 'not there')}, expected "
                f"{here.get(name, 'nothing of that name')}; restore the run's config.json or name another --workdir"
            )


def _abstract(leaf: Any) -> jax.ShapeDtypeStruct:
    sharding = getattr(leaf, "sharding", None) or jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)
