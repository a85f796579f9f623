"""A run of two steps, and everything that one may ask it to translate."""

import functools
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gan_jax
from gan_jax import images, model, settings, translate, translation
from gan_jax.decoding import read
from gan_jax.model import Model
from gan_jax.outputs import RECORD
from gan_jax.train import train

CONFIG = Path(__file__).parents[1] / "configs" / "cyclegan.py"
QUICK = {"xla_backend_optimization_level": 0}


def draw(*shape, seed=0, dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    place = tmp_path_factory.mktemp("trained")
    for kind in "xy":
        for i in range(2):
            images.write(place / kind / f"{i}.png", draw(16, 16, 3, seed=i))
    config = settings.load(str(CONFIG)).copy_and_resolve_references()
    changes = {"steps": 2, "evaluate_every": 0, "pool_size": 0, "sample_pictures": 1}
    changes |= {"data.x": str(place / "x"), "data.y": str(place / "y"), "data.resize": 16, "data.crop": 16}
    changes |= {"generator.width": 4, "generator.blocks": 1, "generator.upsample": "deconv"}
    changes |= {"discriminator.width": 4, "discriminator.layers": 1}
    for key, value in changes.items():
        block, name = settings.locate(config, key)
        block[name] = value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gan_jax.compiler.options", lambda *_: QUICK)
        assert train(config.lock(), place / "run") == 0
    return place / "run"


@pytest.fixture(autouse=True)
def once(monkeypatch, loaded):
    """The run is loaded once, and quick to compile."""
    monkeypatch.setattr("gan_jax.compiler.options", lambda *_: QUICK)
    monkeypatch.setattr(translation, "load", lambda *_: loaded)


@pytest.fixture(scope="module")
def loaded(workdir):
    return gan_jax.load(workdir)


@pytest.fixture
def command(workdir, tmp_path, capsys):
    """Runs the command in a folder with `in` and `out`: exit status and what it printed."""

    def run(*flags, input="in", output="out"):
        paths = [f"--workdir={workdir}", f"--input={tmp_path / input}", f"--output={tmp_path / output}"]
        status = translate.main([*paths, *flags])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


@pytest.fixture
def files(tmp_path):
    """Writes files below a folder: arrays as pictures, bytes as they are."""

    def write(**content):
        for name, what in content.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(what, bytes):
                path.write_bytes(what)
            elif path.suffix == ".npy":
                np.save(path, what)
            else:
                images.write(path, what)

    return lambda content: write(**content)


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def encoded(picture, **options):
    stream = io.BytesIO()
    picture.save(stream, **options)
    return stream.getvalue()


def test_the_program(workdir, tmp_path, files):
    """As a user calls it, from the checkpoint on disk, with the exit status of a broken picture."""
    files({"in/a.png": draw(10, 13, 3), "in/broken.png": b"no picture"})
    flags = [f"--workdir={workdir}", f"--input={tmp_path / 'in'}", f"--output={tmp_path / 'out'}", "--step=2"]
    done = subprocess.run(
        [sys.executable, "-m", "gan_jax.translate", *flags], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "2 pictures: 1 translated, 1 could not be translated\n")
    assert "could not be translated: broken.png: not a picture" in done.stderr
    assert "Traceback" not in done.stderr
    assert listing(tmp_path / "out") == ["a.png", RECORD]


def test_a_folder_of_odd_pictures(command, files, tmp_path, loaded):
    rgb = draw(10, 13, 3)
    picture = Image.fromarray(rgb)
    turned = Image.Exif()
    turned[274] = 6  # stands on its side in the file
    files(
        {
            "in/plain.png": rgb,
            "in/deep/er/grey.png": draw(10, 13, 1),
            "in/grey16.png": draw(10, 13, 1, dtype=np.uint16),
            "in/alpha.png": draw(10, 13, 4),
            "in/cmyk.jpg": encoded(picture.convert("CMYK"), format="JPEG"),
            "in/turned.jpg": encoded(picture, format="JPEG", exif=turned),
            "in/palette.gif": encoded(
                picture.convert("P"), format="GIF", save_all=True, append_images=[picture]
            ),
            "in/float.npy": rgb.astype(np.float32) / 255,
            "in/dot.png": draw(1, 1, 3),
            "in/same.jpg": encoded(picture, format="JPEG"),
            "in/same.png": rgb,
            "in/jpeg named.png": encoded(picture, format="JPEG"),
            "in/empty.png": b"",
            "in/text.jpg": b"no picture",
            "in/cut.png": encoded(picture, format="PNG")[:200],
            "in/long.png": draw(1, 300, 3),
            "in/notes.txt": b"left out",
        }
    )
    (tmp_path / "in" / "gone.png").symlink_to("nowhere")
    status, said = command()
    assert status == 1
    assert "17 pictures: 12 translated, 5 could not be translated" in said
    for name, why in {
        "empty.png": "empty file",
        "text.jpg": "not a picture",
        "cut.png": "damaged",
        "long.png": "300x1: one side is more than 100 times",
        "gone.png": "broken link",
    }.items():
        assert f"could not be translated: {name}: {why}" in said
    out = tmp_path / "out"
    alone = (
        "alpha",
        "cmyk",
        "deep/er/grey",
        "dot",
        "float",
        "grey16",
        "jpeg named",
        "palette",
        "plain",
        "turned",
    )
    names = [f"{name}.png" for name in (*alone, "same.jpg", "same.png")]
    assert listing(out) == sorted([*names, RECORD])
    sizes = {name: read(out / name).shape[:2] for name in names}
    assert (sizes.pop("turned.png"), sizes.pop("dot.png"), set(sizes.values())) == (
        (13, 10),
        (1, 1),
        {(10, 13)},
    )
    for source, made in (
        ("plain.png", "plain.png"),
        ("same.jpg", "same.jpg.png"),
        ("turned.jpg", "turned.png"),
    ):
        expected = loaded.translate(read(tmp_path / "in" / source)).astype(int)
        assert np.abs(read(out / made) - expected).max() <= 1
    assert np.array_equal(read(out / "float.png"), read(out / "plain.png"))


def test_a_stopped_command_goes_on_and_only_does_what_is_missing(command, files, tmp_path, monkeypatch):
    files({f"in/{name}.png": draw(10, 13, 3, seed=i) for i, name in enumerate("abcd")})
    monkeypatch.setattr(model, "TOGETHER", 0)  # one at a time
    write, written = images.write, []

    def stop(path, *rest):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path.name)
        write(path, *rest)

    monkeypatch.setattr(images, "write", stop)
    status, said = command()
    assert (status, "the same command goes on" in said, written) == (130, True, ["a.png", "b.png"])
    monkeypatch.setattr(images, "write", write)
    before = os.stat(tmp_path / "out" / "a.png").st_mtime_ns
    assert "4 pictures: 2 translated, 2 were there already\n" in command()[1]
    assert listing(tmp_path / "out") == ["a.png", "b.png", "c.png", "d.png", RECORD]
    assert os.stat(tmp_path / "out" / "a.png").st_mtime_ns == before
    status, said = command()
    assert (status, "4 pictures: 0 translated, 4 were there already" in said) == (0, True)
    status, said = command("--overwrite")
    assert (status, "4 pictures: 4 translated\n" in said) == (0, True)
    assert os.stat(tmp_path / "out" / "a.png").st_mtime_ns > before


