"""A page whose model is arithmetic, so that what it shows is known: x2y gives the negative, y2x takes half of it back."""

from pathlib import Path

import numpy as np
import pytest

from gan_jax import settings
from gan_jax.model import Model
from gan_jax.page.handlers import Page, Sample
from gan_jax.page.limits import Limits
from gan_jax.page.reader import Reader
from gan_jax.page.shelf import Shelf

CONFIG = Path(__file__).parents[2] / "configs" / "cyclegan.py"
NETWORKS = {"x2y": (lambda params, x: -x, {}), "y2x": (lambda params, y: -y / 2, {})}


@pytest.fixture(scope="session")
def config():
    config = settings.load(str(CONFIG)).copy_and_resolve_references()
    config.data.resize, config.data.crop, config.steps = 32, 32, 1000
    return config.lock()


@pytest.fixture(scope="session")
def reader():
    reader = Reader(max_pixels=10_000, seconds=20)
    yield reader
    reader.close()


@pytest.fixture
def page(config, reader):
    """Two test pictures: a grey one of kind x, a dark one of kind y."""
    tests = (Sample("x", np.zeros((32, 32, 3), np.float32)), Sample("y", np.full((32, 32, 3), -0.5, np.float32)))
    limits = Limits(max_megabytes=0.25, max_pixels=10_000, work_pixels=32 * 32 * 4, held=2)
    return Page(Model(config, 500, NETWORKS), limits, reader, Shelf(limits.held), tests)
