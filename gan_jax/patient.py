"""Records on a full disk: they wait in memory until there is room."""

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from gan_jax.errors import FullDisk
from gan_jax.grids import Sheet
from gan_jax.monitors import Event


class Call(NamedTuple):
    """Of a method of the keeper."""

    method: str
    given: tuple[Any, ...]


class Patient:
    """A keeper in front of another: what the disk does not take is kept, in order, and of sheets the newest alone."""

    def __init__(self, keeper: Any, say: Callable[[str], None]) -> None:
        """`say` is told when the disk is full, and when there is room again."""
        self._keeper, self._say = keeper, say
        self._waiting: deque[Call] = deque()
        self._told, self._late, self._left_out = False, 0, 0

    def write(self, step: int, values: dict[str, float]) -> None:
        """Numbers of a step."""
        self._do("write", step, values)

    def tell(self, event: Event) -> None:
        """What a monitor noticed."""
        self._do("tell", event)

    def show(self, step: int, sheet: Sheet) -> None:
        """A sheet of pictures."""
        others = deque(call for call in self._waiting if call.method != "show")
        self._left_out += len(self._waiting) - len(others)
        self._waiting = others
        self._do("show", step, sheet)

    def drop(self, step: int) -> None:
        """What was told of this step and later ones counts no longer."""
        self._do("drop", step)

    def flush(self) -> None:
        """Write what waits. Raises FullDisk when there is still no room."""
        while self._waiting:
            call = self._waiting[0]
            getattr(self._keeper, call.method)(*call.given)
            self._waiting.popleft()
        self._keeper.flush()
        if self._told:
            left_out = f", {self._left_out} sheets of samples were left out" if self._left_out else ""
            self._say(f"there is room again: {self._late} records that waited are written{left_out}")
            self._told, self._late, self._left_out = False, 0, 0

    def close(self) -> None:
        """There is no more."""
        self._keeper.close()

    def _do(self, method: str, *given: Any) -> None:
        self._waiting.append(Call(method, given))
        try:
            self.flush()
        except FullDisk:
            self._late += 1
            if not self._told:
                self._say("the disk is full: training goes on, what it logs waits in memory")
            self._told = True
