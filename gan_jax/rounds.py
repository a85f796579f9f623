"""Rounds one after another: the state, the batch whose turn it is, and the key they draw from."""

import contextlib
import threading
from collections.abc import Iterator, Sequence

import jax
from jaxtyping import Array, PyTree
from ml_collections import ConfigDict

from gan_jax import data, engine, game
from gan_jax.errors import UserError
from gan_jax.game import State
from gan_jax.play import Logs


class Rounds:
    """A game being played on the devices. All that a round does follows from the seed, the state and its batch."""

    def __init__(self, config: ConfigDict, source: data.AnySource | None = None) -> None:
        """The game and its state before the first round; without a `source`, batches are for others to give."""
        self.config, self.source = config, source
        self.game, self.mesh = engine.made(config), engine.mesh(config)
        self._first, self.key, self.show_key = jax.random.split(jax.random.key(config.seed), 3)
        self.skipped: list[int] = []  # numbers of batches that are passed over
        self.state = self.initial()
        self._play = engine.play(self.mesh, config, self.state)
        self._batches: Iterator[PyTree] | None = None
        self._gone: UserError | None = None
        self._before: Logs = {}
        self._compiling: threading.Thread | None = None

    @property
    def fixed(self) -> set[str]:
        """The players that no move trains."""
        moved = {name for move in game.moves(self.game) for name in move.players}
        return set(self.game.players) - moved

    def initial(self) -> State:
        """The state before the first round, as the seed draws it."""
        return engine.placed(self.mesh, self.config, game.init(self.game, self._first))

    def go_to(self, state: State, skipped: list[int]) -> None:
        """Play on from this state, without the batches of these numbers."""
        self.state, self.skipped, self._batches, self._gone = state, sorted(skipped), None, None

    def number(self, step: int) -> int:
        """The number of the batch of the round that begins at a step: the step, and one for each passed over.

        With batches 3 and 5 passed over, the rounds that begin at steps 2, 3 and 4 have those of number 2, 4 and 6.
        """
        for skipped in self.skipped:
            step += skipped <= step
        return step

    def batch(self) -> PyTree:
        """The batch of the next round, on the devices. Raises UserError when no picture can be read any more."""
        if self._gone is not None:
            raise self._gone
        if self._batches is None:
            self._batches = self._from(self.state.step)
        return next(self._batches)

    def batches(self, most: int) -> list[PyTree]:
        """The batches of the next rounds, `most` of them or as many as can be played in one go; raises as `batch`."""
        found = [self.batch()]
        try:
            while len(found) < self._play.alike(self.state.step, most):
                found.append(self.batch())
        except UserError as error:  # told when those before it are played
            self._gone = error
        return found

    def compile(self) -> None:
        """Begin to compile the next round, beside what comes before it; `play` waits for that.

        Not on accelerators, where XLA times kernels to choose among them and must be alone, and not on several hosts,
        which compile together.
        """
        if jax.default_backend() != "cpu" or jax.process_count() > 1:
            return

        def run(state: State, key: Array, batch: PyTree) -> None:
            with contextlib.suppress(Exception):  # the round will say it, to whom it concerns
                self._play.compile(state, batch, key)

        shapes = engine.batch_on(self.mesh, self.config)
        self._compiling = threading.Thread(target=run, args=(self.state, self.key, shapes))
        self._compiling.start()

    def play(self, batches: Sequence[PyTree]) -> Logs:
        """A round with each of `batches`; gives what they tell, number i of each array being that of round i."""
        if self._compiling is not None:
            self._compiling.join()
            self._compiling = None
        self.state, logs = self._play.several(self.state, batches, self.key)
        # The devices have what comes next and no more: whoever asks to stop does not wait for a queue.
        jax.block_until_ready(self._before)
        self._before = logs
        return logs

    def _from(self, step: int) -> Iterator[PyTree]:
        assert self.source is not None
        start, passed = self.number(step), set(self.skipped)
        there = engine.batches(self.mesh, self.config, self.source, start)
        return (batch for number, batch in enumerate(there, start) if number not in passed)
