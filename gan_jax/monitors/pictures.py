"""What can be wrong with the pictures that a game shows: each monitor with its limits and the reason for them.

"Healthy" below is CycleGAN on the built-in pictures, looked at 20 times in 10,000 steps (experiments/monuments): none
of these would have told anything.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gan_jax.monitors import measures
from gan_jax.monitors.finding import Finding, Limits
from gan_jax.monitors.measures import Examples, Features
from gan_jax.show import Made

LEAST = 4  # examples: fewer say nothing about how outputs vary
MOST = 500  # examples looked at: more cost more and say no more

# Healthy: 0.71 to 1.08, and 0.54 before training. One output for all inputs: 0 to 0.05.
COLLAPSE = Limits("outputs_collapse", "below", 0.1, 0.2)
# Healthy: 1.5 to 3.1. At 0.05 an output lies about four of 256 levels from its input: nothing that is seen.
UNCHANGED = Limits("output_equals_input", "below", 0.05, 0.1)
# Healthy: 0.68 to 0.94; true pairs of photo and drawing 0.09. A negative is -1.
INVERTED = Limits("colours_inverted", "below", -0.5, -0.25)
# Healthy: 0. The nearest of 480 outputs lay at 0.58 times the usual distance; an exact copy lies at 0.
COPIED = Limits("copies_training", "above", 0.25, 0.1)
NEARER = 0.25


def findings(
    made: list[Made],
    shown: Mapping[str, Examples],
    test: Mapping[str, Examples],
    paired: bool,
    train: Callable[[str], Features | None],
) -> Iterator[Finding]:
    """One finding for each monitor and each picture that a game makes.

    `paired`: the i-th test examples of all kinds belong together. `train(kind)` gives the features of examples
    trained on, or None where there are none. Sets of fewer than LEAST examples are passed over, and of larger ones the
    first MOST looked at.
    """
    test = {name: leaf[:MOST] for name, leaf in test.items()}
    for one in made:
        fakes, real = shown[one.name][:MOST], test[one.real]
        if min(len(fakes), len(real)) < LEAST or not np.isfinite(fakes).all():
            continue
        yield _collapse(one.name, fakes, real)
        given = test.get(one.given)
        if given is not None and given.ndim == 4 and given.shape[:3] == fakes.shape[:3]:
            truth = real if paired and real.shape[:3] == given.shape[:3] else None
            yield _unchanged(one.name, fakes, given, truth)
            yield _inverted(one.name, fakes, given, truth)
        known = train(one.real)
        if known is not None and known.shape[1] == measures.features(fakes[:1]).shape[1]:
            yield _copied(one.name, fakes, real, known)


def _collapse(name: str, made: Examples, real: Examples) -> Finding:
    value = measures.diversity(made, real)
    return COLLAPSE.judge(
        name,
        value,
        f"{name} hardly varies: different inputs give outputs that differ {value:.2g} times as much as real ones do",
        "the generator has collapsed; if it stays, begin again with a lower --config.learning_rate, another "
        "--config.seed or a larger batch",
    )


def _unchanged(name: str, made: Examples, given: Examples, truth: Examples | None) -> Finding:
    value = measures.change(made, given)
    # Where the true answer is the input but for a little, as in removing noise, so may be the output.
    meant = truth is not None and measures.change(truth, given) < UNCHANGED.passes
    return UNCHANGED.judge(
        name,
        np.inf if meant else value,
        f"{name} is its input: it differs {value:.2g} times as much as one input from the next",
        "the generator changes nothing; lower --config.identity where there is one, or the weight of what holds "
        "outputs to inputs",
    )


def _inverted(name: str, made: Examples, given: Examples, truth: Examples | None) -> Finding:
    value = measures.likeness(made, given)
    meant = truth is not None and measures.likeness(truth, given) < INVERTED.passes
    return INVERTED.judge(
        name,
        1.0 if meant else value,
        f"{name} is a negative of its input: correlation {value:.2f}",
        "early in training this can pass; if it stays, begin again with another --config.seed, or with "
        "--config.identity=0.5",
    )


def _copied(name: str, made: Examples, real: Examples, train: Features) -> Finding:
    value = measures.copied(made, real, train, NEARER)
    return COPIED.judge(
        name,
        value,
        f"{name} repeats pictures trained on: {value:.0%} of the outputs lie within {NEARER:g} of a test "
        "picture's usual distance to one",
        "there are too few pictures to learn from for so long; take an earlier checkpoint, more pictures, or "
        "a smaller network",
    )
