import pytest

from gan_jax import when


@pytest.mark.parametrize(
    ("rule", "steps"),
    [
        (when.always, range(12)),
        (when.every(1), range(12)),
        (when.every(5), [0, 5, 10]),
        (when.every(5, 3), [3, 8]),
        (when.every(2, 7), [7, 9, 11]),
        (when.before(3), [0, 1, 2]),
        (when.before(0), []),
        (when.after(9), [9, 10, 11]),
        (when.after(0), range(12)),
        (when.between(2, 4), [2, 3]),
        (when.between(4, 4), []),
    ],
)
def test_true_at_these_of_the_first_twelve_steps(rule, steps):
    assert [step for step in range(12) if rule(step)] == list(steps)


@pytest.mark.parametrize("border", [0, 1, 7])
def test_before_and_after_share_the_steps_out(border):
    assert all(when.before(border)(step) != when.after(border)(step) for step in range(12))


@pytest.mark.parametrize("period", [0, -1])
def test_a_period_below_one_is_refused(period):
    with pytest.raises(ValueError, match=rf"at least 1, got {period}"):
        when.every(period)
