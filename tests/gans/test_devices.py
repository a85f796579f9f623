"""One device equals many: losses, weights and pools do not depend on how a batch and its pictures are split."""

import functools
import logging
from pathlib import Path

import jax
import numpy as np
import pytest
from flax import linen as nn
from jax.sharding import AxisType, Mesh

from gan_jax import game, optimizers, settings, sharding
from gan_jax import rows as rows_of
from gan_jax.gans import cyclegan, pix2pix
from gan_jax.layers import Conv, Norm
from gan_jax.play import Play
from gan_jax.players import player

CONFIG = Path(__file__).parents[2] / "configs" / "cyclegan.py"


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


class Net(nn.Module):
    """Two convolutions with batch norm, whose moments are over the whole batch: they are what splitting could spoil."""

    @nn.compact
    def __call__(self, x, rng=None):
        x = Norm("batch")(Conv(2, 3, pad=1, reflect=True)(x))
        return nn.tanh(Conv(3, 3, pad=1)(nn.relu(x)))


@pytest.fixture(scope="module")
def cycle():
    """CycleGAN's own moves, losses and pool at batch 8, with networks that compile quickly."""
    config = settings.load(str(CONFIG)).copy_and_resolve_references()
    config.update({"batch_size": 8, "data": {"resize": 8, "crop": 8}, "pool_size": 12})
    adam = optimizers.adam(0.01, 0.5)
    full = cyclegan.game(config)
    example = jax.ShapeDtypeStruct((8, 8, 8, 3), np.float32)
    return full._replace(players={name: player(Net(), example, optimizer=adam) for name in full.players})


@pytest.fixture(scope="module")
def played(cycle):
    """`(groups, rows) -> state, logs, compilations` of two rounds on so many devices."""
    random = np.random.default_rng(0)
    batches = [
        {name: random.uniform(-1, 1, (8, 8, 8, 3)).astype(np.float32) for name in "xy"} for _ in range(2)
    ]
    start = jax.device_get(game.init(cycle, jax.random.key(0)))

    def play(groups, rows=1):
        mesh, where, round = prepared(cycle, start, groups, rows)
        state = jax.device_put(start._replace(step=()), where._replace(step=()))._replace(step=0)
        compiled = Compilations()
        with jax.log_compiles(), compiled, rows_of.over(mesh):
            placed = [sharding.split(mesh, batch) for batch in batches]
            state, logs = round.several(state, placed, jax.random.key(1))
        logs = jax.device_get(logs)
        each = [{name: values[i] for name, values in logs.items()} for i in range(len(batches))]
        return jax.device_get(state), each, compiled.count

    return play


def prepared(game_, start, groups, rows):
    """A mesh, where the state lies on it, and a round, or two in one call."""
    devices = np.array(jax.devices()[: groups * rows]).reshape(groups, rows)
    mesh = Mesh(devices, ("data", "rows"), axis_types=(AxisType.Auto, AxisType.Auto))
    where = sharding.state_sharding(mesh, start, batch_size=8)
    results = where, sharding.replicated(mesh)
    options = {"xla_backend_optimization_level": 0}
    return mesh, where, Play(game_, at_once=2, compiler_options=options, out_shardings=results)


class Compilations(logging.Handler):
    """Counts the programs of rounds that JAX says it compiles."""

    def __enter__(self):
        self.count, self.logger = 0, logging.getLogger("jax")
        self.logger.addHandler(self)
        return self

    def __exit__(self, *_):
        self.logger.removeHandler(self)

    def emit(self, record):
        self.count += record.getMessage().startswith("Compiling jit(_rounds)")


@pytest.fixture(scope="module")
def one(played):
    return played(1)


@pytest.mark.parametrize(
    ("groups", "rows"),
    [(2, 4), *(slow(*split) for split in [(8, 1), (2, 1), (4, 1), (1, 2), (2, 2), (1, 4)])],
)
def test_one_device_equals_many(played, one, groups, rows):
    """Losses of two rounds and parameters to 1e-5, a thousandth of a step of Adam.

    Left out is the bias in front of the norm: its gradient is 0, and rounding alone moves it.
    """
    (state, logs, compiled), (many, other_logs, other_compiled) = one, played(groups, rows)
    assert compiled == other_compiled == 1
    for log, other in zip(logs, other_logs, strict=True):
        for name, value in log.items():
            np.testing.assert_allclose(other[name], value, rtol=1e-5, atol=1e-5, err_msg=name)
    for tree in (state.params, many.params):
        for params in tree.values():
            params["Conv_0"].pop("bias", None)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), state.params, many.params)
    for name in ("pool_x", "pool_y"):
        assert state.memory[name].stored == many.memory[name].stored == 12
        np.testing.assert_allclose(state.memory[name].images, many.memory[name].images, atol=1e-5)


# True networks. 16 rows are halved twice, and the U-Net's 32 five times: less than one a device, in the end.
SMALL = {"batch_size": 8, "data.resize": 16, "data.crop": 16, "generator.width": 4, "discriminator.width": 4}
DEEP = SMALL | {
    "data.resize": 32,
    "data.crop": 32,
    "generator": {"network": "unet", "width": 2, "levels": 5, "norm": "batch", "dropout": 0.0},
    "discriminator": {"network": "patchgan", "width": 2, "layers": 1, "norm": "batch"},
}
GAMES = {"cyclegan": ("cyclegan.py", SMALL, cyclegan), "pix2pix": ("pix2pix.py", DEEP, pix2pix)}


@pytest.fixture(scope="module")
def gradients(tiny, draw):
    """`(name, groups, rows) -> log, gradients`: of a round of true networks, told by Adam's first moments."""

    @functools.cache
    def of(name, groups, rows):
        file, changes, module = GAMES[name]
        config = tiny(file, changes)
        full = module.game(config)
        start = jax.device_get(game.init(full, jax.random.key(0)))
        mesh, where, round = prepared(full, start, groups, rows)
        state = jax.device_put(start._replace(step=()), where._replace(step=()))._replace(step=0)
        with rows_of.over(mesh):
            state, log = round(state, sharding.split(mesh, draw(config)), jax.random.key(1))
        moments = {player: optimizer.inner_state[0].mu for player, optimizer in state.optimizer.items()}
        return jax.device_get((log, moments))

    return of


@pytest.mark.slow
@pytest.mark.parametrize(("groups", "rows"), [(2, 1), (8, 1), (1, 2), (2, 2), (1, 4), (2, 4), (4, 2), (1, 8)])
@pytest.mark.parametrize("name", GAMES)
def test_true_networks(gradients, name, groups, rows):
    """Losses to 1e-5, and each gradient to 3e-5 of its player's largest: a bias sums numbers that nearly cancel."""
    (log, moments), (other, found) = gradients(name, 1, 1), gradients(name, groups, rows)
    for key, value in log.items():
        np.testing.assert_allclose(other[key], value, rtol=1e-5, atol=1e-5, err_msg=key)
    for name, tree in moments.items():
        largest = max(np.abs(leaf).max() for leaf in jax.tree.leaves(tree))
        jax.tree.map(
            lambda a, b, t=3e-5 * largest: np.testing.assert_allclose(a, b, atol=t), found[name], tree
        )
