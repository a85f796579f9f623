"""Tiny configs of the games, and PyTorch statements of their networks with the same weights."""

from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace

import jax
import numpy as np
import pytest
import torch
from ml_collections import ConfigDict

from gan_jax import game, settings
from gan_jax.data import examples
from gan_jax.data.shapes import batch_shapes
from gan_jax.play import Play

ROOT = Path(__file__).parents[2]
TINY = {
    "batch_size": 2,
    "steps": 4,
    "data.resize": 16,
    "data.crop": 16,
    "generator.width": 2,
    "generator.blocks": 1,
    "generator.levels": 5,
    "discriminator.width": 2,
    "discriminator.layers": 1,
    "encoder.width": 2,
    "discriminator_steps": 1,
    "pool_size": 3,
}


def shrink(file: str, changes: dict | None = None) -> ConfigDict:
    """The config of `configs/<file>` at tiny sizes, with changes on top; sizes that it does not have are left out."""
    config = settings.load(str(ROOT / "configs" / file)).copy_and_resolve_references()
    with config.unlocked(), config.ignore_type():
        for key, value in (TINY | (changes or {})).items():
            block, name = settings.locate(config, key)
            if block is not None and (name in block or key in (changes or {})):
                block[name] = ConfigDict(value) if isinstance(value, dict) else value
    return config.lock()


def draw_batch(config: ConfigDict, seed: int = 0) -> dict[str, np.ndarray]:
    """Random pictures of the shapes that a config asks for; or, of one distribution, the batch itself."""
    if "examples" in config.data:
        source = examples.source(config.data)
        return next(examples.batches(source, config, start=seed))
    random = np.random.default_rng(seed)
    shapes = zip("xy", batch_shapes(config), strict=True)
    return {name: random.uniform(-1, 1, shape).astype(np.float32) for name, shape in shapes}


def start(game_: game.Game, params: dict) -> game.State:
    """The state before the first round, with these parameters."""
    players = {
        name: p._replace(init=lambda key, name=name: params[name]) for name, p in game_.players.items()
    }
    return game.init(game_._replace(players=players), jax.random.key(0))


def load(path: str) -> ModuleType:
    """A file of tests as a module: the PyTorch networks are stated beside the tests of ours."""
    spec = spec_from_file_location(Path(path).stem, ROOT / "tests" / path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tiny():
    return shrink


@pytest.fixture(scope="session")
def draw():
    return draw_batch


@pytest.fixture(scope="session")
def begin():
    return start


# D's outputs on three examples and on three samples, of which several papers' losses are known by hand.
REAL, FAKE = [2, -1, 0.5], [-1.5, 0.3, 1.0]


def loss_of(game_: game.Game, move: str, G=None, D=None, x=None, **batch):
    """The loss and the log of a move; without networks D's outputs are REAL on the examples and FAKE on samples."""
    (found,) = (m for m in game.moves(game_) if m.name == move)
    x = np.float32([[number, 0] for number in REAL]) if x is None else x
    G = G or (lambda z, *y: np.float32([[number, 0] for number in FAKE]))
    D = D or (lambda x, *y: x[:, 0])
    given = {
        "G": G,
        "D": D,
        "batch": {"image": x, **batch},
        "rng": jax.random.key(0),
        "step": 0,
        "memory": {},
    }
    loss, report = game.call(found.loss, given)
    return loss, report.log


@pytest.fixture(scope="session")
def loss():
    return loss_of


@pytest.fixture(scope="session")
def play():
    """`Play`, compiled twice as fast: tiny programs run in no time without the usual optimisations."""
    return partial(Play, compiler_options={"xla_backend_optimization_level": 0})


@pytest.fixture(scope="session")
def stated():
    """The PyTorch networks, which are stated beside the tests of ours, and `parameters` to take their weights."""
    torch.set_num_threads(
        1
    )  # tiny convolutions gain nothing from threads, and lose much where other work waits
    files = {name: load(f"networks/test_{name}.py") for name in ("resnet", "unet", "patchgan")}
    return SimpleNamespace(**files, parameters=load("networks/conftest.py").parameters)
