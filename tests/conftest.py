"""What every test shares: simulated devices, strict shapes, a compilation cache that outlives the run."""

import os
import signal
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
