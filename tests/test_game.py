import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen as nn

from gan_jax import losses, when
from gan_jax.game import Game, Move, Player, Report, call, check, init, networks
from gan_jax.play import Play
from gan_jax.players import player

KEY = jax.random.key(7)


def scalar(value=0.0, optimizer=None, **fields):
    """A player with one number p: its network gives p, or p x."""
    return Player(lambda key: jnp.float32(value), lambda p, x=1.0: p * x, optimizer, **fields)


def rounds(game, count, state=None, batch=None, play=None):
    """The state after `count` rounds, and the log of each."""
    play, logs = play or Play(game), []
    state = init(game, KEY) if state is None else state
    for _ in range(count):
        state, log = play(state, batch, KEY)
        logs.append(jax.device_get(log))
    return state, logs


def bits(tree):
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(tree)]


# The Dirac-GAN (Mescheder, Geiger, Nowozin 2018, arXiv 1801.04406, section 2) with linear f: real data at 0, the
# generator at theta, D(x) = psi x. Gradient steps of rate h are linear maps of (theta, psi).
RATE, START = 0.1, (0.8, -0.5)


def dirac(*order, simultaneous):
    def discriminator(G, D):
        return losses.wasserstein_discriminator(D(0.0), D(G())), Report()

    def generator(G, D):
        return losses.wasserstein_generator(D(G())), Report()

    known = {"D": Move("D", ("D",), discriminator), "G": Move("G", ("G",), generator)}
    moves = tuple(known[name] for name in order)
    sgd = optax.sgd(RATE)
    players = {"G": scalar(START[0], sgd), "D": scalar(START[1], sgd)}
    return Game(players, (moves,) if simultaneous else moves)


def trajectory(game, count):
    step, state, points = Play(game), init(game, KEY), []
    for _ in range(count):
        state, _ = step(state, None, KEY)
        points.append((float(state.params["G"]), float(state.params["D"])))
    return np.array(points)


def test_simultaneous_steps_spiral_outwards():
    """theta + h psi, psi - h theta: a turn by atan h, stretched by sqrt(1 + h^2)."""
    n = np.arange(1, 101)
    stretch, turn = (1 + RATE**2) ** (n / 2), n * np.arctan(RATE)
    theta = stretch * (START[0] * np.cos(turn) + START[1] * np.sin(turn))
    psi = stretch * (START[1] * np.cos(turn) - START[0] * np.sin(turn))
    points = trajectory(dirac("D", "G", simultaneous=True), 100)
    np.testing.assert_allclose(points, np.stack([theta, psi], axis=1), atol=1e-5)
    np.testing.assert_array_equal(points, trajectory(dirac("G", "D", simultaneous=True), 100))


def test_alternating_steps_stay_on_an_ellipse():
    """D first: A = [[1 - h^2, h], [-h, 1]] has determinant 1 and eigenvalues e^(+-i phi), cos phi = 1 - h^2 / 2,

    so A^n = (sin(n phi) A - sin((n - 1) phi) I) / sin(phi), and theta^2 + psi^2 - h theta psi never changes.
    """
    once = np.array([[1 - RATE**2, RATE], [-RATE, 1]])
    phi = np.arccos(1 - RATE**2 / 2)
    n = np.arange(1, 101).reshape(-1, 1, 1)
    power = (np.sin(n * phi) * once - np.sin((n - 1) * phi) * np.eye(2)) / np.sin(phi)
    points = trajectory(dirac("D", "G", simultaneous=False), 100)
    np.testing.assert_allclose(points, power @ np.array(START), atol=1e-5)
    theta, psi = points.T
    np.testing.assert_allclose(theta**2 + psi**2 - RATE * theta * psi, 0.8**2 + 0.5**2 + 0.04, rtol=1e-5)
    other = trajectory(dirac("G", "D", simultaneous=False), 1)[0]
    np.testing.assert_allclose(other, [0.8 - 0.05, -0.5 - 0.075], rtol=1e-6)


def test_a_move_changes_its_own_players_alone():
    def pull(A, B, C, fixed, batch):
        return (A(batch) + B(batch) * C(batch) * fixed(batch)) ** 2, Report()

    players = {name: scalar(0.5, optax.adam(0.1)) for name in "ABC"} | {"fixed": scalar(2.0)}
    game = Game(players, (Move("early", ("A", "B"), pull, when.before(1)), Move("late", ("C",), pull)))
    start = init(game, KEY)
    before = {name: bits((start.params[name], start.optimizer.get(name))) for name in players}
    assert set(start.optimizer) == {"A", "B", "C"}

    def changed(state):
        after = {name: bits((state.params[name], state.optimizer.get(name))) for name in players}
        return {name for name in players if after[name] != before[name]}, after

    step = Play(game)
    state, _ = step(start, jnp.float32(0.3), KEY)
    moved, before = changed(state)
    assert moved == {"A", "B", "C"}
    state, _ = step(state, jnp.float32(0.3), KEY)
    assert changed(state)[0] == {"C"}


