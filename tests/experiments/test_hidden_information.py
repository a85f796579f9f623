import importlib
import json
from pathlib import Path

import jax
import numpy as np
import pytest
from flax import linen as nn
from PIL import Image

from gan_jax import networks
from gan_jax.errors import UserError

FOLDER = Path(__file__).parents[2] / "experiments" / "hidden_information"


@pytest.fixture
def module(monkeypatch):
    """A module of the experiment by its name, found as a script beside it finds it."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


def one(step=400, noise=0.0, seed=0, fragility=0.25, crops="held out", **more):
    """A control as results.json holds it."""
    return {
        **{"step": step, "noise": noise, "seed": seed, "crops": crops, "look": 0.5},
        "l1": dict.fromkeys(("as it is", "another's"), 0.125),
        "scores": {"fragility": {"value": fragility, "low": 0, "high": 1}},
        **more,
    }


def test_the_loss_of_the_control_by_hand(module):
    module = module("control")
    x, y = np.full((4, 64, 64, 3), 0.5, np.float32), np.full((4, 64, 64, 1), 0.25, np.float32)
    loss = module.control(module.config()).moves[0].loss
    # G misses the drawing by 0.75, F the photo by 1: 30 * 0.75^2 + 10 * 1.
    total, report = loss(lambda x: x[..., :1] * 2, lambda y: y * 0 - 0.5, {"x": x, "y": y}, jax.random.key(0))
    assert float(total) == pytest.approx(30 * 0.5625 + 10)
    assert float(report.log["back"]) == pytest.approx(1)
    # With the defence F is shown the drawing and noise of that deviation.
    noisy = module.control(module.config(noise=0.1)).moves[0].loss
    _, report = noisy(lambda x: x[..., :1], lambda y: y, {"x": x, "y": y}, jax.random.key(0))
    assert float(report.log["back"]) == pytest.approx(0.1 * np.sqrt(2 / np.pi), rel=0.03)


def test_neighbours_are_quarters_of_different_pictures(module):
    images = np.arange(3)[:, None, None, None] * 10.0 + np.array([[1, 2], [3, 4]])[None, :, :, None]
    made = module("measure_hidden").quarters(images.repeat(2, axis=1).repeat(2, axis=2))
    assert made.shape == (12, 2, 2, 1)
    assert made[:, 0, 0, 0].tolist() == [1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24]


def test_an_evaluation_is_read_with_its_own_scores(module, tmp_path):
    interval = {"low": 0.1, "high": 0.3, "error": 0.05}
    groups = [
        {
            "title": f"step 1,000, {way}, what the a {verb} of the b",
            "scores": [{**score, "interval": interval}],
        }
        for way, verb, score in (
            ("x2y and y2x", "makes", {"metric": "kid", "value": 9}),
            ("y2x and x2y", "hides", {"metric": "fragility", "value": 0.5}),
            ("x2y and y2x", "hides", {"metric": "fragility", "value": 0.25}),
        )
    ]
    cycle = {"step": 1000, "direction": "x2y", "l1": {"as it is": 0.5}}
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps({"hidden": [cycle], "groups": groups}))
    name, (found,) = module("measure_hidden").read(f"a=b={path}")
    assert name == "a=b"
    assert found["scores"] == {"fragility": {"value": 0.25, "low": 0.1, "high": 0.3}}
    path.write_text(json.dumps({"groups": groups}))
    with pytest.raises(UserError, match="hidden"):
        module("measure_hidden").read(f"a={path}")


def test_tables_over_seeds_and_of_ratios(module):
    tables = module("hidden_tables")
    control = [one(), one(noise=0.1, fragility=0.05), one(seed=1, fragility=0.75), one(step=1200)]
    assert list(tables.by_condition(control)) == [
        "400 steps, plain",
        "400 steps, noise 0.1",
        "1,200 steps, plain",
    ]
    assert tables.over_seeds([control[0], control[2]], "scores", "fragility") == "0.500 ± 0.354"
    assert "| 400 steps, held out | 5.0 | - |" in tables.ratios(control)
    honest = one(
        honest=0.25,
        l1={"as it is": 0.125, "another's": 0.625},
        scores={"hidden_share": {"value": 0.375}},
    )
    row = "| 400 steps, plain, seed 0, held out | 0.125 | 0.250 | 0.250 | 0.375 |"
    assert row in tables.floors([honest, one()])


def test_the_pages_tables_are_those_of_its_results(module):
    results = json.loads((FOLDER / "results.json").read_text())
    assert module("hidden_tables").measured(results) in (FOLDER / "README.md").read_text()


def test_the_defence_makes_every_control_three_times_less_fragile():
    control = json.loads((FOLDER / "results.json").read_text())["control"]
    found = {
        (one["step"], one["crops"], one["seed"], bool(one["noise"])): one["scores"]["fragility"]["value"]
        for one in control
    }
    assert len(found) == 24
    assert all(plain > 3 * found[*key, True] for (*key, defended), plain in found.items() if not defended)


class Pixelwise(nn.Module):
    """In the place of a U-Net: it is compiled in no time."""

    channels: int

    @nn.compact
    def __call__(self, x):
        return nn.tanh(nn.Dense(self.channels)(x))


def test_from_training_to_the_page(module, monkeypatch, tmp_path, capsys):
    workdir, out = tmp_path / "control", tmp_path / "out"
    for name, value in (("STEPS", (2,)), ("CHOSEN", 5)):  # pictures whose quarters reach to those shown
        monkeypatch.setattr(module("measure_hidden"), name, value)
    monkeypatch.setattr(networks, "build", lambda config, channels, dtype: Pixelwise(channels))
    assert module("control").main([f"--workdir={workdir}", "--steps=1"]) == 0
    assert module("control").main([f"--workdir={workdir}", "--steps=2"]) == 0
    assert "step 2" in capsys.readouterr().out.splitlines()[-1]
    assert module("honest").main([f"--control={workdir}", "--steps=2"]) == 0
    assert module("measure_hidden").main([f"--control={workdir}", f"--out={out}"]) == 0
    results = json.loads((out / "results.json").read_text())
    assert [(found["step"], found["crops"]) for found in results["control"]] == [
        (2, "held out"),
        (2, "trained on"),
    ]
    assert "| 2 steps, plain | 1 |" in (out / "README.md").read_text()
    with Image.open(out / "control.jpg") as sheet:
        assert sheet.width > 500
    assert module("honest").main([f"--control={tmp_path}/none"]) == 2
    assert "none/checkpoints" in capsys.readouterr().err
