import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ml_collections import ConfigDict
from PIL import Image

from gan_jax import run, settings
from gan_jax.errors import UserError
from gan_jax.grids import Sheet
from gan_jax.run import FREE, Log, changes, claimed, remember

ROOT = Path(__file__).parents[1]
CONFIG = ConfigDict({"steps": 20, "seed": 0, "data": {"crop": (8, 8), "workers": 0}})


def test_a_directory_is_made_and_held(tmp_path: Path) -> None:
    with claimed(tmp_path / "runs" / "mine"):
        with (
            pytest.raises(UserError, match=r"runs/mine is in use by a running process: wait for it, stop it"),
            claimed(tmp_path / "runs" / "mine"),
        ):
            pass
        with claimed(tmp_path / "runs" / "other"):
            pass
    with claimed(tmp_path / "runs" / "mine"):
        pass


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, pathlib; from gan_jax.run import claimed\n"
        "with claimed(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(UserError, match="in use"), claimed(tmp_path):
            pass
        process.kill()
        process.wait()
    assert (tmp_path / ".lock").exists(), "it could not tidy up"
    with claimed(tmp_path):
        pass


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_is_no_directory(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    with (
        pytest.raises(UserError, match=rf"--workdir=.*{name} cannot be used: .*; name another"),
        claimed(tmp_path / name),
    ):
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_a_directory_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(UserError, match="cannot be used: Permission denied"), claimed(tmp_path / "run"):
        pass


def test_a_new_directory_has_no_changes(tmp_path: Path) -> None:
    assert changes(tmp_path, CONFIG) == []
    assert os.listdir(tmp_path) == []
    remember(tmp_path, CONFIG)
    assert changes(tmp_path, CONFIG) == []
    assert settings.from_json((tmp_path / "config.json").read_text()).to_dict() == CONFIG.to_dict()


def changed(**values: Any) -> ConfigDict:
    config = CONFIG.copy_and_resolve_references()
    config.update_from_flattened_dict({key.replace("__", "."): value for key, value in values.items()})
    return config


def test_how_long_and_how_often_may_change(tmp_path: Path) -> None:
    remember(tmp_path, CONFIG)
    assert changes(tmp_path, changed(steps=40, data__workers=2)) == [
        "data.workers: 0 -> 2",
        "steps: 20 -> 40",
    ]


def test_what_makes_another_experiment_may_not(tmp_path: Path) -> None:
    remember(tmp_path, CONFIG)
    with pytest.raises(
        UserError,
        match=r"holds a run with another config \(data.crop: \[8, 8\] -> \[8, 16\]; seed: 0 -> 1\): repeat that config",
    ):
        changes(tmp_path, changed(seed=1, data__crop=(8, 16), steps=40))


@pytest.mark.parametrize("file", ["cyclegan.py", "pix2pix.py"])
def test_what_may_change_is_in_every_config(file: str) -> None:
    """So that a key that was renamed is noticed here."""
    assert set(settings.leaves(settings.load(str(ROOT / "configs" / file)))) >= FREE


@pytest.mark.parametrize("text", [b"", b'{"steps": 20', b"\xff\xfe", b"[1]"])
def test_a_config_that_cannot_be_read(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "config.json").write_bytes(text)
    with pytest.raises(
        UserError, match=r"config.json cannot be read \(.+\): restore it or name another --workdir"
    ):
        changes(tmp_path, CONFIG)
    assert (tmp_path / "config.json").read_bytes() == text


def test_a_half_written_file_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(tmp_path, CONFIG)
    before = (tmp_path / "config.json").read_text()

    def fill(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fill)
    with pytest.raises(
        UserError, match=r"config.json could not be written \(No space left on device\): .* make room"
    ):
        remember(tmp_path, changed(steps=40))
    assert (tmp_path / "config.json").read_text() == before


def write_lines(workdir: Path, steps: list[int]) -> None:
    log = Log(workdir, None)
    for step in steps:
        log.write(step, {"loss/G": step / 8})
    log.close()


def test_a_line_is_readable_at_once(tmp_path: Path) -> None:
    log = Log(tmp_path, None)
    log.write(5, {"loss/G": 0.5, "correlation": float("nan"), "k": float("inf")})
    text = (tmp_path / "metrics.jsonl").read_text()
    log.close()
    assert text == '{"step": 5, "loss/G": 0.5, "correlation": null, "k": null}\n'


def test_going_on_keeps_what_came_before_and_only_that(tmp_path: Path) -> None:
    write_lines(tmp_path, [0, 5, 10, 10, 15])
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    Log(tmp_path, 10).close()
    assert (tmp_path / "metrics.jsonl").read_text().splitlines() == lines[:4]
    Log(tmp_path, 0).close()
    assert (tmp_path / "metrics.jsonl").read_text().splitlines() == lines[:1]


def test_a_new_run_keeps_nothing(tmp_path: Path) -> None:
    write_lines(tmp_path, [0, 0])
    Log(tmp_path, None).close()
    assert (tmp_path / "metrics.jsonl").read_text() == ""


@pytest.mark.parametrize(
    "rest", [b'{"step": 1', b'{"step"', b"\xff\x00\xff", b"{}", b'{"step": null}', b"\n\n"]
)
def test_what_a_killed_process_wrote_by_half_is_dropped(tmp_path: Path, rest: bytes) -> None:
    write_lines(tmp_path, [5, 10])
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(rest)
    log = Log(tmp_path, 10)
    log.write(15, {})
    log.close()
    steps = [json.loads(line)["step"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert steps == [5, 10, 15]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_half_written_pictures_and_pages_go(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    whole = tmp_path / "samples" / "step_0000010.png"
    halves = [whole.with_name(".step_0000020.png.12345.part"), tmp_path / ".report.html.12345.part"]
    for path in (whole, *halves):
        path.write_bytes(b"x")
    Log(tmp_path, 10).close()
    assert whole.exists()
    assert not any(half.exists() for half in halves)


def test_a_full_disk_while_logging(tmp_path: Path) -> None:
    log = Log(tmp_path, None)
    log.close()
    with open("/dev/full", "ab", buffering=0) as log._file:
        with pytest.raises(
            UserError, match=r"metrics.jsonl could not be written \(No space left on device\): the run's"
        ):
            log.write(5, {})
        log.close()


def test_a_disk_that_takes_a_part_of_a_line(tmp_path: Path) -> None:
    class Slow:
        taken = b""

        def write(self, line: bytes) -> int:
            self.taken += line[:7]
            return len(line[:7])

    log = Log(tmp_path, None)
    log.close()
    log._file = slow = Slow()  # type: ignore[assignment]
    log.write(5, {"loss/G": 0.5})
    assert slow.taken == b'{"step": 5, "loss/G": 0.5}\n'


def test_pictures(tmp_path: Path) -> None:
    log = Log(tmp_path, None)
    picture = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    log.show(500, Sheet(picture))
    log.close()
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "samples" / "step_0000500.png")), picture)


def test_metrics_without_their_checkpoints_are_set_aside(tmp_path: Path) -> None:
    run.set_aside(tmp_path)
    write_lines(tmp_path, [5])
    text = (tmp_path / "metrics.jsonl").read_text()
    run.set_aside(tmp_path)
    assert (tmp_path / "metrics.jsonl.broken").read_text() == text
    assert not (tmp_path / "metrics.jsonl").exists()


def test_lines_of_a_round_that_is_played_again_are_dropped(tmp_path: Path) -> None:
    log = Log(tmp_path, None)
    for step in (5, 10, 15):
        log.write(step, {"loss": 1.0})
    log.drop(10)
    log.write(10, {"loss": 2.0})
    log.close()
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines == [{"step": 5, "loss": 1.0}, {"step": 10, "loss": 2.0}]
