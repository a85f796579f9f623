import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from ml_collections import ConfigDict
from PIL import Image

from gan_jax import data, settings
from gan_jax.errors import UserError

FOLDER = Path(__file__).parents[2] / "experiments" / "monuments"
CONFIG = ConfigDict(
    {
        "gan": "cyclegan",
        "seed": 3,
        "batch_size": 1,
        "data": {
            **dict.fromkeys(("root", "x", "y", "tfds"), ""),
            **{"paired": False, "resize": 32, "crop": 32, "flip": True, "x_channels": 3, "y_channels": 1},
            **{"bits": 8, "workers": 0, "test_pictures": 0},
        },
    }
)


@pytest.fixture
def module(monkeypatch):
    """A module of the experiment by its name, found as a script beside it finds it."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


@pytest.fixture
def make_run(tmp_path):
    def make(name="run", lines=({"step": 0, "test/l1/back_x": 0.5}, {"step": 700, "test/l1/back_x": 0.25})):
        run = tmp_path / name
        (run / "samples").mkdir(parents=True)
        (run / "config.json").write_text(settings.to_json(CONFIG))
        (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
        Image.fromarray(noise).save(run / "samples" / "step_000500.png")
        Image.new("RGB", (8, 8)).save(run / "samples" / "step_000000.png")
        Image.new("RGB", (8, 8)).save(run / "samples" / "step_000600.png")
        return run

    return make


def test_a_run_is_measured_from_end_to_end(module, make_run, tmp_path):
    lines = [{"step": 700, "test/ink_f1/fake_y": 0.875, "test/l1/fake_y": 0.125}]
    ceiling, out = make_run("ceiling", lines), tmp_path / "out"
    arguments = [f"--run={make_run()}", f"--ceiling={ceiling}", f"--out={out}"]
    assert module("measure").main(arguments) == 0
    names = {"README.md", "results.json", "curves.png", "config.json", "metrics.jsonl"}
    assert {path.name for path in out.iterdir()} == names | {"step_000000.png", "step_000500.png"}
    results = json.loads((out / "results.json").read_text())
    assert results["run"] == {"gan": "cyclegan", "seed": 3, "steps": 700}
    assert [metrics["l1/back_x"] for metrics in results["evaluations"]] == [0.5, 0.25]
    page = (out / "README.md").read_text()
    assert "| **step 700** | 0.250 | - | - | - |" in page
    assert "| cyclegan on true pairs, step 700 | 0.875 |" in page
    assert "(step_000500.png)" in page


def test_baselines_against_the_pictures_themselves(module):
    scores = module("baselines").baselines(CONFIG)
    drawings = data.test_pictures(data.source(CONFIG.data), CONFIG)["y"].astype(np.float64)
    assert scores["blank sheet"]["l1/fake_y"] == pytest.approx(np.mean(1 - drawings), abs=1e-6)
    assert scores["blank sheet"]["ink_f1/fake_y"] == 0
    assert scores["true pictures"]["ink_f1/fake_y"] == 1
    assert scores["true pictures"]["ink_share/fake_y"] == pytest.approx((drawings < 0.5).mean())
    assert scores["another building"]["l1/fake_y"] == pytest.approx(
        np.mean([np.abs(drawings[i - 1] - drawings[i]).mean() for i in range(12)])
    )


def test_edges_are_found_where_a_photo_has_them(module):
    photo = np.full((1, 16, 16, 3), -0.5)
    photo[:, :, 8:] = 0.5
    drawing = np.ones((1, 16, 16, 1))
    drawing[:, :, 3:5] = -0.25  # two columns of ink, an eighth of the sheet
    pictures = {"x": photo, "y": drawing}
    drawn = module("baselines").edges(pictures, pictures)
    expected = np.ones((1, 16, 16, 1))
    expected[:, :, 7:9] = -0.25
    assert np.abs(drawn - expected).max() < 1e-9


def test_of_a_step_logged_twice_the_later_counts(module):
    lines = [
        {"step": 5, "test/a": 1.0, "lr": 0.1},
        {"step": 9, "test/a": 2.0},
        {"step": 5, "test/a": 3.0},
        {"step": 7, "lr": 0.1},
    ]
    assert module("runs").evaluated(lines) == [{"step": 5, "a": 3.0}, {"step": 9, "a": 2.0}]


def test_large_pictures_become_jpeg(module, make_run, tmp_path):
    names = module("samples").copy(make_run() / "samples", tmp_path, (0, 500, 2000), limit=60_000)
    assert names == {0: "step_000000.png", 500: "step_000500.jpg"}
    assert (tmp_path / "step_000500.jpg").stat().st_size <= 60_000


def test_words_around_the_tables_stay(module, tmp_path):
    page, readme = module("page"), tmp_path / "README.md"
    readme.write_text(f"Before\n{page.BEGIN}\nold 0.999\n{page.END}\nAfter\n")
    results = {"evaluations": [{"step": 0, "l1/back_x": 0.5}], "baselines": {}, "ceilings": []}
    page.write(readme, results, (0,))
    text = readme.read_text()
    assert text.startswith("Before\n")
    assert text.endswith("\nAfter\n")
    assert "| **step 0** | 0.500 |" in text
    assert "0.999" not in text
    page.write(readme, results, (0,))
    assert readme.read_text() == text
    readme.write_text("Before")
    with pytest.raises(UserError, match=r"README\.md"):
        page.write(readme, results, (0,))


@pytest.mark.parametrize("lines", [(), ({"step": 1, "loss": 2.0},)])
def test_a_run_without_evaluations_is_a_clear_mistake(module, make_run, capsys, lines):
    assert module("measure").main([f"--run={make_run(lines=lines)}", "--out=/nowhere"]) == 2
    assert "evaluate_every" in capsys.readouterr().err


def test_a_missing_run_is_named(module, tmp_path, capsys):
    assert module("measure").main([f"--run={tmp_path}/none"]) == 2
    assert f"{tmp_path}/none/config.json" in capsys.readouterr().err


def test_a_ceiling_of_another_size_is_refused(module, make_run, tmp_path, capsys):
    other = make_run("other")
    (other / "config.json").write_text(
        (other / "config.json").read_text().replace('"resize": 32', '"resize": 64')
    )
    assert module("measure").main([f"--run={make_run()}", f"--ceiling={other}", f"--out={tmp_path}/out"]) == 2
    assert "data.resize=64" in capsys.readouterr().err


def test_ceilings_of_two_directions_share_a_row(module):
    ends = [{"step": 9, "l1/fake_x": 0.1}, {"step": 9, "l1/fake_y": 0.2}]
    ceilings = [{"run": {"gan": "pix2pix"}, "evaluations": [{"step": 0}, end]} for end in ends]
    results = {"evaluations": [{"step": 0}], "baselines": {}, "ceilings": ceilings}
    assert module("page").rows(results, (0,))[2] == {
        "pix2pix on true pairs, step 9": {"step": 9, "l1/fake_x": 0.1, "l1/fake_y": 0.2}
    }
