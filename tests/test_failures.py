"""Rounds that make a number that is none: kept, replayed, and passed over where that is asked for."""

import functools
import inspect
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict

from experiments.reliability.compare import arrays, metrics, state
from experiments.reliability.tiny import points
from gan_jax import data, engine, failures, replay, rounds
from gan_jax.checkpoint import about, steps
from gan_jax.errors import UserError
from gan_jax.game import Game, Move
from gan_jax.train import train
from gan_jax.viewer import View, Viewer

ROOT = Path(__file__).parents[1]


def config(**changes: Any) -> ConfigDict:
    often = {"batch_size": 2, "steps": 12, "log_every": 6, "checkpoint_every": 4, "keep": 9}
    return points(**often | changes)


def nan(batch: dict) -> dict:
    return {name: leaf * np.nan if leaf.dtype.kind == "f" else leaf for name, leaf in batch.items()}


def kill(batch: dict) -> dict:
    raise KeyboardInterrupt


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the batches of these numbers (counted from 0) be nan; or kill the run when it comes to one."""
    plain = data.batches

    def at(*numbers: int, killed: int = -1) -> None:
        def batches(*args: Any, start: int = 0, **kwargs: Any) -> Iterator[dict]:
            for i, batch in enumerate(plain(*args, start=start, **kwargs), start):
                yield kill(batch) if i == killed else nan(batch) if i in numbers else batch

        monkeypatch.setattr(data, "batches", batches)

    return at


def break_move(monkeypatch: pytest.MonkeyPatch, name: str, step: int) -> None:
    """Let the loss of a move be nan in the round that begins at a step: through its networks, so gradients too."""
    plain = engine.made

    def made(config: ConfigDict) -> Game:
        found = plain(config)
        moves = tuple(broken(move) if move.name == name else move for move in found.moves)
        return found._replace(moves=moves)

    def broken(move: Move) -> Move:
        def loss(step_: Any, *given: Any, **named: Any) -> Any:
            value, report = move.loss(*given, **named)
            return jnp.where(step_ == step, jnp.log(value - value - 1), 1) * value, report

        return move._replace(loss=with_step(move.loss, loss))

    monkeypatch.setattr(engine, "made", made)


def with_step(like: Callable[..., Any], loss: Callable[..., Any]) -> Callable[..., Any]:
    """A loss of the parameters of `like`, and of the step."""
    asked = inspect.signature(like)

    @functools.wraps(like)
    def wrapped(**given: Any) -> Any:
        step = given["step"]
        return loss(step, **{name: given[name] for name in asked.parameters})

    names = dict(asked.parameters) | {
        "step": inspect.Parameter("step", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    }
    wrapped.__signature__ = asked.replace(parameters=list(names.values()))  # type: ignore[attr-defined]
    return wrapped


def replayed(workdir: Path, capfd: pytest.CaptureFixture, *flags: str) -> list[str]:
    capfd.readouterr()
    assert replay.main([f"--workdir={workdir}", *flags]) == 0
    return capfd.readouterr().out.splitlines()


def test_a_bad_batch_stops_the_run_and_is_kept(
    tmp_path: Path, poison: Callable[..., None], capfd: pytest.CaptureFixture
) -> None:
    poison(9)
    advice = r"python -m gan_jax.replay --workdir=\S+ shows where it began; begin another .*--config.on_failure=skip"
    with pytest.raises(UserError, match=rf"became nan at step 10: .* step 8 is kept; {advice}$") as stopped:
        train(config(), tmp_path / "run")
    assert "\n" not in str(stopped.value)
    assert "playing 1 rounds again from step 8, to keep the one that failed" in capfd.readouterr().err
    folder = tmp_path / "run" / "failed" / "step_10"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("batch.npz", "checkpoints", "config.json", "failed.json")
    ]
    assert np.isnan(np.load(folder / "batch.npz")["image"]).all()
    told = replayed(tmp_path / "run", capfd)
    assert told[0].endswith("became nan. That round again, with batch 9:")
    assert [line.split()[:3] for line in told[1:3]] == [
        ["the", "batch", "batch['image']"],
        ["the", "state", "before"],
    ]
    assert "the state before  finite" in " ".join(told)
    assert told[-1] == "It began in the batch: batch['image'] became nan."
    poison()
    assert train(config(steps=9, checkpoint_every=9, decay_fraction=0.0), tmp_path / "whole") == 0
    assert not arrays(state(folder, 9), state(tmp_path / "whole", 9)), (
        "the state before that round, to the bit"
    )


@pytest.mark.parametrize("move", ["discriminator", "generator"])
def test_the_move_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture, move: str
) -> None:
    break_move(monkeypatch, move, 2)
    with pytest.raises(UserError, match=rf"loss/{move} became nan at step 3: training stopped; python"):
        train(config(), tmp_path)
    told = replayed(tmp_path, capfd, "--step=3")
    row = next(line for line in told if line.startswith(f"  {move} "))
    assert row.split() == [move, "loss", "nan", "gradient", "nan"]
    player = {"discriminator": "D", "generator": "G"}[move]
    assert told[-1].startswith(
        f"It began in move {move}, term loss/{move}, in the gradient of player {player}, array ["
    )
    debugged = replayed(tmp_path, capfd, "--debug")
    [line] = [line for line in debugged if "test_failures.py" in line]
    assert "in loss: return jnp.where(step_ == step, jnp.log(value - value - 1), 1) * value, report" in line


def test_what_was_wrong_before_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    plain = rounds.Rounds.play

    def play(self: rounds.Rounds, batches: Any) -> Any:
        log = plain(self, batches)
        if self.state.step == 5:
            layer = next(iter(self.state.params["G"].values()))
            layer["bias"] = layer["bias"] + jnp.inf
        return log

    monkeypatch.setattr(engine, "AT_ONCE", 1)
    monkeypatch.setattr(rounds.Rounds, "play", play)
    with pytest.raises(UserError, match="at step 6: training stopped"):
        train(config(), tmp_path)
    told = replayed(tmp_path, capfd)
    assert told[-1].startswith("It began before this round: params['G']['")
    assert told[-1].endswith("']['bias'] became inf.")


def test_what_does_not_fail_again_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    """As after an error of the machine: at the second time all is well."""
    plain, times = rounds.Rounds.play, iter([True])

    def play(self: rounds.Rounds, batches: Any) -> Any:
        log = plain(self, batches)
        if self.state.step < 6 or not next(times, False):
            return log
        sixth = 6 - self.state.step + len(batches) - 1
        return log | {"loss/generator": log["loss/generator"].at[sixth].set(jnp.nan)}

    monkeypatch.setattr(rounds.Rounds, "play", play)
    with pytest.raises(UserError, match="loss/generator became nan at step 6"):
        train(config(), tmp_path)
    assert replayed(tmp_path, capfd)[-1] == "All of it is finite this time."


def test_no_failed_round_and_no_such_one(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    assert replay.main([f"--workdir={tmp_path}"]) == 2
    assert capfd.readouterr().err == f"gan_jax: --workdir={tmp_path} holds no failed round\n"
    (tmp_path / "failed" / "step_7").mkdir(parents=True)
    assert replay.main([f"--workdir={tmp_path}", "--step=8"]) == 2
    assert "--step=8: expected one of 7" in capfd.readouterr().err
    assert replay.main([f"--workdir={tmp_path}"]) == 2
    assert "step_7 holds no failed round that can be read" in capfd.readouterr().err


def without(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """Data in which these batches never were."""
    plain = data.batches

    def batches(*args: Any, start: int = 0, **kwargs: Any) -> Iterator[dict]:
        assert start == 0
        return (batch for i, batch in enumerate(plain(*args, start=0, **kwargs)) if i not in numbers)

    monkeypatch.setattr(data, "batches", batches)


def test_a_bad_batch_is_passed_over(
    tmp_path: Path, poison: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    """And the run is the one that never had it: killed in between or not, to the bit."""
    with monkeypatch.context() as patch:
        without(patch, 5, 9)
        assert train(config(), tmp_path / "never") == 0
    skipping = config(on_failure="skip")
    poison(5, 9)
    capfd.readouterr()
    assert train(skipping, tmp_path / "run") == 0
    assert "warning at step 6: " in (err := capfd.readouterr().err)
    assert "batch 5 is passed over; python -m gan_jax.replay shows where it began" in err
    assert not arrays(state(tmp_path / "never", 12), state(tmp_path / "run", 12))
    lines = metrics(tmp_path / "run")
    told = [line for line in lines if "warning" in line]
    assert [(line["step"], line["warning"], line["value"]) for line in told] == [
        *[(6, "skipped_batch", 5.0), (9, "skipped_batch", 9.0)]
    ]
    assert [line for line in lines if "warning" not in line] == metrics(tmp_path / "never")
    facts = [about(tmp_path / "run" / "checkpoints" / str(step)) for step in (4, 8, 12)]
    assert [(one["skipped"], one["batches"]) for one in facts] == [([], 4), ([5], 9), ([5, 9], 14)]
    assert [path.name for path in failures.list_of(tmp_path / "run")] == ["step_6", "step_9"]

    for number in (7, 11):  # before and after a checkpoint that knows what was passed over
        workdir = tmp_path / f"killed at {number}"
        poison(5, 9, killed=number)
        with pytest.raises(KeyboardInterrupt):
            train(skipping, workdir)
        poison(5, 9)
        assert train(skipping, workdir) == 0
        assert not arrays(state(tmp_path / "never", 12), state(workdir, 12))
        assert metrics(workdir) == lines


def test_it_ends_where_batches_are_not_what_is_wrong(tmp_path: Path, poison: Callable[..., None]) -> None:
    poison(*range(6, 99))
    with pytest.raises(
        UserError,
        match=r"at step 7: training stopped, as 3 of the last 100 batches were passed over, the .* step 4 is kept",
    ):
        train(config(on_failure="skip"), tmp_path)
    told = [line["warning"] for line in metrics(tmp_path) if "warning" in line]
    assert told == ["skipped_batch"] * 3 + ["not_finite"]


@pytest.mark.parametrize(
    ("skipped", "number", "may"),
    [
        ([], 0, True),
        ([1, 2], 3, True),
        ([1, 2, 3], 4, False),
        ([1, 2, 3], 101, True),
        ([1, 2, 3], 100, False),
    ],
)
def test_how_many_may_be_passed_over(skipped: list[int], number: int, may: bool) -> None:
    assert failures.may_skip(skipped, number) is may


def test_pictures_that_are_no_numbers_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was logged of the round that is played again is dropped."""
    plain, times = Viewer.look, iter([True])

    def look(self: Viewer, state: Any, count: int | None = None) -> View:
        view = plain(self, state, count)
        if state.step == 8 and next(times, False):
            return view._replace(shown={name: leaf * np.nan for name, leaf in view.shown.items()})
        return view

    monkeypatch.setattr(Viewer, "look", look)
    assert train(config(on_failure="skip", log_every=4, sample_every=8, checkpoint_every=2), tmp_path) == 0
    lines = [(line["step"], "warning" in line) for line in metrics(tmp_path)]
    assert lines == [(4, False), (8, True), (8, False), (12, False)]
    assert about(tmp_path / "checkpoints" / "12")["skipped"] == [7]


