import json

import numpy as np
import pytest
from PIL import Image

from gan_jax import evaluate


def write(folder, names, seed=0, size=(16, 20), level=128):
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        pixels = rng.normal(level, 40, (*size, 3)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / name)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [f"{i}.png" for i in range(8)]
    write(tmp_path / "real", names, 0)
    write(tmp_path / "fake", names, 1, level=60)
    return tmp_path


def run(*flags):
    return evaluate.main(["--real=real", "--fake=fake", "--features=pixels:4", *flags])


def scores(path):
    return {
        score["metric"]: score
        for group in json.loads(path.read_text())["groups"]
        for score in group["scores"]
    }


def test_prints_a_table_and_writes_json(folders, capsys):
    assert run() == 0
    out = capsys.readouterr().out
    assert "fake against real" in out
    assert "kid" in out
    assert "8 pictures are few" in out
    found = scores(folders / "evaluation.json")
    assert found["kid"]["value"] > found["kid"]["interval"]["low"] > found["kid"]["floor"]["value"]
    assert found["nn_accuracy"]["value"] == 1
    assert (found["kid"]["features"], found["kid"]["resizing"]) == ("pixels, 48", "4x4, Pillow bicubic")
    assert "l1" not in found


def test_pairs_by_name_whatever_their_suffix_and_order(folders, capsys):
    truth = Image.open(folders / "real" / "3.png")
    truth.save(folders / "fake" / "3.bmp")
    (folders / "fake" / "3.png").unlink()
    assert run("--paired", "--lpips=none") == 0
    found = scores(folders / "evaluation.json")
    a, b = (
        np.stack(
            [
                np.asarray(Image.open(next((folders / side).glob(f"{i}.*"))), float) / 127.5 - 1
                for i in range(8)
            ]
        )
        for side in ("real", "fake")
    )
    assert found["l1"]["value"] == pytest.approx(np.abs(a - b).mean(), rel=1e-5)
    assert found["ssim"]["n_fake"] == 8


def test_the_same_command_gives_the_same_numbers_and_says_that_it_replaces_them(folders, capsys):
    run()
    before = (folders / "evaluation.json").read_text()
    assert "wrote" in capsys.readouterr().out
    run()
    assert (folders / "evaluation.json").read_text() == before
    assert "replaced" in capsys.readouterr().out


def test_broken_pictures_are_reported_and_the_others_judged(folders, capsys):
    (folders / "fake" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folders / "fake" / "empty.png").touch()
    assert run() == 1
    assert "broken.png" in (shown := capsys.readouterr().err)
    assert "empty.png" in shown
    report = json.loads((folders / "evaluation.json").read_text())
    assert scores(folders / "evaluation.json")["kid"]["n_fake"] == 8
    assert len(report["left_out"]) == 2


def test_jpeg_against_png_is_warned_about(folders, capsys):
    for path in (folders / "fake").iterdir():
        Image.open(path).save(path.with_suffix(".jpg"))
        path.unlink()
    assert run() == 0
    assert "only --fake holds JPEG files" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "flags", "why"),
    [
        (lambda at: write(at / "empty", []), ["--fake=empty"], "empty: no picture that can be read"),
        (lambda at: write(at / "few", ["a.png"]), ["--fake=few"], "few: expected at least 4 pictures"),
        (lambda at: None, ["--fake=none"], "--fake=none: there is no such folder"),
        (lambda at: (at / "fake" / "7.png").unlink(), ["--paired"], "7 only in --real"),
        (lambda at: write(at / "fake", ["8.png"]), ["--paired"], "8 only in --fake"),
        (lambda at: write(at / "fake", ["7.bmp"]), ["--paired"], "--fake has more than one 7"),
        (lambda at: write(at / "fake", ["7.png"], size=(9, 9)), ["--paired"], "7.png has 20x16 pixels in"),
        (lambda at: (at / "notes.json").write_text("{}"), ["--output=notes.json"], "is there and no evaluation"),
        (lambda at: None, ["--output=no/e.json"], "there is no folder no"),
        (lambda at: None, ["--features=vgg"], "expected one of pixels, efficientnet"),
    ],
)  # fmt: skip
def test_bad_input_is_answered_with_one_line(folders, capsys, change, flags, why):
    change(folders)
    assert run(*flags) == 2
    shown = capsys.readouterr()
    assert why in shown.err.splitlines()[-1]
    assert shown.out == ""
    assert not (folders / "evaluation.json").exists()
