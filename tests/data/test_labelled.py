"""Labelled pictures of a tensorflow-datasets data set that is prepared here, as a user would have it prepared."""

import io

import numpy as np
import pytest
import tensorflow_datasets as tfds
from ml_collections import ConfigDict
from PIL import Image

from gan_jax.data import examples
from gan_jax.errors import UserError


class GanLabelled(tfds.core.GeneratorBasedBuilder):
    """Grey pictures of 12 x 10 pixels, whose level is 10 times their label, and 3 more to test on."""

    VERSION = tfds.core.Version("1.0.0")
    code_path = None  # only for checksums of downloads, and to find it wants a package that is not there

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(None, None, 1)),
            "label": tfds.features.ClassLabel(num_classes=4),
        }
        return tfds.core.DatasetInfo(
            builder=self, features=tfds.features.FeaturesDict(features | {"number": np.int64})
        )

    def _split_generators(self, manager):
        return {"train": self._generate_examples(range(8)), "test": self._generate_examples(range(3))}

    def _generate_examples(self, labels):
        for i in labels:
            stream = io.BytesIO()
            Image.new("L", (10, 12), 10 * (i % 4)).save(stream, "PNG")
            stream.seek(0)
            yield i, {"image": stream, "label": i % 4, "number": i}


class GanUnlabelled(GanLabelled):
    """The same without classes."""

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(None, None, 1)),
            "label": np.int64,
            "number": np.int64,
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labelled")
    for builder in (GanLabelled, GanUnlabelled):
        builder(data_dir=folder, file_format="array_record").download_and_prepare()
    return folder


@pytest.fixture
def data(folder, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))

    def of(**changes):
        fields = {
            "examples": "tfds",
            "tfds": "gan_labelled",
            "side": 8,
            "channels": 1,
            "classes": 0,
            "labelled": 0,
        }
        return ConfigDict(fields | changes)

    return of


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_and_labels_are_read_together(data, channels):
    found = examples.source(data(channels=channels))
    assert (found.length, found.classes) == (8, 4)
    drawn = found.draw(0, 0, 8)
    assert drawn["image"].shape == (8, 8, 8, channels)
    assert sorted(drawn["label"].tolist()) == [0, 0, 1, 1, 2, 2, 3, 3]
    levels = np.broadcast_to(drawn["label"].reshape(8, 1, 1, 1) * 10, drawn["image"].shape)
    np.testing.assert_allclose(drawn["image"], levels / 127.5 - 1, atol=1e-6)
    assert found.test["label"].tolist() == [0, 1, 2]
    assert "8 to train on, 3 to test on" in examples.describe(found)


def test_what_is_lacking_is_told(data):
    for changes, why in (
        ({"tfds": ""}, "needs --config.data.tfds=NAME"),
        ({"tfds": "gan_unlabelled"}, "the features image and label, a class"),
        ({"classes": 10}, r"config\.data\.classes=10: expected 4"),
    ):
        with pytest.raises(UserError, match=why):
            examples.source(data(**changes))
