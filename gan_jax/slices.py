"""A batch played in slices: the gradients of a large batch in the memory of a small one.

    d/d theta  1/b sum over the batch of l  =  1/k sum over k slices of  d/d theta  k/b sum over the slice of l

holds wherever a loss is a mean over examples, each judged by itself.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree, Shaped

from gan_jax.errors import UserError

# What becomes of an entry of the memory.
WITH_BATCH, AVERAGED, HANDED_ON = "with the batch", "averaged", "handed on"
SLICED: ContextVar[bool] = ContextVar("sliced", default=False)

Pull = Callable[[PyTree, PyTree, Key[Array, ""]], tuple[Float[Array, ""], Any, PyTree]]


def mixes_examples(what: str) -> None:
    """For a layer whose output for one example depends on the others.

    Raises:
        UserError: it is used within a slice, where it would see other examples than in the whole batch.
    """
    if SLICED.get():
        raise UserError(
            f"config.accumulate: {what} would be that of a slice, not of the batch, and gradients would differ; "
            "set another norm (as --config.generator.norm=instance) or --config.accumulate=1"
        )


def cut(x: Shaped[Array, "b *rest"], slices: int) -> Shaped[Array, "slices b/slices *rest"]:
    """Slice i holds the examples i, i + slices, ...: each device has a run of them, and so a share of each slice."""
    return jnp.moveaxis(x.reshape(-1, slices, *x.shape[1:]), 1, 0)


def joined(x: Shaped[Array, "slices b/slices *rest"]) -> Shaped[Array, "b *rest"]:
    """Undoes `cut`."""
    return jnp.moveaxis(x, 0, 1).reshape(-1, *x.shape[2:])


def mean(
    pull: Pull,
    moving: PyTree,
    batch: PyTree,
    memory: dict[str, PyTree],
    small: dict[str, PyTree],
    rng: Key[Array, ""],
    slices: int,
) -> tuple[Float[Array, ""], Any, PyTree]:
    """Loss, report and gradients of a batch, as means over its slices, which are played one after another.

    `pull(batch, memory, rng)` gives those of one slice: gradients like `moving`, a report with `log` and `memory`.
    `small`, the memory of a game of one slice, tells what becomes of an entry. Where its shape is another one, the
    entry has a value an example, and is cut and joined like the batch. A float without axes is a statistic: each slice
    sees the old one, and the new one is the mean of theirs. Anything else, such as a pool, is handed from slice to
    slice. Each slice draws random numbers of its own.

    Raises:
        UserError: a network mixes the examples of a batch, as batch norm does.
    """
    kinds = jax.tree.map(_kind, memory, small)
    owned = jax.tree.map(lambda kind, x: cut(x, slices) if kind == WITH_BATCH else None, kinds, memory)
    batches = jax.tree.map(lambda x: cut(x, slices) if jnp.ndim(x) else jnp.full(slices, x), batch)

    def one(carry: tuple[PyTree, PyTree], given: Any) -> tuple[tuple[PyTree, PyTree], Any]:
        (total, passed), (batch, own, key) = carry, given
        seen = jax.tree.map(lambda kind, x, mine: mine if kind == WITH_BATCH else x, kinds, passed, own)
        loss, report, gradients = pull(batch, seen, key)
        told = {}
        for name, news in report.memory.items():
            told[name] = jax.tree.map(lambda kind, x: None if kind == HANDED_ON else x, kinds[name], news)
            passed = passed | {name: jax.tree.map(_handed_on, kinds[name], passed[name], news)}
        return (jax.tree.map(jnp.add, total, gradients), passed), (loss, report._replace(memory=told))

    keys = jax.random.split(rng, slices)
    with _sliced():
        start = jax.tree.map(jnp.zeros_like, moving), memory
        (total, passed), (losses, reports) = jax.lax.scan(one, start, (batches, owned, keys))
    news = {
        name: jax.tree.map(_gathered, kinds[name], passed[name], told)
        for name, told in reports.memory.items()
    }
    log = {name: values.mean(0) for name, values in reports.log.items()}
    gradients = jax.tree.map(lambda x: x / slices, total)
    return losses.mean(0), reports._replace(log=log, memory=news), gradients


def _kind(stored: Any, small: Any) -> str:
    if stored.shape != small.shape:
        return WITH_BATCH
    is_statistic = stored.ndim == 0 and jnp.issubdtype(stored.dtype, jnp.floating)
    return AVERAGED if is_statistic else HANDED_ON


def _handed_on(kind: str, old: Any, new: Any) -> Any:
    return new if kind == HANDED_ON else old


def _gathered(kind: str, passed: Any, told: Any) -> Any:
    if kind == HANDED_ON:
        return passed
    return joined(told) if kind == WITH_BATCH else told.mean(0)


@contextlib.contextmanager
def _sliced() -> Iterator[None]:
    before = SLICED.set(True)
    try:
        yield
    finally:
        SLICED.reset(before)