def test_nothing_else_is_overwritten(command, files, tmp_path):
    files({"in/a.png": draw(10, 13, 3), "out/a.png": b"mine"})
    status, said = command()
    assert (status, "exists, and was not made from" in said) == (2, True)
    assert (tmp_path / "out" / "a.png").read_bytes() == b"mine"
    assert command("--overwrite")[0] == 0
    status, said = command("--direction=y2x")
    assert (status, "holds pictures of" in said) == (2, True)


def test_there_and_back(command, files, tmp_path, loaded):
    x = draw(10, 13, 3)
    files({"in/a.png": x})
    assert command("--cycle", "--direction=y2x")[0] == 0
    there = loaded.translate(images.to_float(x), "y2x")
    back = loaded.translate(there, "x2y")
    assert np.array_equal(read(tmp_path / "out" / "a.png"), images.to_uint8(there))
    assert np.array_equal(read(tmp_path / "out" / "a_back.png"), images.to_uint8(back))
    assert listing(tmp_path / "out") == ["a.png", "a_back.png", RECORD]


def test_one_picture(command, files, tmp_path):
    files({"photo.png": draw(10, 13, 3)})
    assert command(input="photo.png")[0] == 0
    assert listing(tmp_path / "out") == ["photo.png", RECORD]
    assert command("--cycle", input="photo.png", output="new/made.tif")[0] == 0
    assert listing(tmp_path / "new") == ["made.tif", "made_back.tif"]
    assert np.array_equal(read(tmp_path / "new" / "made.tif"), read(tmp_path / "out" / "photo.png"))
    status, said = command(input="photo.png", output="new/made.tif")
    assert (status, "made.tif exists" in said) == (2, True)
    assert command("--overwrite", input="photo.png", output="new/made.tif")[0] == 0
    status, said = command("--overwrite", input="photo.png", output="photo.png")
    assert (status, "is one of the pictures to translate" in said) == (2, True)