@pytest.mark.parametrize("on_failure", ["stop", "skip"])
def test_a_signal_on_the_way_back(
    tmp_path: Path, poison: Callable[..., None], monkeypatch: pytest.MonkeyPatch, on_failure: str
) -> None:
    """The round is not kept then. A run that is to go on does so with the next start, which finds the same."""
    plain, times = failures.go_back, iter([True])

    def interrupted(*given: Any) -> bool:
        if next(times, False):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.3)  # a thread hears it
        return plain(*given)

    poison(6)
    with monkeypatch.context() as patch:
        patch.setattr(failures, "go_back", interrupted)
        if on_failure == "stop":
            with pytest.raises(UserError, match=r"at step 7: .* step 4 is kept; begin another --workdir"):
                train(config(), tmp_path)
            return
        assert train(config(on_failure="skip"), tmp_path / "run") == 128 + signal.SIGTERM
    assert steps(tmp_path / "run" / "checkpoints") == [4]
    assert not (tmp_path / "run" / "failed").exists()
    assert train(config(on_failure="skip"), tmp_path / "run") == 0
    assert train(config(on_failure="skip"), tmp_path / "whole") == 0
    assert not arrays(state(tmp_path / "run", 12), state(tmp_path / "whole", 12))
    assert metrics(tmp_path / "run") == metrics(tmp_path / "whole")
