"""What every test shares: simulated devices, strict shapes, a compilation cache that outlives the run."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

# JAX reads these once, when it starts; programs that a test starts inherit them.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"

import jax
import pytest
from hypothesis import settings

# A shell that starts the tests in the background has them, and all that they start, ignore these.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

# Compiling makes the first example slow, and a shared machine any of them.
settings.register_profile("gan_jax", deadline=None, max_examples=30, print_blob=True)
settings.load_profile("gan_jax")


@pytest.fixture(scope="session", autouse=True)
def simulated_devices() -> None:
    assert len(jax.devices("cpu")) == 8, "JAX was imported before tests/conftest.py set XLA_FLAGS"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk can only be made by root, on Linux")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
