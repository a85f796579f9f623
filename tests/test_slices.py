"""A batch in slices gives what the whole batch gives: by hand, and for the memory that goes from slice to slice."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gan_jax import game, pool, slices
from gan_jax.errors import UserError
from gan_jax.game import Game, Move, Player, Report
from gan_jax.layers import BatchNorm
from gan_jax.play import Play
from gan_jax.players import player

X = np.array([1.0, 2.0, 4.0, 7.0, 11.0, 16.0], np.float32)


def example(batch: int) -> Game:
    """w steps down mean (w x - 1)^2, remembers what it made, its mean, how often it was asked and the sum of all x."""

    def loss(A, batch, memory):
        made = A(batch["x"])
        news = {
            "made": made,
            "shift": made - memory["made"],
            "mean": 0.5 * memory["mean"] + jnp.mean(made),
            "asked": memory["asked"] + 1,
            "sum": memory["sum"] + jnp.sum(batch["x"]).reshape(1),
        }
        return jnp.mean((made - 1) ** 2), Report({"largest": jnp.max(made)}, news)

    def memory():
        zero = jnp.zeros(())
        return {
            "made": jnp.zeros(batch),
            "shift": jnp.ones(batch),
            "mean": zero + 4,
            "asked": jnp.int32(0),
            "sum": jnp.zeros(1),
        }

    weight = Player(lambda key: jnp.float32(2.0), lambda w, x: w * x, optax.sgd(0.01))
    return Game({"A": weight}, (Move("go", ("A",), loss),), memory)


def played(count: int) -> tuple[game.State, dict]:
    start = game.init(example(6), jax.random.key(0))
    return Play(example(6 // count), count)(start, {"x": X}, jax.random.key(1))


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_a_step_by_hand(count: int) -> None:
    """d/dw mean (w x - 1)^2 = mean 2 (w x - 1) x at w = 2."""
    state, log = played(count)
    gradient = np.mean(2 * (2 * X - 1) * X)
    np.testing.assert_allclose(log["loss/go"], np.mean((2 * X - 1) ** 2), rtol=1e-6)
    np.testing.assert_allclose(log["gradient/go"], gradient, rtol=1e-6)
    np.testing.assert_allclose(state.params["A"], 2 - 0.01 * gradient, rtol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_what_becomes_of_the_memory(count: int) -> None:
    memory = played(count)[0].memory
    np.testing.assert_allclose(memory["made"], 2 * X, err_msg="each example has its own place")
    np.testing.assert_allclose(memory["shift"], 2 * X, err_msg="and was given its own part")
    np.testing.assert_allclose(memory["mean"], 0.5 * 4 + 2 * X.mean(), rtol=1e-6, err_msg="a mean of means")
    assert memory["asked"] == count
    np.testing.assert_allclose(memory["sum"], [X.sum()], err_msg="handed from slice to slice")


def test_logs_are_means_over_slices() -> None:
    assert played(2)[1]["largest"] == (2 * 11 + 2 * 16) / 2, "slices are x[0::2] and x[1::2]"


def test_each_slice_draws_its_own_random_numbers() -> None:
    def loss(A, batch, rng):
        return jnp.mean(A(batch["x"]) * jax.random.normal(rng, batch["x"].shape)), Report()

    def gradient(count: int) -> float:
        one = example(6)._replace(moves=(Move("go", ("A",), loss),), memory=dict)
        start = game.init(one, jax.random.key(0))
        return float(
            Play(one, count)(start, {"x": np.ones(6, np.float32)}, jax.random.key(1))[1]["gradient/go"]
        )

    key = jax.random.fold_in(jax.random.fold_in(jax.random.key(1), 0), 0)
    draws = [jax.random.normal(one, (3,)) for one in jax.random.split(key, 2)]
    assert gradient(2) == pytest.approx(abs(float(np.mean(draws))), rel=1e-5)


def test_cut_and_joined() -> None:
    x = np.arange(12).reshape(6, 2)
    cut = slices.cut(x, 3)
    np.testing.assert_array_equal(cut[1], x[1::3])
    np.testing.assert_array_equal(slices.joined(cut), x)


def test_a_pool_is_filled_with_the_same_pictures() -> None:
    fakes = np.arange(6, dtype=np.float32).reshape(6, 1, 1, 1)

    def loss(A, batch, memory, rng):
        past, shown = pool.show(memory["pool"], batch["x"], rng)
        return jnp.mean(A(shown)), Report({}, {"pool": past, "shown": shown})

    def of(batch: int) -> Game:
        memory = lambda: {"pool": pool.empty(8, 1, 1, 1), "shown": jnp.zeros((batch, 1, 1, 1))}  # noqa: E731
        return example(batch)._replace(moves=(Move("go", ("A",), loss),), memory=memory)

    state, _ = Play(of(3), 2)(game.init(of(6), jax.random.key(0)), {"x": fakes}, jax.random.key(1))
    np.testing.assert_array_equal(state.memory["shown"], fakes, err_msg="not full: shown as they are")
    assert state.memory["pool"].stored == 6
    np.testing.assert_array_equal(state.memory["pool"].images.ravel(), [0, 2, 4, 1, 3, 5, 0, 0])


def test_batch_norm_is_refused() -> None:
    def loss(A, batch):
        return jnp.mean(A(batch["x"])), Report()

    norm = player(BatchNorm(), jax.ShapeDtypeStruct((4, 2), jnp.float32), optimizer=optax.sgd(1.0))
    one = Game({"A": norm}, (Move("go", ("A",), loss),))
    batch = {"x": np.ones((4, 2), np.float32)}
    Play(one)(game.init(one, jax.random.key(0)), batch, jax.random.key(1))
    with pytest.raises(
        UserError, match=r"^config.accumulate: batch norm would be that of a slice, not of the batch"
    ):
        Play(one, 2)(game.init(one, jax.random.key(0)), batch, jax.random.key(1))


def test_memory_that_the_game_does_not_hold_is_named() -> None:
    def loss(A, batch):
        return jnp.mean(A(batch["x"])), Report({}, {"other": jnp.zeros(())})

    one = example(3)._replace(moves=(Move("go", ("A",), loss),))
    with pytest.raises(
        ValueError, match=r"move 'go' reports memory \['other'\], but the game holds \['asked'"
    ):
        Play(one, 2)(game.init(example(6), jax.random.key(0)), {"x": X}, jax.random.key(1))
