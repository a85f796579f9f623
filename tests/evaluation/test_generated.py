"""A run that makes examples of noise is judged, by its own entries or by a network that looks at pictures."""

import json

import pytest

from gan_jax import evaluate, settings
from gan_jax.train import train

SMALL = {
    "steps": 1,
    "batch_size": 8,
    "generator.width": 4,
    "discriminator.width": 4,
    "sample_every": 0,
    "evaluate_every": 0,
    "checkpoint_every": 1,
}


def trained(workdir, file):
    config = settings.load(file).copy_and_resolve_references()
    assert train(settings.vary(config, "small", {"small": SMALL}).lock(), workdir) == 0


@pytest.mark.parametrize(
    ("file", "test", "of_training"), [("configs/gan.py", 500, 1297), ("configs/gan.py:ring", 2500, 2500)]
)
def test_samples_are_judged(tmp_path, capsys, file, test, of_training):
    trained(tmp_path, file)
    assert evaluate.main([f"--workdir={tmp_path}"]) == 0
    first, second = json.loads((tmp_path / "evaluation.json").read_text())["groups"]
    assert (first["title"], second["title"]) == (
        "step 1, samples against examples to test on",
        "step 1, samples against the examples trained on",
    )
    scores = {score["metric"]: score for score in first["scores"]}
    assert scores["nn_accuracy"]["value"] > 0.9  # one step: anyone sees the difference
    assert scores["nn_accuracy"]["floor"]["value"] == pytest.approx(0.5, abs=0.06)
    assert (scores["mmd"]["n_real"], scores["mmd"]["n_fake"]) == (test, test)
    assert {score["metric"]: score for score in second["scores"]}["mmd"]["n_real"] == of_training
    assert "the examples' own entries" in capsys.readouterr().out


def test_points_are_no_pictures(tmp_path, capsys):
    trained(tmp_path, "configs/gan.py:ring")
    assert evaluate.main([f"--workdir={tmp_path}", "--features=pixels"]) == 2
    assert "looks at pictures, and these are none" in capsys.readouterr().err
