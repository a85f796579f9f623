"""A real disk that fills up while a run goes on: it stops, or waits for room, as it was asked to."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ml_collections import ConfigDict

from experiments.reliability.compare import arrays, metrics, state
from experiments.reliability.tiny import points
from gan_jax import rounds, run, saver
from gan_jax.checkpoint import steps
from gan_jax.errors import FullDisk, UserError
from gan_jax.grids import Sheet
from gan_jax.patient import Patient
from gan_jax.train import train

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # Orbax leaves futures


def config(**changes: Any) -> ConfigDict:
    often = {
        "batch_size": 1,
        "steps": 60,
        "log_every": 1,
        "checkpoint_every": 5,
        "sample_every": 20,
        "keep": 2,
    }
    return points(**often | changes)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workdir = tmp_path_factory.mktemp("undisturbed")
    assert train(config(), workdir) == 0
    return workdir


@pytest.fixture
def full_between(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Let the small disk be full from one round on to another."""
    plain, filler = rounds.Rounds.batch, small_disk / "filler"

    def between(full: int, room: int) -> None:
        def batch(self: rounds.Rounds) -> Any:
            if self.state.step == full:
                fill(filler)
            if self.state.step == room:
                filler.unlink()
            return plain(self)

        monkeypatch.setattr(rounds.Rounds, "batch", batch)

    return between


def fill(filler: Path) -> None:
    with filler.open("ab", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def test_it_waits_until_there_is_room(
    small_disk: Path,
    full_between: Callable[[int, int], None],
    undisturbed: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture,
) -> None:
    monkeypatch.setattr(saver, "AGAIN", 0.0)
    full_between(12, 50)
    workdir = small_disk / "run"
    assert train(config(on_full_disk="wait"), workdir) == 0
    err = capfd.readouterr().err
    assert err.count("the disk is full: training goes on, what it logs waits in memory\n") == 1
    assert err.count("training goes on, and tries again once a minute\n") == 1
    assert "a checkpoint could not be written in " in err
    assert err.count("there is room again: saved at step ") == 1
    assert err.count(" records that waited are written") == 1
    assert not arrays(state(workdir, 60), state(undisturbed, 60))
    assert metrics(workdir) == metrics(undisturbed)
    assert "step_0000040.png" in {path.name for path in (workdir / "samples").iterdir()}


def test_where_there_is_none_at_the_end_it_says_so_and_goes_on_later(
    small_disk: Path, full_between: Callable[[int, int], None], undisturbed: Path
) -> None:
    full_between(12, 999)
    workdir = small_disk / "run"
    with pytest.raises(
        UserError, match=r"a checkpoint could not be written .*No space left on device.* same command"
    ):
        train(config(on_full_disk="wait"), workdir)
    assert steps(workdir / "checkpoints") in ([5], [5, 10]), "the second was being written"
    (small_disk / "filler").unlink()
    full_between(999, 999)
    assert train(config(on_full_disk="wait"), workdir) == 0
    assert not arrays(state(workdir, 60), state(undisturbed, 60))
    assert metrics(workdir) == metrics(undisturbed)


def test_it_stops(small_disk: Path, full_between: Callable[[int, int], None], undisturbed: Path) -> None:
    full_between(12, 999)
    workdir = small_disk / "run"
    with pytest.raises(UserError, match=r"could not be written .*No space left on device"):
        train(config(), workdir)
    (small_disk / "filler").unlink()
    full_between(999, 999)
    assert train(config(), workdir) == 0
    assert not arrays(state(workdir, 60), state(undisturbed, 60))
    assert metrics(workdir) == metrics(undisturbed)


def test_a_disk_that_may_only_be_read(small_disk: Path) -> None:
    workdir = small_disk / "run"
    assert train(config(steps=5, checkpoint_every=5), workdir) == 0
    before = sorted(workdir.rglob("*"))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(UserError, match=r"--workdir=\S+ cannot be used: Read-only file system; name another"):
        train(config(steps=10), workdir)
    assert sorted(workdir.rglob("*")) == before


def test_half_a_line_is_taken_back(small_disk: Path) -> None:
    log = run.Log(small_disk, None)
    log.write(1, {"loss": 0.5})
    fill(small_disk / "filler")
    long = {f"loss/{i}": 0.125 for i in range(1000)}  # a page of the disk has room for a part of it
    with pytest.raises(FullDisk, match=r"metrics\.jsonl could not be written \(No space left on device\)"):
        log.write(2, long)
    assert (small_disk / "metrics.jsonl").read_text() == '{"step": 1, "loss": 0.5}\n'
    (small_disk / "filler").unlink()
    log.write(2, long)
    log.close()
    assert [json.loads(line)["step"] for line in (small_disk / "metrics.jsonl").read_text().splitlines()] == [
        1,
        2,
    ]


def test_what_waits_keeps_its_order_and_sheets_only_the_newest() -> None:
    class Keeper:
        full, got = False, ()

        def __getattr__(self, method: str) -> Any:
            def call(*given: Any) -> None:
                if self.full and method != "flush":
                    raise FullDisk("full")
                self.got = (*self.got, *((method, given[0]) for _ in given[:1]))

            return call

    said: list[str] = []
    keeper = Keeper()
    patient = Patient(keeper, said.append)
    patient.write(1, {})
    keeper.full = True
    for step in (2, 3):
        patient.write(step, {})
        patient.show(step, Sheet(np.zeros((1, 1, 3), np.uint8)))
    with pytest.raises(FullDisk):
        patient.flush()
    keeper.full = False
    patient.drop(3)
    patient.flush()
    assert keeper.got == (("write", 1), ("write", 2), ("write", 3), ("show", 3), ("drop", 3))
    assert said == [
        "the disk is full: training goes on, what it logs waits in memory",
        "there is room again: 4 records that waited are written, 1 sheets of samples were left out",
    ]
