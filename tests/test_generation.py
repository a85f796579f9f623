"""A run from noise, used: the same examples again, classes, ways between latents, and the command."""

import json
import os
import shutil

import numpy as np
import pytest

import gan_jax
from gan_jax import generation, images, sample, settings, trained
from gan_jax.errors import UserError
from gan_jax.train import train

SMALL = {
    "steps": 2,
    "batch_size": 8,
    "generator.width": 4,
    "discriminator.width": 4,
    "sample_every": 2,
    "evaluate_every": 0,
    "checkpoint_every": 2,
    "data.test_pictures": 20,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two steps on the built-in digits."""
    workdir = tmp_path_factory.mktemp("digits") / "run"
    config = settings.load("configs/gan.py").copy_and_resolve_references()
    assert train(settings.vary(config, "small", {"small": SMALL}).lock(), workdir) == 0
    return workdir


def test_a_run_is_found_from_where_one_stands(run, monkeypatch):
    monkeypatch.chdir(run.parent)
    assert trained.read("run").step == 2
    assert gan_jax.load("run").sample(1).shape == (1, 8, 8, 1)


def test_a_run_of_another_version_is_told(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    del config["adversarial"]
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"another version of gan_jax .*adversarial"):
        trained.read(tmp_path / "run")


def test_equal_arguments_give_equal_examples(run):
    model = generation.load(run)
    three, five = model.sample(3, seed=4), model.sample(5, seed=4)
    assert three.tobytes() == model.sample(3, seed=4).tobytes() == five[:3].tobytes()
    assert three.tobytes() != model.sample(3, seed=5).tobytes()
    assert (three.dtype, np.abs(three).max() <= 1) == (np.float32, True)


def test_latents_make_what_they_made_before(run):
    model = generation.load(run)
    z = model.latents(300, seed=1)
    assert z.shape == (300, 32)
    assert abs(z.mean()) < 0.03
    assert abs(z.std() - 1) < 0.03
    made = model.sample(300, seed=1, z=z)
    assert len(np.unique(z, axis=0)) == 300
    assert made[:44].tobytes() != made[256:].tobytes()  # the second chunk is not the first again
    assert model.sample(300, seed=1, z=z).tobytes() == made.tobytes()
    with pytest.raises(UserError, match=r"latents of shape \(3, 5\): expected \(3, 32\)"):
        model.sample(3, z=np.zeros((3, 5)))


def test_labels_that_it_does_not_take_are_refused(run):
    with pytest.raises(UserError, match="trained without labels"):
        generation.load(run).sample(2, label=1)


def test_the_great_circle_keeps_the_length():
    first, last = np.array([[3.0, 0.0]], np.float32), np.array([[0.0, 3.0]], np.float32)
    half = 3 / np.sqrt(2)
    np.testing.assert_allclose(
        generation.between(first, last, 3, True)[0], [[3, 0], [half, half], [0, 3]], atol=1e-5
    )
    np.testing.assert_allclose(
        generation.between(first, last, 3, False)[0], [[3, 0], [1.5, 1.5], [0, 3]], atol=1e-6
    )


def test_the_command_writes_what_can_be_made_again(run, tmp_path, capsys):
    first, again = tmp_path / "first", tmp_path / "again"
    assert sample.main([f"--workdir={run}", f"--output={first}", "--count=12", "--each", "--seed=3"]) == 0
    assert "12 examples of step 2" in capsys.readouterr().out
    assert {path.name for path in first.glob("0*.png")} == {f"{i:06d}.png" for i in range(12)}
    assert images.read(first / "000000.png", 1, 8).shape == (8, 8, 1)
    assert images.read(first / "samples.png", 3, 8).shape[1] > 10 * 8
    assert (
        sample.main([f"--workdir={run}", f"--output={again}", f"--latents={first}/latents.npz", "--seed=3"])
        == 0
    )
    assert (first / "samples.npy").read_bytes() == (again / "samples.npy").read_bytes()


def test_the_command_makes_ways_between_latents(run, tmp_path):
    assert sample.main([f"--workdir={run}", f"--output={tmp_path}/ways", "--interpolate=5", "--count=2"]) == 0
    with np.load(tmp_path / "ways" / "latents.npz") as found:
        np.testing.assert_allclose(found["z"][0], generation.load(run).latents(2)[0], atol=1e-5)
        assert found["z"].shape == (10, 32)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--count=0"], "--count=0"),
        (["--label=3"], "without labels"),
        (["--latents=nothing.npz"], "nothing.npz"),
        (["--interpolate=1"], "2 or more"),
        (["--step=7"], "no checkpoint of step 7; there are 2"),
        (["--output=pyproject.toml"], "cannot be written"),
    ],
)
def test_mistakes_are_told_in_one_line(run, tmp_path, capsys, arguments, told):
    output = [] if arguments[0].startswith("--output") else [f"--output={tmp_path / 'out'}"]
    assert sample.main([f"--workdir={run}", *output, *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_nothing_is_overwritten_unasked(run, tmp_path, capsys):
    command = [f"--workdir={run}", f"--output={tmp_path}", "--count=4"]
    assert sample.main(command) == 0
    before = os.stat(tmp_path / "samples.npy").st_mtime_ns
    assert sample.main(command) == 2
    assert "holds samples already" in capsys.readouterr().err
    assert os.stat(tmp_path / "samples.npy").st_mtime_ns == before
    assert sample.main([*command, "--overwrite"]) == 0