@pytest.mark.parametrize(
    ("rule", "count"),
    [(when.always, 10), (when.every(3), 4), (when.every(3, 2), 3), (when.before(4), 4), (when.after(4), 6),
     (when.between(2, 5), 3), (when.after(10), 0)],
)  # fmt: skip
def test_when_counts_the_updates(rule, count):
    """The gradient is 1, so Adam of rate 1 moves p by 1 each time, and counts only the times when it moved."""

    def pull(A):
        return A(), Report(log={"height": A()})

    adam = optax.adam(1.0, eps=0.0)
    game = Game({"A": scalar(0.0, adam)}, (Move("fall", ("A",), pull, rule),))
    state, logs = rounds(game, 10)
    np.testing.assert_allclose(state.params["A"], -count, rtol=1e-5)
    assert optax.tree_utils.tree_get(state.optimizer, "count") == count
    assert state.step == 10
    assert ["height" in log for log in logs] == [rule(step) for step in range(10)]


def test_programs_are_compiled_once_per_set_of_active_moves():
    traced = []

    def first(A):
        traced.append("first")
        return A(), Report()

    def second(A):
        traced.append("second")
        return A(), Report()

    moves = Move("first", ("A",), first), Move("second", ("A",), second, when.every(3))
    rounds(Game({"A": scalar(0.0, optax.sgd(1.0))}, moves), 9)
    assert sorted(traced) == ["first", "first", "second"]


def test_a_moves_own_optimizer_has_a_state_of_its_own():
    """Momentum 1/2 at rate 1: a constant gradient g moves by g, 3/2 g, 7/4 g, whatever the other move does."""
    heavy = optax.sgd(1.0, momentum=0.5)
    moves = (
        Move("down", ("A",), lambda A: (A(), Report())),
        Move("up", ("A",), lambda A: (-2.0 * A(), Report()), optimizer=heavy),
    )
    state, _ = rounds(Game({"A": scalar(0.0, heavy)}, moves), 3)
    assert state.params["A"] == -(1 + 1.5 + 1.75) + 2 * (1 + 1.5 + 1.75)
    assert set(state.optimizer) == {"A", "up/A"}
    lone = Game({"A": scalar(0.0)}, moves[1:])
    assert rounds(lone, 3)[0].params["A"] == 2 * (1 + 1.5 + 1.75)


def test_every_buffer_is_donated_and_none_twice():
    shared = jnp.ones(3)
    players = {
        "A": scalar(0.0, optax.adam(0.1), average=0.9),
        "fixed": Player(lambda key: shared, lambda p: p),
    }

    def pull(A, fixed, memory):
        return A() * jnp.sum(fixed()), Report(memory={"new": memory["old"]})

    game = Game(players, (Move("pull", ("A",), pull),), lambda: {"old": shared, "new": shared})
    state = init(game, KEY)
    pointers = [leaf.unsafe_buffer_pointer() for leaf in jax.tree.leaves(state._replace(step=()))]
    assert len(set(pointers)) == len(pointers)
    later, _ = rounds(game, 1, state)
    assert state.params["A"].is_deleted()
    assert state.average["A"].is_deleted()
    later, _ = rounds(game, 2, later)
    np.testing.assert_array_equal(later.params["fixed"], [1, 1, 1])
    assert not shared.is_deleted()


def test_the_average_forgets_its_start_and_then_decays():
    """Parameters that stay at 1 and an average that starts at 0: after n rounds 1 - a is the product of the decays,

    (1 + t) / (10 + t) for t = 0 .. 8, then 1/2: 9! 9! / 18! / 2^(n - 9).
    """
    game = Game(
        {"A": scalar(1.0, optax.sgd(1.0), average=0.5)},
        (Move("stay", ("A",), lambda A: (0.0 * A(), Report())),),
    )
    assert init(game, KEY).average["A"] == 1
    state = init(game, KEY)._replace(average={"A": jnp.float32(0.0)})
    decays, missing = [1 / 10, 2 / 11, 3 / 12], 1.0
    step = Play(game)
    for decay in decays:
        state, _ = step(state, None, KEY)
        missing *= decay
        np.testing.assert_allclose(1 - state.average["A"], missing, rtol=1e-4)
    state = state._replace(average={"A": jnp.float32(0.0)})
    for _ in range(9):
        state, _ = step(state, None, KEY)
    # t = 3 .. 8: 4 ... 9 / (13 ... 18) = 9! 12! / (3! 18!); t = 9, 10, 11: 1/2 each.
    np.testing.assert_allclose(
        1 - state.average["A"], (362880 * 479001600 / 6 / 6402373705728000) / 8, rtol=1e-3
    )


