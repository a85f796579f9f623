import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gan_jax import data, evaluate, settings
from gan_jax.evaluation import translated

CONFIGS = Path(__file__).parents[2] / "configs"


def config(**changes):
    found = settings.load(str(CONFIGS / "cyclegan.py")).copy_and_resolve_references()
    for key, value in {"data.resize": 16, "data.crop": 16, "data.test_pictures": 8, **changes}.items():
        block, name = settings.locate(found, key)
        block[name] = value
    return found


def model(found, step, ways=("x2y", "y2x")):
    """A run whose drawings are the photos turned dark for light, and whose photos are the drawings as they are."""

    def translate(images, way):
        return -images if way == "x2y" else images

    return SimpleNamespace(config=found, step=step, directions=ways, translate=translate)


@pytest.fixture
def run(tmp_path, monkeypatch):
    def judge(*flags, ways=("x2y", "y2x"), best=None, **changes):
        found = config(**changes)

        def read(workdir, step=None, best=False):
            return model(found, 7 if step is None else step, ways)

        monkeypatch.setattr(translated.trained, "config", lambda workdir: found)
        monkeypatch.setattr(translated.trained, "read", read)
        monkeypatch.setattr(translated.models, "of", lambda run: run)
        monkeypatch.setattr(translated.checkpoint, "best", lambda folder, metric: best)
        code = evaluate.main(
            [f"--workdir={tmp_path}", "--features=pixels:4", "--lpips=none", "--hidden=0", *flags]
        )
        return code, json.loads((tmp_path / "evaluation.json").read_text())

    return judge


def test_judges_both_directions_against_both_parts_the_truth_and_the_way_back(run):
    code, report = run()
    assert code == 0
    assert [group["title"] for group in report["groups"]] == [
        "step 7, x2y, drawing made against test pictures",
        "step 7, x2y, drawing made against the pictures trained on",
        "step 7, x2y, drawing made against the true one, pair by pair",
        "step 7, x2y and y2x, what comes back against what was given",
        "step 7, y2x, photo made against test pictures",
        "step 7, y2x, photo made against the pictures trained on",
        "step 7, y2x, photo made against the true one, pair by pair",
        "step 7, y2x and x2y, what comes back against what was given",
    ]
    kid = report["groups"][1]["scores"][0]
    assert (kid["n_real"], kid["n_fake"]) == (45, 8)
    assert (kid["floor"]["n_real"], kid["floor"]["n_fake"]) == (45, 8)
    # Test pictures are partners of what the fakes were made of; training pictures are strangers.
    assert "partner" in report["groups"][0]["warnings"][-1]
    assert not any("partner" in line for line in report["groups"][1]["warnings"])


def test_pairs_and_returns_are_held_against_the_right_pictures(run):
    few = {"data.test_pictures": 3}
    _, report = run(**few)
    found = config(**few)
    test = data.test_pictures(data.source(found.data), found)
    l1 = [group["scores"][0]["value"] for group in report["groups"] if group["scores"][0]["metric"] == "l1"]
    x, y = test["x"], test["y"]
    expected = [np.abs(-x - y).mean(), np.abs(-x - x).mean(), np.abs(y - x).mean(), np.abs(-y - y).mean()]
    assert l1 == pytest.approx(expected, rel=1e-4)


def test_one_direction_has_no_way_back(run):
    _, report = run(ways=("x2y",))
    assert len(report["groups"]) == 3


def test_the_newest_and_the_best_are_judged(run):
    pairs_alone = {"best_metric": "l1/back_x", "data.test_pictures": 3}
    assert run(best=5, **pairs_alone)[1]["steps"] == [7, 5]
    assert run(best=7, **pairs_alone)[1]["steps"] == [7]
    assert run("--step=3", best=5, **pairs_alone)[1]["steps"] == [3]


def test_too_few_test_pictures_leave_pairs(run, capsys):
    code, report = run(**{"data.test_pictures": 3})
    assert code == 0
    assert all("pair by pair" in group["title"] or "back" in group["title"] for group in report["groups"])
    assert "no sets compared" in capsys.readouterr().err


def test_what_is_hidden_is_looked_for_at_every_checkpoint(run, tmp_path):
    _, report = run("--hidden=3", best=5, **{"best_metric": "l1/back_x", "data.test_pictures": 4})
    titles = [group["title"] for group in report["groups"][-4:]]
    assert titles == [
        f"step {step}, {way}, what the {target} hides of the {source}"
        for step in (7, 5)
        for way, target, source in (("x2y and y2x", "drawing", "photo"), ("y2x and x2y", "photo", "drawing"))
    ]
    assert [(curve["step"], curve["direction"], curve["pictures"]) for curve in report["hidden"]] == [
        (step, way, 3) for step in (7, 5) for way in ("x2y", "y2x")
    ]
    assert len(list((tmp_path / "hidden").glob("step_000000[57]_*.png"))) == 8
    assert "hidden" not in run()[1]
