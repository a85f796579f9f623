from types import SimpleNamespace

import pytest
from ml_collections import ConfigDict

from gan_jax import agenda
from gan_jax.agenda import Agenda, after, due, together, until

EVERY = {
    "log_every": 5,
    "sample_every": 10,
    "evaluate_every": 6,
    "checkpoint_every": 4,
    "steps": 23,
    "best_metric": "",
}


@pytest.mark.parametrize(
    ("every", "steps"), [(0, []), (1, [0, 1, 2, 3, 4, 5, 6]), (2, [0, 2, 4, 6]), (5, [0, 5]), (7, [0])]
)
def test_due(every: int, steps: list[int]) -> None:
    assert [step for step in range(7) if due(every, step)] == steps


def test_each_has_its_own_period() -> None:
    config = ConfigDict(EVERY)
    assert after(1, config) == Agenda(log=False, sample=False, evaluate=False, save=False)
    assert after(10, config) == Agenda(log=True, sample=True, evaluate=False, save=False)
    assert after(12, config) == Agenda(log=False, sample=False, evaluate=True, save=True)


def test_the_last_step_has_everything() -> None:
    assert after(23, ConfigDict(EVERY)) == Agenda(log=True, sample=True, evaluate=True, save=True)


def test_evaluating_can_be_left_out() -> None:
    never = ConfigDict(
        EVERY | {"evaluate_every": 0, "log_every": 0, "sample_every": 0, "checkpoint_every": 0}
    )
    assert after(12, never) == Agenda(log=False, sample=False, evaluate=False, save=False)
    assert after(23, never) == Agenda(log=True, sample=True, evaluate=False, save=True)


def test_where_the_best_is_kept_each_checkpoint_is_judged() -> None:
    config = ConfigDict(EVERY | {"best_metric": "l1/back_x"})
    assert [step for step in range(1, 24) if after(step, config).evaluate] == [4, 6, 8, 12, 16, 18, 20, 23]


def test_steps_come_before_epochs() -> None:
    source = SimpleNamespace(train=SimpleNamespace(x=[0] * 5, y=[0] * 7))
    config = ConfigDict({"steps": 9, "epochs": 3, "rate_every": 1, "batch_size": 2})
    assert agenda.settled(config, source).to_dict() == config.to_dict()
    config.steps = 0
    settled = agenda.settled(config, source)
    assert (settled.steps, settled.rate_every) == (12, 4), "four batches show all seven pictures"
    assert config.steps == 0, "the config that was given stays as it is"


def test_rounds_may_be_played_until_something_follows() -> None:
    config = ConfigDict(EVERY)  # 4, 5, 6, 8, 10, 12, 15, 16, 18, 20, the last step 23
    assert [until(step, config) for step in (0, 3, 4, 5, 6, 10, 12, 18, 20, 22)] == [
        4, 4, 5, 6, 8, 12, 15, 20, 23, 23
    ]  # fmt: skip
    for step in range(23):
        assert any(after(until(step, config), config))
        assert not any(any(after(between, config)) for between in range(step + 1, until(step, config)))
    never = EVERY | {"evaluate_every": 0, "log_every": 0, "sample_every": 0, "checkpoint_every": 0}
    assert until(3, ConfigDict(never)) == 23


def test_as_many_rounds_are_begun_together_as_take_five_seconds() -> None:
    assert [together(rate) for rate in (0.0, 0.1, 0.39, 0.4, 10.0)] == [1, 1, 1, 2, 50]
    assert [together(10.0, seconds) for seconds in (-3.0, 0.0, 0.25, 4.0, 1e9, float("inf"))] == [
        1,
        1,
        2,
        40,
        50,
        50,
    ]
