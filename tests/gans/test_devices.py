"""One device equals many: losses, weights and pools do not depend on how a batch is split."""

import logging
from pathlib import Path

import jax
import numpy as np
import pytest
from flax import linen as nn
from jax.sharding import AxisType

from gan_jax import game, optimizers, settings, sharding
from gan_jax.gans import cyclegan
from gan_jax.layers import Conv, Norm
from gan_jax.players import player

CONFIG = Path(__file__).parents[2] / "configs" / "cyclegan.py"


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
    """`(devices) -> state, logs, compilations` of two rounds."""
    random = np.random.default_rng(0)
    batches = [
        {name: random.uniform(-1, 1, (8, 8, 8, 3)).astype(np.float32) for name in "xy"} for _ in range(2)
    ]
    start = jax.device_get(game.init(cycle, jax.random.key(0)))

    def play(devices):
        mesh = jax.make_mesh(
            (devices,), ("data",), devices=jax.devices()[:devices], axis_types=(AxisType.Auto,)
        )
        state = sharding.replicate(mesh, start)
        options = {"xla_backend_optimization_level": 0}
        round = game.play(cycle, compiler_options=options, out_shardings=sharding.replicated(mesh))
        logs, compiled = [], Compilations()
        with jax.log_compiles(), compiled:
            for batch in batches:
                state, log = round(state, sharding.split(mesh, batch), jax.random.key(1))
                logs.append(jax.device_get(log))
        return jax.device_get(state), logs, compiled.count

    return play


class Compilations(logging.Handler):
    """Counts the programs of rounds that JAX says it compiles."""

    def __enter__(self):
        self.count, self.logger = 0, logging.getLogger("jax")
        self.logger.addHandler(self)
        return self

    def __exit__(self, *_):
        self.logger.removeHandler(self)

    def emit(self, record):
        self.count += record.getMessage().startswith("Compiling jit(_round)")


@pytest.fixture(scope="module")
def one(played):
    return played(1)


@pytest.mark.parametrize("devices", [4, 8])
def test_one_device_equals_many(played, one, devices):
    """Losses of two rounds and parameters to 1e-5, a thousandth of a step of Adam.

    Left out is the bias in front of the norm: its gradient is 0, and rounding alone moves it.
    """
    (state, logs, compiled), (many, other_logs, other_compiled) = one, played(devices)
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
