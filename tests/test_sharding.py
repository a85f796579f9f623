"""Who holds what; that a run does not depend on it, `test_train.py` shows."""

import jax
import numpy as np
import pytest

from gan_jax import sharding
from gan_jax.errors import UserError


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
