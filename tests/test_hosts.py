"""Who is one of several processes, and who is not."""

from typing import Any

import jax
import pytest

from gan_jax import flags, hosts
from gan_jax.errors import UserError
from gan_jax.hosts import Place

STEP = {"SLURM_JOB_ID": "7", "SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "8", "SLURM_NTASKS": "8"}


@pytest.mark.parametrize(
    ("environment", "cluster"),
    [
        ({}, None),
        ({"HOME": "/home/me", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, None),
        (STEP, "slurm"),
        (STEP | {"SLURM_STEP_NUM_TASKS": "1"}, None),  # srun of one task
        (
            {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "8", "SLURM_PROCID": "0"},
            None,
        ),  # a batch script, without srun
        ({"TPU_WORKER_HOSTNAMES": "localhost", "TPU_WORKER_ID": "0"}, None),  # a single TPU host
        ({"TPU_WORKER_HOSTNAMES": "a,b", "TPU_WORKER_ID": "1"}, ""),
        ({"TPU_PROCESS_ADDRESSES": "a:1,b:1"}, ""),
        ({"TPU_WORKER_HOSTNAMES": "a", "MEGASCALE_NUM_SLICES": "2"}, ""),
    ],
)
def test_what_is_a_cluster(environment: dict[str, str], cluster: str | None) -> None:
    assert hosts.detected(environment) == cluster


@pytest.fixture
def initialized(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `jax.distributed.initialize` was called with."""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(jax.distributed, "initialize", lambda **options: calls.append(options))
    monkeypatch.setattr(jax.config, "update", lambda *pair: None)
    return calls


def test_a_laptop_is_left_alone(initialized: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts.os, "environ", {})
    hosts.join(None)
    assert initialized == []


def test_flags_come_before_what_is_found(initialized: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts.os, "environ", STEP)
    hosts.join(None)
    hosts.join(Place("10.0.0.1:99", 2, 1))
    hosts.join(Place("auto"))
    assert initialized[0]["cluster_detection_method"] == "slurm"
    assert initialized[1]["cluster_detection_method"] == "deactivate"
    given = [initialized[1][key] for key in ("coordinator_address", "num_processes", "process_id")]
    assert given == ["10.0.0.1:99", 2, 1]
    assert "cluster_detection_method" not in initialized[2]


def test_nobody_else_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def alone(**_: Any) -> None:
        raise RuntimeError("DEADLINE_EXCEEDED: Barrier timed out\nand more")

    monkeypatch.setattr(jax.distributed, "initialize", alone)
    monkeypatch.setattr(jax.config, "update", lambda *pair: None)
    told = r"did not meet within 300 s \(DEADLINE_EXCEEDED: Barrier timed out\): start all of them"
    with pytest.raises(UserError, match=told):
        hosts.join(Place("10.0.0.1:99", 2, 1))


def place(*typed: str) -> Place | None:
    return flags.parse(typed).place


def test_flags() -> None:
    assert place() is None
    assert place("--coordinator=auto") == Place("auto")
    assert place("--coordinator=h:1", "--processes=2", "--process=1") == Place("h:1", 2, 1)
    assert place("--coordinator=[::1]:1", "--processes", "2", "--process", "0") == Place("[::1]:1", 2, 0)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("--process=1", "--process alone do not say it all: write --coordinator=10.0.0.1:1234 --processes=2"),
        ("--coordinator=h:1 --process=1", "--coordinator and --process alone do not say it all"),
        ("--coordinator=auto --processes=2 --process=1", "or --coordinator=auto alone"),
        ("--coordinator=h --processes=2 --process=1", "--coordinator=h: expected HOST:PORT of process 0"),
        ("--coordinator=h:x --processes=2 --process=1", "--coordinator=h:x: expected HOST:PORT"),
        ("--coordinator=h:1 --processes=2 --process=2", "--process=2: expected 0 to 1, as there are"),
        ("--coordinator=h:1 --processes=0 --process=0", "--processes=0: expected a whole number"),
        ("--coordinator=h:1 --processes=two --process=0", "--processes=two: expected a whole number"),
        ("--coordinator=h:1 --processes=2 --process=-1", "--process=-1: expected a whole number"),
    ],
)
def test_flags_that_cannot_be(typed: str, told: str) -> None:
    with pytest.raises(UserError) as error:
        place(*typed.split())
    assert told in str(error.value)
