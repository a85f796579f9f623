"""Real processes on this machine as the hosts of one run: equal to one process, stopped together, begun again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
import pytest
from orbax.checkpoint import v1
from PIL import Image

from experiments.reliability.faults.hosts import free_port
from gan_jax import settings

ROOT = Path(__file__).parents[1]
# One host with so many devices, which plays the toy game of test_train.py; FAIL is "host:batch:how".
HOST = """
import os, signal, sys, time
os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={sys.argv[1]}"
sys.path.insert(0, "tests")
import jax
from gan_jax import data, main, neighbours, rules
from gan_jax.errors import UserError
import test_train

sys.modules["gan_jax.gans.toy"] = test_train
test_train.game = test_train.toy
rules.validate = lambda config: None
neighbours.SILENCE, neighbours.BEAT = 6.0, 0.5
plain, fail = data.batches, os.environ.get("FAIL", "-1:0:").split(":")

def batches(*given, start=0, **options):
    for i, batch in enumerate(plain(*given, start=start, **options), start):
        if (jax.process_index(), i) == (int(fail[0]), int(fail[1])):
            if fail[2] == "raise":
                raise UserError("a.png cannot be read any more")
            if fail[2] == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
        yield batch

data.batches = batches
sys.exit(main.main(sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A config file of the toy game on a few pictures."""
    root = tmp_path_factory.mktemp("pictures")
    draw = np.random.default_rng(0)
    for folder, count in {"trainA": 5, "trainB": 4, "testA": 3, "testB": 2}.items():
        (root / folder).mkdir()
        for i in range(count):
            Image.fromarray(draw.integers(0, 256, (16, 16, 3), np.uint8)).save(root / folder / f"{i}.png")

    def make(**changes: object) -> Path:
        config = settings.load(str(ROOT / "configs" / "cyclegan.py")).copy_and_resolve_references()
        small = {"gan": "toy", "data.root": str(root), "data.resize": 16, "data.crop": 8, "pool_size": 6}
        often = {"log_every": 5, "sample_every": 0, "evaluate_every": 0, "checkpoint_every": 10}
        rest = {"steps": 20, "batch_size": 8, "average": 0.9, "decay_fraction": 0.0}
        config.update_from_flattened_dict(small | often | rest | changes)
        path = root / "given.json"
        path.write_text(settings.to_json(config))
        return path

    return make


def begin(
    config: Path, workdir: Path, processes: int, devices: int = 1, fail: str = "-1:0:"
) -> list[subprocess.Popen]:
    address = f"127.0.0.1:{free_port()}"
    typed = [f"--config={config}", f"--workdir={workdir}"]
    many = [f"--coordinator={address}", f"--processes={processes}"] if processes > 1 else []
    return [
        subprocess.Popen(
            [sys.executable, "-c", HOST, str(devices), *typed, *many, *([f"--process={i}"] if many else [])],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "FAIL": fail},
        )
        for i in range(processes)
    ]


def ended(hosts: list[subprocess.Popen]) -> tuple[list[int], list[str]]:
    told = [host.communicate(timeout=400)[1] for host in hosts]
    return [host.returncode for host in hosts], told


def state(workdir: Path, step: int) -> dict[str, np.ndarray]:
    path = workdir / "checkpoints" / str(step)
    one = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    shapes = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=one), v1.metadata(path).metadata
    )
    tree = v1.load(path, shapes)
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}


def assert_equal(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.fixture(scope="module")
def alone(given: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Twenty steps of one process with one device."""
    workdir = tmp_path_factory.mktemp("alone") / "run"
    codes, told = ended(begin(given(), workdir, 1))
    assert codes == [0], told
    return state(workdir, 20)


def test_two_processes_equal_one(
    given: Callable[..., Path], alone: dict[str, np.ndarray], tmp_path: Path
) -> None:
    """Two devices each; every array, pool and shown pictures included; one of them speaks and logs."""
    codes, told = ended(begin(given(), tmp_path / "run", 2, devices=2))
    assert codes == [0, 0], told
    assert ["done: " in one for one in told] == [True, False]
    assert_equal(state(tmp_path / "run", 20), alone)
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [5, 10, 15, 20]
    assert not (tmp_path / "run" / ".hosts").exists()


@pytest.mark.slow
def test_four_processes_then_one_then_two(
    given: Callable[..., Path], alone: dict[str, np.ndarray], tmp_path: Path
) -> None:
    """The same run goes on with other numbers of processes and devices, some sharing the height of pictures."""
    for steps, processes, devices, rows in ((7, 4, 1, 1), (13, 1, 4, 2), (20, 2, 2, 2)):
        config = given(steps=steps, rows=rows)
        codes, told = ended(begin(config, tmp_path / "run", processes, devices))
        assert codes == [0] * processes, told
    assert "going on from step 13" in told[0]
    assert_equal(state(tmp_path / "run", 20), alone)


@pytest.mark.slow
def test_a_signal_to_one_stops_all_saved(given: Callable[..., Path], tmp_path: Path) -> None:
    hosts = begin(given(steps=1_000_000), tmp_path / "run", 2)
    while not (tmp_path / "run" / "checkpoints" / "10").exists():
        assert all(host.poll() is None for host in hosts)
        time.sleep(0.5)
    hosts[1].send_signal(signal.SIGTERM)
    codes, told = ended(hosts)
    assert codes == [128 + signal.SIGTERM] * 2, told
    step = max(int(path.name) for path in (tmp_path / "run" / "checkpoints").iterdir())
    assert f"stopped and saved at step {step:,}: the same command goes on from there" in told[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("raise", "failed: a.png cannot be read any more\n"),
        ("kill", "has been silent for 6 s: end it"),
    ],
)
def test_a_host_that_fails_stops_the_others(
    given: Callable[..., Path], tmp_path: Path, how: str, words: str
) -> None:
    """Within seconds here, as silence counts from 6 s instead of 60; and the last checkpoint goes on."""
    codes, told = ended(begin(given(batch_size=6), tmp_path / "run", 3, fail=f"1:15:{how}"))
    assert codes == [3, 2 if how == "raise" else -signal.SIGKILL, 3], told
    for host in (0, 2):
        assert f"gan_jax: stopped, as host 1 ({socket.gethostname()}) {words}" in told[host]
    codes, told = ended(begin(given(batch_size=6), tmp_path / "run", 2))
    assert codes == [0, 0], told
    assert "going on from step 10" in told[0]
