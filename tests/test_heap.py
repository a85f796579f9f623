import subprocess
import sys

import pytest

CODE = """
import resource, sys
from gan_jax import heap
if sys.argv[1] == "keep":
    heap.keep()
import jax, jax.numpy as jnp
step = jax.jit(lambda x: jnp.cos(x @ x.T).max())
x = jnp.ones((5500, 4))
for _ in range(3):
    step(x).block_until_ready()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step(x).block_until_ready()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 5)
"""


def pages(how: str) -> float:
    """New pages a step, of a program that takes 120 MB: 29,000 pages of 4 kB."""
    return float(subprocess.check_output([sys.executable, "-c", CODE, how], text=True))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is left to the system")
def test_steps_ask_the_system_for_no_new_pages() -> None:
    assert pages("keep") < 100
    assert pages("leave") > 10_000, "else there is nothing left to mend"
