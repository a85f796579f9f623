"""Logs of rounds that nobody has looked at yet: they stay on the devices until somebody does."""

from collections.abc import Iterator

import jax

from gan_jax import finite
from gan_jax.play import Logs


class Unchecked:
    """Rounds by the steps they ended at, in order; `len` is their number."""

    def __init__(self) -> None:
        """None yet."""
        self._logs: list[tuple[range, Logs]] = []

    def __len__(self) -> int:
        return sum(len(steps) for steps, _ in self._logs)

    def add(self, steps: range, logs: Logs) -> None:
        """Rounds that were played in one go; entry i of each log is that of steps[i]."""
        self._logs.append((steps, logs))

    def clear(self) -> None:
        """Forget them."""
        self._logs = []

    def checked(self) -> Iterator[tuple[int, dict[str, float]]]:
        """Step and scalars of each, which are forgotten then.

        Raises:
            NotFinite: a loss or, where all losses are finite, another scalar of a round is not.
        """
        fetched = jax.device_get([logs for _, logs in self._logs])
        for (steps, _), logs in zip(self._logs, fetched, strict=True):
            for i, step in enumerate(steps):
                values = {name: float(logs[name][i]) for name in sorted(logs)}
                losses_first = sorted(values, key=lambda name: name.startswith("gradient/"))
                finite.check({name: values[name] for name in losses_first}, step)
                yield step, values
        self.clear()
