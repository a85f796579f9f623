from gan_jax.page import rates
from gan_jax.page.rates import Rates


def test_a_quarter_at_once_and_then_as_time_goes():
    now = [0.0]
    asked = Rates(per_minute=60, clock=lambda: now[0])
    assert [asked.allow("a") for _ in range(17)] == [True] * 15 + [False] * 2
    assert asked.allow("b")
    now[0] = 1.5  # one and a half more
    assert [asked.allow("a") for _ in range(2)] == [True, False]
    now[0] = 1000.0
    assert sum(asked.allow("a") for _ in range(99)) == 15


def test_no_more_addresses_are_remembered_than_stated(monkeypatch):
    monkeypatch.setattr(rates, "REMEMBERED", 3)
    asked = Rates(per_minute=60)
    for i in range(9):
        asked.allow(str(i))
    assert list(asked.buckets) == ["6", "7", "8"]
