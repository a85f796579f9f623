"""When a move is played: predicates on the step, asked on the host with a Python integer.

Because the answer is known before the round is compiled, every set of active moves is a program of its own: nothing
is traced for a phase that never runs.
"""

from collections.abc import Callable

When = Callable[[int], bool]


def always(step: int) -> bool:
    """True at every step."""
    return True


def every(period: int, offset: int = 0) -> When:
    """True at steps offset, offset + period, offset + 2 period, ...: `every(5)` on G is n_critic = 5.

    Raises:
        ValueError: the period is smaller than 1.
    """
    if period < 1:
        raise ValueError(f"every(period) needs a period of at least 1, got {period}")
    return lambda step: step >= offset and (step - offset) % period == 0


def before(end: int) -> When:
    """True for the first `end` steps: 0 .. end - 1."""
    return lambda step: step < end


def after(start: int) -> When:
    """True from step `start` on: the complement of `before(start)`."""
    return lambda step: step >= start


def between(start: int, end: int) -> When:
    """True at steps start .. end - 1."""
    return lambda step: start <= step < end
