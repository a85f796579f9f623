"""What every game must do, whichever paper it is: one run for each file in configs/, at tiny sizes."""

import functools
from importlib import import_module
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax import dry_run, engine, settings
from gan_jax.game import call, init, moves
from gan_jax.play import Play
from gan_jax.sampling import sample

FILES = sorted(path.name for path in (Path(__file__).parents[2] / "configs").glob("*.py"))
KEY = jax.random.key(5)
QUICK = {"compiler_options": {"xla_backend_optimization_level": 0}}  # half the time to compile


def made(config):
    return import_module(f"gan_jax.gans.{config.gan}").game(config)


def bits(tree):
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(tree)]


class Run:
    """A tiny game, and what it was before, after and during its first two rounds."""

    def __init__(self, file, tiny, draw):
        self.file, self.config = file, tiny(file)
        self.game = made(self.config)
        self.batches = [draw(self.config, seed) for seed in range(2)]
        self.round = Play(self.game, at_once=2, **QUICK)
        self.start = jax.device_get(init(self.game, jax.random.key(self.config.seed)))
        self.end, self.logs = self.again()

    def again(self):
        """Two rounds from a copy of the start."""
        state, logs = jax.tree.map(jnp.array, self.start)._replace(step=0), []
        for batch in self.batches:
            state, log = self.round(state, batch, KEY)
            logs.append(jax.device_get(log))
        return jax.device_get(state), logs


@pytest.fixture(scope="module", params=FILES)
def run(request, tiny, draw):
    return Run(request.param, tiny, draw)


def test_every_logged_number_is_finite(run):
    for log in run.logs:
        assert {f"{kind}/{move.name}" for move in moves(run.game) for kind in ("loss", "gradient")} <= set(
            log
        )
        assert {name: value for name, value in log.items() if value.shape or not np.isfinite(value)} == {}


def test_movers_change_and_others_do_not(run):
    movers = {name for move in moves(run.game) if move.when(0) or move.when(1) for name in move.players}
    for name in run.game.players:
        for tree in (run.start.params, run.start.optimizer):
            after = run.end.params if tree is run.start.params else run.end.optimizer
            assert (bits(tree.get(name)) != bits(after.get(name))) == (name in movers), name
    assert run.end.step == 2


def test_the_same_seed_gives_the_same_bits(run):
    end, logs = run.again()
    assert bits((end, logs)) == bits((run.end, run.logs))
    seeds = [init(run.game, jax.random.key(seed)).params for seed in (run.config.seed, run.config.seed + 1)]
    assert bits(seeds[0]) == bits(run.start.params) != bits(seeds[1])


def test_rounds_in_one_call_are_those_of_as_many(run):
    together = run.round.alike(0, 5)
    assert together == (2 if all(move.when(0) == move.when(1) for move in moves(run.game)) else 1)
    state = jax.tree.map(jnp.array, run.start)._replace(step=0)
    state, logs = run.round.several(state, run.batches[:together], KEY)
    each = [{name: values[i] for name, values in logs.items()} for i in range(together)]
    assert bits(each) == bits(run.logs[:together])
    if together == 2:
        assert bits(state) == bits(run.end)


def test_batch_and_state_are_known_before_anything_is_made(run):
    config = settings.complete(run.config.copy_and_resolve_references())

    def told(tree):
        return [(np.shape(leaf), np.result_type(leaf)) for leaf in jax.tree.leaves(tree)]

    assert told(engine.batch_like(config)) == told(run.batches[0])
    assert set(engine.batch_like(config)) == set(run.batches[0])
    assert told(dry_run.abstract(config)._replace(step=())) == told(run.start._replace(step=()))


def test_pictures_fill_the_rows(run):
    batch = run.batches[0]

    def shown(params, batch, rng):
        networks = {name: functools.partial(p.apply, params[name]) for name, p in run.game.players.items()}
        return call(run.game.show, networks | {"batch": batch, "rng": rng})

    pictures = batch | jax.eval_shape(shown, run.start.params, batch, KEY)
    assert run.game.rows or run.game.sampler
    if run.game.sampler:
        pictures["made"] = batch["image"]
    for row in run.game.rows:
        shapes = [pictures[name].shape for name in row]
        assert {len(shape) for shape in shapes} == {4}
        assert len({shape[:3] for shape in shapes}) == 1, shapes


def test_translators_make_the_other_kind_of_picture(run):
    batch = run.batches[0]
    for direction, name in run.game.translate.items():
        source, target = direction.split("2")
        made = jax.eval_shape(run.game.players[name].apply, run.start.params[name], batch[source])
        assert (made.shape, made.dtype) == (batch[target].shape, batch[target].dtype)


def test_samples_are_like_the_examples(run):
    """Of the shape, type and range of the examples; other keys and classes make others, the same ones the same."""
    sampler, image = run.game.sampler, run.batches[0].get("image")
    if sampler is None:
        pytest.skip("this game translates")
    network = functools.partial(run.game.players[sampler.player].apply, run.end.params[sampler.player])

    def drawn(seed, label=0):
        # One class alone in a batch would be a constant, which batch norm takes away.
        labels = (jnp.arange(len(image)) + label) % sampler.classes if sampler.classes else None
        return np.asarray(sample(sampler, network, jax.random.key(seed), len(image), labels))

    assert (drawn(0).shape, drawn(0).dtype) == (image.shape, image.dtype)
    assert np.abs(drawn(0)).max() <= max(1, 3 * np.abs(image).max())
    assert drawn(0).tobytes() == drawn(0).tobytes() != drawn(1).tobytes()
    assert not sampler.classes or drawn(0).tobytes() != drawn(0, label=1).tobytes()


def test_a_checkpoint_can_hold_the_state(run):
    """Plain arrays with something in them, float32 where they are trained, of shapes and types that never change."""
    for before, after in zip(jax.tree.leaves(run.start), jax.tree.leaves(run.end), strict=True):
        assert (np.shape(before), np.result_type(before)) == (np.shape(after), np.result_type(after))
        assert np.size(after) > 0
        assert np.result_type(after).kind in "fiub"
    assert {leaf.dtype for leaf in jax.tree.leaves(run.end.params)} == {np.dtype("float32")}


def test_bfloat16_is_near_float32(run, tiny):
    """The losses of every move at the first parameters; and a whole round gives a state of the same types."""
    half, batch = made(tiny(run.file, {"dtype": "bfloat16"})), run.batches[0]

    def losses(game):
        @functools.partial(jax.jit, **QUICK)
        def values(params, memory, batch):
            networks = {name: functools.partial(p.apply, params[name]) for name, p in game.players.items()}
            found = {}
            for move in moves(game):
                given = networks | {"batch": batch, "memory": memory, "step": 0, "rng": KEY}
                found[move.name], report = call(move.loss, given)
                memory = memory | report.memory
            return found

        return values(run.start.params, run.start.memory, batch)

    found, expected = losses(half), losses(run.game)
    for name, value in found.items():
        np.testing.assert_allclose(value, expected[name], rtol=0.02, atol=0.01)
    assert any(value != expected[name] for name, value in found.items())

    def round(state):
        state, _ = Play(half)(state._replace(step=0), batch, KEY)
        return state._replace(step=())

    before = run.start._replace(step=())
    jax.tree.map(
        lambda a, b: np.testing.assert_equal((a.shape, a.dtype), (b.shape, b.dtype)),
        before,
        jax.eval_shape(round, before),
    )
