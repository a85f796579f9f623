"""Has a discriminator won? Its loss stays near 0 while the generators' adversarial term stays at its worst.

Read from what the moves of a game report: the terms "discriminator/..." and "adversarial/...", or else the losses of
the moves "discriminator" and "generator". What they are at complete separation depends on the adversarial loss. Losses
without bounds, as Wasserstein's, separate by design.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gan_jax.monitors.finding import Finding, Limits

ROUNDS = 100  # that a mean reaches back, about: losses of single batches leap
LEAST = 200  # rounds before anything is told: at the start anything may happen

SATURATED = "discriminator_saturated"
# At most 2 % of a discriminator's loss where it knows nothing (0.5 for least squares, 1.4 for log, 2 for hinge); half
# of that is logged where its game halves it. Healthy: 0.03 to 0.3, and 0.05 is often met late in training.
WON, UNDECIDED = 0.01, 0.03


class Worst(NamedTuple):
    """A generator's term where every fake is known as one, and where that is no longer so."""

    tells: float
    passes: float


# Least squares: (D - 1)^2 is 1 at D = 0; log: -log D is 4 where D gives a fake 2 %; minimax: log(1 - D) is 0 at D = 0;
# hinge: -D is 1 at the margin. Healthy least squares: 0.3 to 0.94, averaged over 500 rounds.
GENERATORS = {
    "least_squares": Worst(0.95, 0.9),
    "log": Worst(4.0, 3.0),
    "minimax": Worst(-0.02, -0.05),
    "hinge": Worst(0.95, 0.9),
}
Means = dict[str, list[float]]


def averaged(means: Means, values: Mapping[str, float]) -> Means:
    """Means over about the last ROUNDS values, [mean, count] by name, with one more round.

    m <- m + (v - m) / min(count, ROUNDS): the plain mean at first, an exponential one later.
    """
    return {**means, **{name: _moved(means.get(name, [0.0, 0.0]), value) for name, value in values.items()}}


def watched(values: Mapping[str, float]) -> dict[str, float]:
    """The adversarial terms among a round's values, as "discriminator/..." and "adversarial/..."."""
    found: dict[str, float] = {}
    for side, move in (("discriminator", "loss/discriminator"), ("adversarial", "loss/generator")):
        terms = {name: value for name, value in values.items() if name.split("/")[0] == side}
        if not terms and move in values:
            terms = {side: values[move]}
        found |= {name: value for name, value in terms.items() if math.isfinite(value)}
    return found


def findings(means: Means, adversarial: str) -> Iterator[Finding]:
    """One for each discriminator's term, once there are LEAST rounds; none for a loss that has no bounds."""
    worst = GENERATORS.get(adversarial)
    generators = {name: m for name, (m, _) in means.items() if name.startswith("adversarial")}
    if worst is None or not generators:
        return
    # A game need not say which generator a discriminator judges: the one in the worst state counts.
    name, value = max(generators.items(), key=lambda item: item[1])
    for subject, (mean, count) in means.items():
        if not subject.startswith("discriminator") or count < LEAST:
            continue
        judged = Limits(SATURATED, "below", WON, UNDECIDED).judge(
            subject,
            mean,
            f"{subject} is down to {mean:.2g} and {name} up at {value:.2g}: the discriminator knows every fake, and "
            "the generator learns little from it",
            "if it stays, lower --config.learning_rate or the discriminator's width, or begin again with more pictures",
        )
        yield judged._replace(
            wrong=judged.wrong and value >= worst.tells, well=judged.well or value < worst.passes
        )


def _moved(known: list[float], value: float) -> list[float]:
    mean, count = known
    return [mean + (value - mean) / min(count + 1, ROUNDS), count + 1]
