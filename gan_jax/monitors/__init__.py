"""Watching a run for the ways in which GANs are known to go wrong: told once, and once more when it has passed."""

from collections.abc import Iterable, Mapping
from typing import Any

from gan_jax.monitors import saturation
from gan_jax.monitors.finding import Event, Finding, Limits
from gan_jax.monitors.saturation import SATURATED

__all__ = ["Event", "Finding", "Limits", "Watch", "not_finite"]

# So many looks in a row before anything is told. The means of losses are slow already.
PATIENCE = 2
EACH_ROUND = {SATURATED}
NOT_FINITE = "not_finite"


class Watch:
    """Remembers what was told. Its `state` is JSON, and belongs in a checkpoint: a resumed run tells the same."""

    def __init__(self, adversarial: str = "", state: Mapping[str, Any] | None = None) -> None:
        """`adversarial` is the name of the run's adversarial loss; `state` goes on from an earlier watch."""
        state = state or {}
        self._adversarial = adversarial
        self._means: saturation.Means = {k: list(v) for k, v in state.get("means", {}).items()}
        self._wrong: dict[str, int] = dict(state.get("wrong", {}))
        self._told: set[str] = set(state.get("told", []))

    @property
    def state(self) -> dict[str, Any]:
        """All that the next decision depends on."""
        return {"means": self._means, "wrong": self._wrong, "told": sorted(self._told)}

    def hear(self, step: int, values: Mapping[str, float]) -> list[Event]:
        """The scalars that one round reported."""
        self._means = saturation.averaged(self._means, saturation.watched(values))
        return self.see(step, saturation.findings(self._means, self._adversarial))

    def see(self, step: int, findings: Iterable[Finding]) -> list[Event]:
        """What one look found: the events to tell of it."""
        return [event for one in findings if (event := self._judge(step, one))]

    def _judge(self, step: int, one: Finding) -> Event | None:
        self._wrong[one.key] = self._wrong.get(one.key, 0) + 1 if one.wrong else 0
        patience = 1 if one.monitor in EACH_ROUND else PATIENCE
        if one.key not in self._told and self._wrong[one.key] >= patience:
            self._told.add(one.key)
            return Event(step, one, passed=False)
        if one.key in self._told and one.well:
            self._told.remove(one.key)
            return Event(step, one, passed=True)
        return None


def not_finite(step: int, message: str, advice: str) -> Event:
    """The end of a run: a loss, picture or parameter is no longer a finite number."""
    subject = message.partition(" became")[0]
    return Event(
        step, Finding(NOT_FINITE, subject, float("nan"), 0.0, True, False, message, advice), passed=False
    )
