"""Who holds what; that a run does not depend on it, `test_train.py` shows."""

import jax
import numpy as np
import pytest

from gan_jax import sharding
from gan_jax.errors import UserError
from gan_jax.game import State


@pytest.mark.parametrize(
    ("batch_size", "devices"), [(1, 1), (2, 2), (3, 3), (6, 6), (8, 8), (12, 6), (9, 3), (16, 8), (7, 7)]
)
def test_as_many_devices_as_divide_the_batch(batch_size: int, devices: int) -> None:
    assert sharding.mesh(batch_size).size == devices


def test_several_hosts_use_all_devices_or_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with pytest.raises(
        UserError, match=r"^config.batch_size=12: expected a multiple of the 8 devices of all hosts"
    ):
        sharding.mesh(12)
    assert sharding.mesh(16).size == 8


@pytest.mark.parametrize(
    ("rows", "slices", "shape"),
    [(1, 1, (8, 1)), (2, 1, (4, 2)), (8, 1, (1, 8)), (1, 2, (4, 1)), (3, 4, (2, 3))],
)
def test_groups_of_devices_share_pictures(rows: int, slices: int, shape: tuple[int, int]) -> None:
    found = sharding.mesh(8, rows, slices)
    assert (found.shape["data"], found.shape["rows"]) == shape


def test_splits_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"^config.rows=9: expected at most 8, the devices of this host$"):
        sharding.mesh(8, rows=9)
    with pytest.raises(
        UserError, match=r"^config.rows=3: expected a divisor of the height of the pictures, 16$"
    ):
        sharding.check(sharding.mesh(8, rows=3), [(8, 9, 9, 3), (8, 16, 9, 3)])
    with pytest.raises(UserError, match=r"^config.rows=3: expected 1, as these examples are no pictures"):
        sharding.check(sharding.mesh(8, rows=3), [(8, 2), (8,)])
    sharding.check(sharding.mesh(8, rows=1), [(8, 2)])
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with pytest.raises(
        UserError, match=r"^config.rows=3: expected a divisor of 4, the devices of each host$"
    ):
        sharding.mesh(8, rows=3)
    told = r"^config.batch_size=12: expected .* 8 devices of all hosts / config.rows=2 \* config.accumulate=2, so of 8$"
    with pytest.raises(UserError, match=told):
        sharding.mesh(12, rows=2, slices=2)


def test_memory_lies_with_the_batch_and_by_rows() -> None:
    mesh = sharding.mesh(4, rows=2)
    memory = {
        "shown": np.zeros((4, 6, 5, 3)),
        "pool": np.zeros((7, 6, 5, 3)),
        "odd": np.zeros((4, 5, 5, 3)),
        "count": np.zeros(()),
        "rates": np.zeros(3),
    }
    state = State(0, {"G": np.zeros(4)}, {}, {}, memory)
    where = sharding.state_sharding(mesh, state, batch_size=4)
    specs = {name: tuple(one.spec) for name, one in where.memory.items()}
    assert specs == {
        "shown": ("data", "rows"),
        "pool": (None, "rows"),
        "odd": ("data",),
        "count": (),
        "rates": (),
    }
    assert where.params["G"] == sharding.replicated(mesh)


def test_each_device_holds_its_part_of_a_batch() -> None:
    mesh = sharding.mesh(4)
    batch = {"x": np.arange(4 * 3, dtype=np.float32).reshape(4, 3), "y": np.arange(4)}
    split = sharding.split(mesh, batch)
    np.testing.assert_array_equal(split["x"], batch["x"])
    for part in split["x"].addressable_shards:
        np.testing.assert_array_equal(part.data, batch["x"][part.index])
        assert part.data.shape == (1, 3)


def test_each_device_holds_the_whole_of_what_is_replicated() -> None:
    mesh = sharding.mesh(8)
    whole = sharding.replicate(mesh, {"w": np.arange(3.0)})["w"]
    assert whole.sharding == sharding.replicated(mesh)
    assert [part.data.tolist() for part in whole.addressable_shards] == [[0.0, 1.0, 2.0]] * 8
