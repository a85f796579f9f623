"""A page whose model is arithmetic, so that what it shows is known: x2y gives the negative, y2x half of that."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from gan_jax import settings
from gan_jax.model import Model
from gan_jax.page.handlers import Page, Sample
from gan_jax.page.limits import Limits
from gan_jax.page.reader import Reader
from gan_jax.page.shelf import Shelf

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "configs" / "cyclegan.py"
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
    tests = (
        Sample("x", np.zeros((32, 32, 3), np.float32)),
        Sample("y", np.full((32, 32, 3), -0.5, np.float32)),
    )
    limits = Limits(max_megabytes=0.25, max_pixels=10_000, work_pixels=32 * 32 * 4, held=2)
    return Page(Model(config, 500, NETWORKS), limits, reader, Shelf(limits.held), tests)


@contextmanager
def program(folder, *flags):
    """The program, started: its address. Stopped at last, when it has had nothing more to say."""
    if find_spec("gradio") is None:
        pytest.skip("the page needs Gradio: pip install -e '.[serve]'")
    script = Path(__file__).with_name("arithmetic_page.py")
    command = [sys.executable, str(script), f"--workdir={folder}", "--port=0", *flags]
    environment = dict.fromkeys(("TMPDIR", "HOME", "JAX_COMPILATION_CACHE_DIR"), str(folder))
    environment |= {"XLA_FLAGS": "", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=os.environ | environment, cwd=folder
    ) as process:
        said, found = [], None
        try:
            for line in process.stderr:
                said.append(line)
                if found := re.search(r"the page is at (http://localhost:\d+)", line):
                    break
            assert found, said
            assert "COMPLAINT" not in "".join(said)
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.communicate(timeout=60)[1]
    assert (process.returncode, rest) == (0, "gan_jax: stopped\n")
    assert list(folder.glob("gan_jax-page-*")) == []


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The address of the page, and the folder that is all the program has: its temporary, home and working one."""
    folder = tmp_path_factory.mktemp("served")
    with program(folder, "--max_megabytes=0.25", "--max_pixels=10000", "--per_minute=6000") as address:
        yield address, folder


@pytest.fixture(scope="session")
def start():
    """To start another one, of other bounds: `with start(folder, *flags) as address`."""
    return program
