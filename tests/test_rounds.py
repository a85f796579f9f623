"""Rounds on the devices: no further ahead than somebody who asks to stop would wait for, and no batch lost."""

from collections.abc import Iterator
from typing import Any

import jax
import pytest

from gan_jax import engine, rounds, settings
from gan_jax.data import examples
from gan_jax.errors import UserError
from gan_jax.rounds import Rounds


@pytest.fixture
def playing() -> Rounds:
    config = settings.complete(settings.load("configs/gan.py:ring").copy_and_resolve_references())
    with config.unlocked():
        config.update({"batch_size": 2, "steps": 100})
    return Rounds(config, examples.source(config.data))


def test_batches_are_those_that_can_be_played_in_one_go(playing: Rounds) -> None:
    assert len(playing.batches(3)) == 3
    playing.go_to(playing.state, [])
    assert len(playing.batches(1000)) == engine.AT_ONCE


def test_what_can_be_read_is_played_before_the_error_is_told(
    playing: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = engine.batches

    def four(*given: Any) -> Iterator[Any]:
        for number, batch in enumerate(whole(*given)):
            if number == 4:
                raise UserError("the pictures are gone")
            yield batch

    monkeypatch.setattr(engine, "batches", four)
    playing.play(playing.batches(3))
    playing.play(playing.batches(3))
    assert playing.state.step == 4
    for _ in range(2):
        with pytest.raises(UserError, match="the pictures are gone"):
            playing.batches(3)


def test_devices_are_told_one_call_ahead_and_no_more(
    playing: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[Any] = []
    monkeypatch.setattr(rounds.jax, "block_until_ready", waited.append)
    told = [playing.play(playing.batches(2)) for _ in range(3)]
    assert waited == [{}, *told[:2]]
    assert all(values.shape == (engine.AT_ONCE,) for values in jax.tree.leaves(told))
