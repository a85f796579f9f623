from types import SimpleNamespace

import numpy as np
import pytest
from ml_collections import ConfigDict
from PIL import Image

from gan_jax.evaluation import hidden
from gan_jax.evaluation.bars import BAR, LINE, bars

CONFIG = ConfigDict({"data": {"x_label": "photo", "y_label": "", "x_channels": 3, "y_channels": 3}})
PHOTOS = np.random.default_rng(0).uniform(-1, 1, (6, 16, 16, 3)).astype(np.float32)
DRAWINGS = np.zeros((6, 16, 16, 3), np.float32)


class Hiding:
    """Pictures of kind y are grey paper with 1/50 of the photo in them; the way back reads it."""

    config, step = CONFIG, 20

    def __init__(self, directions=("x2y", "y2x")):
        self.directions = directions

    def translate(self, images, way):
        assert np.abs(images).max() <= 1  # as a model demands
        return images / 50 if way == "x2y" else images * 50


@pytest.fixture
def judged(tmp_path):
    def judge(model, count=5, pictures=6):
        said = []
        display = SimpleNamespace(say=said.append, update=said.append)
        test = {"x": PHOTOS[:pictures], "y": DRAWINGS[:pictures]}
        given = SimpleNamespace(hidden=count, seed=0, display=display)
        return list(hidden.judge(model, test, given, tmp_path)), said

    return judge


def test_a_translation_that_hides_is_found(judged):
    ((group, curve), _), _ = judged(Hiding())
    assert group.title == "step 20, x2y and y2x, what the y hides of the photo"
    scores = {score.metric: score for score in group.scores}
    assert scores["hidden_share"].value > 1
    assert scores["l1, as it is"].value == pytest.approx(0, abs=1e-6)
    # A quarter of a level of 2/255 on average, times 50.
    assert curve["l1"]["8 bits"] == pytest.approx(50 * (2 / 255) / 4, rel=0.05)
    assert scores["l1, 8 bits"].value == curve["l1"]["8 bits"]
    assert scores["l1, another's"].value == pytest.approx(2 / 3, rel=0.05)
    assert scores["hidden_share"].n_real == 5
    assert (curve["step"], curve["direction"], curve["pictures"]) == (20, "x2y", 5)
    assert 0 < curve["half_way"] < 2


def test_flat_pictures_hide_nothing_and_it_is_said(judged):
    (_, (group, _)), _ = judged(Hiding())
    assert all(score.metric != "hidden_share" for score in group.scores)
    assert "no better than from another's" in group.warnings[1]
    assert "only 5 pictures" in group.warnings[0]


def test_pictures_show_what_was_judged(judged, tmp_path):
    judged(Hiding())
    names = {path.name for path in (tmp_path / "hidden").iterdir()}
    assert names == {f"step_0000020_{way}{end}.png" for way in ("x2y", "y2x") for end in ("", "_curve")}
    with Image.open(tmp_path / "hidden" / "step_0000020_x2y.png") as sheet:
        assert sheet.height > 4 * 16 * 12 > sheet.height - 50  # four pictures of 16 pixels, 12 times enlarged
        assert sheet.width > (4 + len(hidden.BEHIND)) * 16 * 12


def test_each_picture_is_counted_up_to_the_end(judged):
    _, said = judged(Hiding(("x2y", "y2x")))
    counts = [line.rpartition(": ")[2] for line in said]
    total = len(counts) // 2
    assert counts[:total] == [f"{done}/{total}" for done in range(1, total + 1)]


def test_pictures_are_spread_over_all():
    assert hidden.spread(np.arange(100), 4).tolist() == [0, 33, 66, 99]
    assert hidden.spread(np.arange(3), 12).tolist() == [0, 1, 2]


def test_one_way_and_single_pictures_have_nothing_to_judge(judged):
    assert judged(Hiding(("x2y",)))[0] == []
    found, said = judged(Hiding(), pictures=1)
    assert found == []
    assert "too few" in said[0]


def test_bars_are_as_long_as_their_numbers():
    sheet = bars("title", {"one": 0.25, "two": 0.5}, {"mark": 1.0})
    lengths = [(row == BAR).all(axis=-1).sum() for row in sheet]
    longest = sorted({n for n in lengths if n > 50})
    assert longest[-1] > 1.9 * longest[0]
    assert (sheet == LINE).all(axis=-1).any(axis=0).nonzero()[0].max() == pytest.approx(
        np.flatnonzero((sheet == BAR).all(axis=-1).any(axis=0)).min() + 420, abs=2
    )