def test_the_average_moves_when_its_player_does():
    game = Game(
        {"A": scalar(0.0, optax.sgd(1.0), average=0.9), "B": scalar(0.0, optax.sgd(1.0))},
        (
            Move("A", ("A",), lambda A: (A(), Report()), when.every(2)),
            Move("B", ("B",), lambda B: (B(), Report())),
        ),
    )
    state, _ = rounds(game, 2)
    np.testing.assert_allclose(state.average["A"], -0.9, rtol=1e-6)  # 1/10 of 0 and 9/10 of -1, once
    assert set(state.average) == {"A"}
    shown, raw = networks(game, state), networks(game, state, averaged=False)
    assert (shown["A"](), raw["A"](), shown["B"]()) == (state.average["A"], -1, -2)


LOWERED = """
import hashlib, jax, optax
from gan_jax import game
from gan_jax.game import Game, Move, Player, Report

names = "ABCDEF"
player = Player(lambda key: jax.numpy.float32(0), lambda p: p, optax.sgd(1.0), average=0.9)
move = Move("all", tuple(names), lambda A, B, C, D, E, F: (A() + F(), Report()))
many = Game({name: player for name in names}, (move,))
state = game.init(many, jax.random.key(0))
text = game.program(many, game.active(many, 0)).lower(state, None, jax.random.key(1)).as_text()
print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_every_process_makes_the_same_program():
    """Else the compiled one is not found again, and hosts of one run play different ones."""
    texts = [
        subprocess.check_output(
            [sys.executable, "-c", LOWERED],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
        )
        for seed in "12"
    ]
    assert texts[0] == texts[1]


def noisy_game():
    def move(A, B, batch, memory, rng):
        noise = jax.random.normal(rng, (3,))
        loss = jnp.sum((A(batch) - noise + memory["drift"]) ** 2) + B(A()) ** 2
        return loss, Report(log={"noise": noise[0]}, memory={"drift": memory["drift"] + 0.1 * noise})

    players = {
        "A": scalar(1.0, optax.adam(0.1), average=0.9),
        "B": scalar(-1.0, optax.sgd(0.1, momentum=0.9)),
    }
    moves = Move("A", ("A",), move, when.every(2)), Move("B", ("B",), move)
    return Game(players, moves, lambda: {"drift": jnp.zeros(3)})


def test_a_resumed_run_equals_the_uninterrupted_one():
    game, batch = noisy_game(), jnp.arange(3.0)
    whole, logs = rounds(game, 7, batch=batch)
    half, _ = rounds(game, 3, batch=batch)
    kept = jax.tree.map(np.array, half)  # as a checkpoint would hold it
    resumed, later = rounds(game, 4, kept._replace(step=np.int64(3)), batch)
    assert bits(resumed._replace(step=7)) == bits(whole)
    assert resumed.step == whole.step == 7
    assert bits(later) == bits(logs[3:])


def test_each_move_of_each_round_has_a_key_of_its_own():
    def noise(name):
        return lambda A, rng: (A(), Report(log={name: jax.random.normal(rng)}))

    def game(rule):
        moves = Move("a", ("A",), noise("a"), rule), Move("b", ("A",), noise("b"))
        return Game({"A": scalar(0.0, optax.sgd(0.0))}, moves)

    _, logs = rounds(game(when.always), 3)
    for step, log in enumerate(logs):
        for index, name in enumerate("ab"):
            key = jax.random.fold_in(jax.random.fold_in(KEY, step), index)
            np.testing.assert_allclose(log[name], jax.random.normal(key), rtol=1e-6)
    _, others = rounds(game(when.before(1)), 3)
    assert [log["b"] for log in others] == [log["b"] for log in logs]


def test_memory_passes_from_move_to_move_and_from_round_to_round():
    def add(A, memory):
        return A(), Report(memory={"total": memory["total"] + 1})

    def double(A, memory):
        return A(), Report(log={"seen": memory["total"]}, memory={"total": memory["total"] * 2})

    moves = Move("add", ("A",), add), Move("double", ("A",), double)
    start = {"total": jnp.float32(0), "kept": jnp.arange(2.0)}
    state, logs = rounds(Game({"A": scalar(0.0, optax.sgd(1.0))}, moves, lambda: start), 3)
    assert [log["seen"] for log in logs] == [1, 3, 7]
    assert state.memory["total"] == 14
    np.testing.assert_array_equal(state.memory["kept"], [0, 1])


def test_unknown_memory_is_refused():
    move = Move("add", ("A",), lambda A: (A(), Report(memory={"totl": jnp.zeros(())})))
    game = Game({"A": scalar(0.0, optax.sgd(1.0))}, (move,), lambda: {"total": jnp.zeros(())})
    with pytest.raises(
        ValueError, match=r"move 'add' reports memory \['totl'\], but the game holds \['total'\]"
    ):
        rounds(game, 1)


def test_the_log_holds_losses_and_the_norms_of_gradients():
    def pull(A, B, step):
        return 3.0 * A() + 4.0 * B(), Report(log={"mine": A(), "step": step})

    game = Game({name: scalar(1.0, optax.sgd(1.0)) for name in "AB"}, (Move("pull", ("A", "B"), pull),))
    _, logs = rounds(game, 2)
    assert logs[0] == {"loss/pull": 7, "gradient/pull": 5, "mine": 1, "step": 0}
    assert logs[1] == {"loss/pull": 7 - 9 - 16, "gradient/pull": 5, "mine": -2, "step": 1}


def test_a_flax_module_as_a_player():
    module = nn.Dense(3)
    dense = player(module, jax.ShapeDtypeStruct((2, 5), jnp.float32))
    params = dense.init(KEY)
    expected = module.init(KEY, jnp.zeros((2, 5)))
    assert jax.tree.map(jnp.shape, params) == {"kernel": (5, 3), "bias": (3,)}
    np.testing.assert_allclose(params["kernel"], expected["params"]["kernel"], atol=1e-6)
    x = jnp.arange(10.0).reshape(2, 5)
    np.testing.assert_allclose(dense.apply(params, x), x @ params["kernel"], rtol=1e-5)
    assert jax.tree.leaves(player(nn.Sequential([jnp.tanh]), x).init(KEY)) == []


def test_players_are_drawn_apart():
    game = Game({name: player(nn.Dense(3), jnp.zeros((1, 5))) for name in "AB"}, ())
    first, again, other = (init(game, jax.random.key(seed)).params for seed in (0, 0, 1))
    assert bits(first) == bits(again)
    kernels = [first["A"]["kernel"], first["B"]["kernel"], other["A"]["kernel"], other["B"]["kernel"]]
    assert len({kernel.tobytes() for kernel in map(np.asarray, kernels)}) == 4


def test_functions_are_given_what_they_name():
    assert call(lambda b, a: (a, b), {"a": 1, "b": 2, "c": 3}) == (1, 2)
    assert call(Game({}, ()).show, {"batch": 1}) == {}


def wants(*names):
    return eval(f"lambda {', '.join(names)}: None")


@pytest.mark.parametrize(
    ("moves", "message"),
    [
        ([Move("a", ("A",), wants("A"))] * 2, r"moves need different names, got \['a', 'a'\]"),
        ([Move("a", ("Q",), wants("A"))], r"move 'a' trains 'Q', but the players are \['A', 'fixed'\]"),
        ([Move("a", ("fixed",), wants("A"))], "move 'a' trains 'fixed', which has no optimizer"),
        (
            [Move("a", ("A",), wants("A", "bacth"))],
            r"the loss of move 'a' asks for \['bacth'\]: known are the players",
        ),
        ([(Move("a", ("A",), wants("A")), Move("b", ("Q",), wants("A")))], "move 'b' trains 'Q'"),
    ],
)
def test_a_game_that_cannot_be_played_is_refused(moves, message):
    game = Game({"A": scalar(0.0, optax.sgd(1.0)), "fixed": scalar()}, tuple(moves))
    for use in (check, Play, lambda game: init(game, KEY)):
        with pytest.raises(ValueError, match=message):
            use(game)


def test_players_named_like_what_losses_are_given_are_refused():
    with pytest.raises(ValueError, match=r"players cannot be named \['batch'\]"):
        check(Game({"batch": scalar()}, ()))