def test_outputs_among_inputs(command, files, tmp_path):
    files({"in/a.png": draw(10, 13, 3)})
    status, said = command(output="in")
    assert (status, "is the folder of --input" in said) == (2, True)
    for there in (0, 1):
        status, said = command(output="in/made")
        assert (status, f"1 picture: {1 - there} translated" in said) == (0, True)
    assert listing(tmp_path / "in") == ["a.png", "made/a.png", f"made/{RECORD}"]


def test_bits_and_channels_are_those_of_the_run(command, files, tmp_path, loaded, monkeypatch):
    config = loaded.config.copy_and_resolve_references()
    config.data.bits, config.data.y_channels = 16, 5
    networks = loaded.networks | {"x2y": (lambda params, x: x[..., [0, 1, 2, 0, 1]], {})}
    monkeypatch.setattr(translation, "load", lambda *_: Model(config, 2, networks))
    x = draw(10, 13, 1, dtype=np.uint16)
    files({"in/a.png": x})
    assert command()[0] == 0
    assert np.array_equal(np.load(tmp_path / "out" / "a.npy"), np.repeat(x, 5, axis=-1))
    config.data.y_channels = 3
    deep = {"x2y": (lambda params, x: x, {})}
    monkeypatch.setattr(translation, "load", lambda *_: Model(config, 2, deep))
    assert command(output="deep")[0] == 0
    assert np.array_equal(read(tmp_path / "deep" / "a.png", 3, 16), np.repeat(x, 3, axis=-1))


def test_pictures_beyond_pillows_limit(command, files, monkeypatch):
    files({"in/a.png": draw(10, 13, 3)})
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    monkeypatch.setattr(translation, "LARGEST", 64)  # Pillow refuses twice that
    status, said = command()
    assert (status, "more pixels than the limit of 64" in said) == (1, True)
    monkeypatch.setattr(translation, "LARGEST", 130)
    assert command()[0] == 0
    assert Image.MAX_IMAGE_PIXELS == 100


def test_a_picture_that_the_network_refuses_does_not_stop_the_others(command, files, loaded, monkeypatch):
    files({"in/a.png": draw(10, 13, 3), "in/b.png": draw(4, 4, 3), "in/c.png": draw(10, 13, 3)})
    made = loaded.translate

    def refuse(batch, *rest):
        if batch.shape[1] == 4:
            raise MemoryError
        return made(batch, *rest)

    monkeypatch.setattr(loaded, "translate", refuse)
    status, said = command()
    assert (status, "could not be translated: b.png: too large for the memory" in said) == (1, True)
    assert "3 pictures: 2 translated, 1 could not be translated" in said


def test_mistakes_are_told_in_one_line(command, files, tmp_path, workdir, monkeypatch):
    files({"in/a.png": draw(10, 13, 3), "file": b"", "notes/read.txt": b"", "bad/a.png": b""})
    monkeypatch.setattr(translation, "load", functools.partial(gan_jax.load))
    for flags, places, words in [
        ((), {"input": "nothing"}, "nothing: there is no such file or folder"),
        ((), {"input": "notes"}, "no picture there (1 files of other kinds); expected files of .bmp"),
        ((), {"output": "file"}, "file is a file: name a folder"),
        ((), {"output": "file/below"}, "cannot be"),
        (("--direction=a2b",), {}, "direction 'a2b': this run translates x2y and y2x"),
        (("--step=7",), {}, "no checkpoint of step 7; there are 2"),
        (("--step=7", "--best"), {}, "not allowed with argument"),
        (("--best",), {}, "no best checkpoint"),
        (("--colour",), {}, "unrecognized arguments: --colour; --help tells more"),
        ((f"--workdir={tmp_path}",), {}, "holds no run"),
        (("--output=",), {}, "argument --output: a path is missing"),
    ]:
        status, said = command(*flags, **places)
        assert (status, words in said) == (2, True), said
        assert said.startswith("gan_jax: ")
        assert said.count("\n") == 1
    assert command(input="bad")[0] == 1  # pictures are there, but none can be read


def test_no_way_back(command, files, loaded, monkeypatch):
    files({"in/a.png": draw(10, 13, 3)})
    one = Model(loaded.config, 2, {"x2y": loaded.networks["x2y"]})
    monkeypatch.setattr(translation, "load", lambda *_: one)
    status, said = command("--cycle")
    assert (status, "--cycle: this run translates x2y, but not y2x" in said) == (2, True)


def test_help_tells_what_happens_to_sizes(capsys):
    with pytest.raises(SystemExit) as exit:
        translate.main(["--help"])
    assert exit.value.code == 0
    assert "Pictures keep their own height and width" in capsys.readouterr().out
