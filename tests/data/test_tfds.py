import io

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from gan_jax import data
from gan_jax.errors import UserError


def png(value, mode="RGB"):
    stream = io.BytesIO()
    Image.new(mode, (10, 12), value if mode != "RGB" else (value,) * 3).save(stream, "PNG")
    stream.seek(0)
    return stream


class GanTiny(tfds.core.GeneratorBasedBuilder):
    """The splits of cycle_gan; the second feature makes pairs."""

    VERSION = tfds.core.Version("1.0.0")
    code_path = None  # only for checksums of downloads, and to find it wants a package that is not there

    def _info(self):
        features = {"image": tfds.features.Image(), "mask": tfds.features.Image(shape=(None, None, 1))}
        features |= {"depth": tfds.features.Tensor(shape=(12, 10, 5), dtype=np.uint8), "label": np.int64}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, manager):
        starts = {"trainA": 10, "trainB": 20, "testA": 30, "testB": 40, "train": 50, "validation": 60}
        return {split: self._generate_examples(start) for split, start in starts.items()}

    def _generate_examples(self, start):
        for i in range(start, start + 3):
            depth = np.full((12, 10, 5), i, np.uint8)
            yield i, {"image": png(i), "mask": png(i + 100, "L"), "depth": depth, "label": i}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tfds")


@pytest.fixture(autouse=True)
def prepared(folder, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
    if not (folder / "gan_tiny").exists():
        GanTiny(data_dir=folder, file_format="array_record").download_and_prepare()


def values(pictures):
    return [int(picture[0, 0, 0]) for picture in pictures]


def test_splits_a_and_b(config):
    found = data.source(config(tfds="gan_tiny", y_channels=1).data)
    assert [sorted(values(side)) for side in found.train] == [[10, 11, 12], [20, 21, 22]]
    assert [sorted(values(side)) for side in found.test] == [[30, 31, 32], [40, 41, 42]]
    assert found.train.y[0].shape == (12, 10, 1)
    assert not found.paired_test
    assert "image of trainA: 3 pictures; for testing testA: 3" in data.describe(found)


def test_two_features_are_true_pairs(config):
    found = data.source(config(tfds="gan_tiny#image,mask", y_channels=1, paired=True).data)
    assert found.paired_test
    assert sorted(values(found.train.x)) == [50, 51, 52]
    assert sorted(values(found.test.x)) == [60, 61, 62]
    for domains in (found.train, found.test):
        assert [value + 100 for value in values(domains.x)] == values(domains.y)


def test_one_feature_of_two_splits_holds_some_out(config):
    found = data.source(config(tfds="gan_tiny#testA.image,validation.mask").data)
    assert [len(side) for side in (*found.train, *found.test)] == [2, 2, 1, 1]
    assert all(30 <= value < 33 for value in values(found.train.x))
    assert all(160 <= value < 163 for value in values(found.train.y))


def test_arrays_of_any_channels(config):
    found = data.source(config(tfds="gan_tiny#depth,image", x_channels=5).data)
    assert found.train.x[0].shape == (12, 10, 5)


def test_batches_come_out_with_and_without_workers(config):
    c, w = (config(tfds="gan_tiny", batch_size=2, workers=workers) for workers in (0, 1))
    found = data.source(c.data)
    here, there = data.batches(found, c), data.batches(found, w)
    for _ in range(3):
        a, b = next(here), next(there)
        assert all(np.array_equal(a[key], b[key]) for key in "xy")
    there.close()


@pytest.mark.parametrize(
    ("name", "odd", "message"),
    [
        ("no_such_thing_at_all", {}, "Dataset no_such_thing_at_all not found"),
        ("cycle_gan/nope", {}, "BuilderConfig nope not found"),
        (
            "cycle_gan/maps",
            {},
            r"not prepared in .*: .*t.builder\('cycle_gan/maps', file_format='array_record'\)",
        ),
        ("gan_tiny#image", {}, "two features are expected, as in name#photo,drawing"),
        ("gan_tiny#image,nope", {}, "no feature 'nope', only depth, image, label, mask"),
        ("gan_tiny#x.image,image", {}, "no split 'x', only testA"),
        ("gan_tiny#image,label", {}, "the feature label is no picture"),
        ("gan_tiny", {"paired": True}, "takes x and y from two splits"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(config, name, odd, message):
    with pytest.raises(UserError, match=message) as caught:
        data.source(config(tfds=name, **odd).data)
    assert "\n" not in str(caught.value)
