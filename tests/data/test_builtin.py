import json
from pathlib import Path

import numpy as np

from gan_jax import data
from gan_jax.data.builtin import MONUMENTS


def test_the_built_in_set_is_whole(config):
    found = data.source(config(y_channels=1).data)
    assert [len(side) for side in (*found.train, *found.test)] == [45, 45, 12, 12]
    assert found.paired_test
    assert not any("skipped" in line for line in found.found)
    x, y, z = ({Path(name).stem for name in side.names} for side in (*found.train, found.test.x))
    assert x == y
    assert not x & z
    assert found.train.x[0].shape == (256, 256, 3)


def test_drawings_are_mostly_paper(config):
    drawing = data.source(config(y_channels=1).data).train.y[0]
    assert drawing.shape == (256, 256, 1)
    assert np.mean(drawing > 200) > 0.7


def test_every_photo_is_credited():
    credits = json.loads((MONUMENTS / "CREDITS.json").read_text())
    photos = {path.stem for part in ("trainA", "testA") for path in (MONUMENTS / part).iterdir()}
    assert {credit["name"] for credit in credits} == photos
    assert all(credit["license"] and credit["author"] and credit["source"] for credit in credits)
