"""`config.max_hours`: saved and left in time, and gone on with."""

import gc
import itertools
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from jax.experimental import multihost_utils
from ml_collections import ConfigDict
from orbax.checkpoint import v1 as ocp

from experiments.reliability.compare import arrays, metrics, state
from experiments.reliability.tiny import points
from gan_jax import rules, signals
from gan_jax.checkpoint import Checkpoints, steps
from gan_jax.errors import UserError
from gan_jax.train import LATE, train

ROOT = Path(__file__).parents[1]
AN_HOUR = 3600.0
A_YEAR = 3e7


def config(**changes: Any) -> ConfigDict:
    often = {"batch_size": 1, "steps": 6, "log_every": 2, "checkpoint_every": 4}
    return points(**often | changes)


def test_starts_that_are_all_too_short_end_as_one_that_was_not(
    tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    """Each start finds its hour over before the first round, plays that one round, and saves."""
    assert train(config(steps=3), tmp_path / "whole") == 0
    capfd.readouterr()
    limited = config(steps=3, max_hours=1.0)
    for step in (1, 2):
        assert train(limited, tmp_path / "run", time.monotonic() - AN_HOUR) == LATE == 75
        assert steps(tmp_path / "run" / "checkpoints")[-1] == step
        told = (
            f"time limit of 60 min (config.max_hours) reached: saved at step {step}; the same command goes on"
        )
        assert told in capfd.readouterr().err
    assert train(limited, tmp_path / "run", time.monotonic() - AN_HOUR) == 0, (
        "all steps are done, late or not"
    )
    assert "done: 3 steps" in capfd.readouterr().err
    one, other = state(tmp_path / "whole", 3), state(tmp_path / "run", 3)
    assert not arrays(one, other)
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "run")


def test_a_limit_that_is_far_and_none_at_all(tmp_path: Path) -> None:
    assert train(config(max_hours=1.0, steps=2), tmp_path / "far") == 0
    assert train(config(max_hours=0.0, steps=2), tmp_path / "none", time.monotonic() - 1000 * AN_HOUR) == 0


def test_the_time_that_a_checkpoint_takes_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty minutes are left at step 4, and the checkpoint of step 2 took half an hour."""
    plain = Checkpoints.save

    def slow(self: Checkpoints, *given: Any) -> None:
        plain(self, *given)
        self.wait()
        self.slowest = AN_HOUR / 2

    monkeypatch.setattr(Checkpoints, "save", slow)
    begun = time.monotonic() - AN_HOUR * 2 / 3
    assert train(config(max_hours=1.0, checkpoint_every=2), tmp_path, begun) == LATE
    assert steps(tmp_path / "checkpoints") == [2]


def test_hosts_agree_that_it_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another host has heard SIGTERM, then none, then it is late there."""
    others = iter([(15, 0), (0, 0), (0, 1)])
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    monkeypatch.setattr(
        multihost_utils, "process_allgather", lambda mine: np.stack([mine, np.array(next(others), np.int32)])
    )
    stop = signals.Stop()
    assert stop.asked()
    assert (stop.signal, stop.late) == (15, False)
    stop = signals.Stop()
    assert not stop.asked()
    assert stop.asked()
    assert (stop.signal, stop.late) == (None, True)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Orbax leaves futures behind
@pytest.mark.parametrize("look", [8, 19, 40])
def test_a_clock_on_the_wall_that_is_set_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    """A year forward while the first checkpoint is written, at the so many-th look at the clock, and then back."""
    assert train(config(), tmp_path / "steady") == 0
    save, clock, looks = ocp.save, time.time, itertools.count(1)
    paths: list[Path] = []

    def watched(path: Path, *given: Any) -> None:
        paths.append(path)
        first = len(paths) == 1
        monkeypatch.setattr(time, "time", lambda: clock() + A_YEAR * (first and next(looks) >= look))
        save(path, *given)

    monkeypatch.setattr(ocp, "save", watched)
    assert train(config(max_hours=1.0), tmp_path / "set") == 0
    gc.collect()
    assert [path.name for path in paths] == ["4.passing", "4.passing.again", "6.passing"]
    assert sorted(path.name for path in (tmp_path / "set" / "checkpoints").iterdir()) == ["4", "6"]
    for step in (4, 6):
        one, other = state(tmp_path / "steady", step), state(tmp_path / "set", step)
        assert not arrays(one, other)
    assert metrics(tmp_path / "steady") == metrics(tmp_path / "set")


@pytest.mark.parametrize("hours", [-1.0, 1e9])
def test_hours_that_cannot_be(hours: float) -> None:
    with pytest.raises(UserError, match=r"config\.max_hours is .*: expected hours, 0 for no limit"):
        rules.validate(config(max_hours=hours))
