"""Rounds in one call of a program: the same as one after another."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gan_jax import game, when
from gan_jax.game import Game, Move, Player, Report
from gan_jax.play import Play

KEY = jax.random.key(7)


def walk() -> Game:
    """A takes steps of 0.1 batch + noise, B of 1 at every third round; the memory counts them."""

    def to(A, batch, rng, memory):
        slope = batch + jax.random.normal(rng)
        return -slope * A(), Report({"slope": slope}, {"count": memory["count"] + 1})

    moves = (
        Move("A", ("A",), to),
        Move("B", ("B",), lambda B: (-B(), Report()), when.every(3)),
    )

    def start(key):
        return jnp.float32(0)

    players = {
        "A": Player(start, lambda p: p, optax.sgd(0.1), average=0.9),
        "B": Player(start, lambda p: p, optax.sgd(1.0)),
    }
    return Game(players, moves, memory=lambda: {"count": jnp.int32(0)})


BATCHES = [np.float32(i) for i in range(12)]


def played(at_once: int, most: int) -> tuple[game.State, list[dict[str, float]], list[int]]:
    play, state = Play(walk(), at_once=at_once), game.init(walk(), KEY)
    logs, counts = [], []
    while state.step < len(BATCHES):
        count = play.alike(state.step, min(most, len(BATCHES) - state.step))
        before = state.step
        state, told = play.several(state, BATCHES[before : before + count], KEY)
        told = jax.device_get(told)
        logs += [{name: float(values[i]) for name, values in told.items()} for i in range(count)]
        counts.append(count)
    return jax.device_get(state), logs, counts


def test_calls_go_as_far_as_moves_are_the_same() -> None:
    assert played(at_once=5, most=5)[2] == [1, 2] * 4  # B moves in rounds 0, 3, 6, 9
    assert played(at_once=5, most=1)[2] == [1] * 12
    assert played(at_once=1, most=5)[2] == [1] * 12


@pytest.mark.parametrize(("at_once", "most"), [(5, 5), (5, 1), (2, 2)])
def test_rounds_in_one_call_equal_rounds_alone(at_once: int, most: int) -> None:
    (state, logs, _), (alone, each, _) = played(at_once, most), played(1, 1)
    assert state.step == alone.step == 12
    assert state.memory["count"] == 12
    assert state.params["B"] == 4
    for one, other in zip(jax.tree.leaves(state), jax.tree.leaves(alone), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    for log, other in zip(logs, each, strict=True):
        assert log.keys() == other.keys()
        np.testing.assert_allclose(list(log.values()), [other[name] for name in log], rtol=1e-6)


def test_how_many_rounds_a_call_has_changes_no_bit() -> None:
    (state, logs, _), (other, each, _) = played(4, 4), played(4, 1)
    assert logs == each
    for one, two in zip(jax.tree.leaves(state), jax.tree.leaves(other), strict=True):
        assert np.asarray(one).tobytes() == np.asarray(two).tobytes()


def test_all_numbers_of_rounds_are_one_program() -> None:
    alone = walk()._replace(moves=walk().moves[:1])
    play, state = Play(alone, at_once=4), game.init(alone, KEY)
    for count in (1, 3, 4, 2):
        state, logs = play.several(state, BATCHES[:count], KEY)
        assert np.count_nonzero(logs["slope"]) == count
    assert state.step == 10
    assert play._at(0)._cache_size() == 1
