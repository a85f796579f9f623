"""One number that is watched, and what is told of it."""

from typing import Any, NamedTuple


class Finding(NamedTuple):
    """A number at one look: `wrong` beyond the limit, `well` clearly back from it, neither in between."""

    monitor: str
    subject: str
    value: float
    limit: float
    wrong: bool
    well: bool
    message: str
    advice: str

    @property
    def key(self) -> str:
        """What tells one watched number from another."""
        return f"{self.monitor}/{self.subject}"


class Limits(NamedTuple):
    """A monitor: told when a number goes beyond `tells`, and told to have passed when it is back behind `passes`."""

    monitor: str
    side: str  # "above" or "below": where it is wrong to be
    tells: float
    passes: float

    def judge(self, subject: str, value: float, message: str, advice: str) -> Finding:
        """The finding of this value."""
        above = self.side == "above"
        wrong = value > self.tells if above else value < self.tells
        well = value <= self.passes if above else value >= self.passes
        return Finding(self.monitor, subject, value, self.tells, wrong, well, message, advice)


class Event(NamedTuple):
    """Something to tell: a finding that has become wrong, or has passed."""

    step: int
    finding: Finding
    passed: bool

    def line(self) -> str:
        """For people, on the console."""
        one = self.finding
        if self.passed:
            return f"passed at step {self.step:,}: {one.monitor} of {one.subject}, now {one.value:.3g}"
        return f"warning at step {self.step:,}: {one.message}; {one.advice}"

    def record(self) -> dict[str, Any]:
        """For programs, in metrics.jsonl beside "step"."""
        one = self.finding
        told = {"value": one.value, "limit": one.limit, "message": one.message, "advice": one.advice}
        return {"warning": one.monitor, "subject": one.subject, "passed": self.passed, **told}
