import numpy as np
from ml_collections import ConfigDict

from gan_jax import data
from gan_jax.data.examples import Examples
from gan_jax.data.pictures import Domains, Pictures, Source
from gan_jax.data.seen import seen


def numbered(count: int) -> Pictures:
    return Pictures([f"{i}.png" for i in range(count)], lambda i: np.full((4, 4, 3), 51 * (i % 6), np.uint8))


SOURCE = Source("some", Domains(numbered(6), numbered(2)), Domains(numbered(1), numbered(1)), False, ())
CONFIG = ConfigDict({"data": {"resize": 8, "crop": 4}, "batch_size": 4, "seed": 0})


def test_pictures_are_spread_over_all_and_whole() -> None:
    found = list(seen(SOURCE, CONFIG, "x", 3))
    assert [one.shape for one in found] == [(8, 8, 3)] * 3
    np.testing.assert_allclose([one.mean() for one in found], [-1, 2 * 0.4 - 1, 1], atol=1e-6)
    assert len(list(seen(SOURCE, CONFIG, "y", 3))) == 2
    assert list(seen(SOURCE, CONFIG, "z", 3)) == []


def test_examples_of_another_source_come_from_its_batches() -> None:
    def draw(seed: int, k: int, n: int) -> data.Batch:
        return {"image": np.arange(k * n, (k + 1) * n, dtype=np.float32).reshape(n, 1)}

    source = Examples("numbers", draw, {"image": np.zeros((1, 1), np.float32)})
    config = ConfigDict({"batch_size": 4, "seed": 0, "data": {"labelled": 0, "classes": 0}})
    assert [one.item() for one in seen(source, config, "image", 6)] == [0, 1, 2, 3, 4, 5]
    assert list(seen(source, config, "x", 6)) == []
