"""Each monitor on arrays that are wrong in its way, and on healthy ones; and what is told when."""

import json

import numpy as np
import pytest

from gan_jax.monitors import Finding, Limits, Watch, measures, not_finite, pictures, saturation
from gan_jax.show import Made

RNG = np.random.default_rng(0)


def smooth(n: int = 12) -> np.ndarray:
    return RNG.uniform(-1, 1, (n, 4, 4, 3)).repeat(8, axis=1).repeat(8, axis=2)


X, Y, TRAIN = smooth(), smooth(), smooth(30)
NOISE = RNG.normal(0, 0.02, X.shape)


def told(made: np.ndarray, paired: bool = False, truth: np.ndarray = Y) -> list[str]:
    """The monitors that call these outputs wrong."""
    known = measures.features(TRAIN)
    found = pictures.findings(
        [Made("fake_y", "y", "x")], {"fake_y": made}, {"x": X, "y": truth}, paired, lambda kind: known
    )
    return [one.monitor for one in found if one.wrong]


@pytest.mark.parametrize(
    ("made", "monitors"),
    [
        (smooth(), []),
        (0.5 * X + 0.5 * smooth(), []),
        (np.repeat(Y[:1], 12, axis=0) + NOISE, ["outputs_collapse"]),
        (Y[[0, 1, 2] * 4] + NOISE, ["outputs_collapse"]),
        (X + 0.5 * NOISE, ["output_equals_input"]),
        (-X, ["colours_inverted"]),
        (0.5 * smooth() - X, ["colours_inverted"]),
        (TRAIN[:12] + NOISE, ["copies_training"]),
        (np.concatenate([TRAIN[:4], Y[:8]]), ["copies_training"]),
        (np.full_like(X, 0.1), ["outputs_collapse"]),
    ],
    ids=["healthy", "half input", "one", "three", "input", "negative", "nearly negative", "copies", "third", "grey"],
)  # fmt: skip
def test_every_way_to_be_wrong(made: np.ndarray, monitors: list[str]) -> None:
    assert told(made) == monitors


def test_what_true_pairs_do_is_not_wrong() -> None:
    assert told(-X, paired=True, truth=-X + NOISE) == []
    assert told(X + 0.5 * NOISE, paired=True, truth=X + NOISE) == []
    assert told(-X, paired=True) == ["colours_inverted"]


def test_too_few_pictures_say_nothing() -> None:
    found = pictures.findings(
        [Made("fake_y", "y", "x")], {"fake_y": X[:3]}, {"x": X[:3], "y": Y[:3]}, False, lambda kind: None
    )
    assert list(found) == []


def test_of_many_the_first_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST", 6)
    made = np.concatenate([np.repeat(X[:1], 6, axis=0), X[6:]])
    assert told(made) == ["outputs_collapse"]


def test_samples_from_noise_are_watched_for_what_they_can_be() -> None:
    points = RNG.normal(size=(50, 2))
    found = pictures.findings(
        [Made("made", "image")],
        {"made": 0.01 * RNG.normal(size=(50, 2))},
        {"image": points},
        False,
        lambda kind: RNG.normal(size=(100, 2)),
    )
    assert [(one.monitor, one.wrong) for one in found] == [
        ("outputs_collapse", True),
        ("copies_training", False),
    ]


def finding(value: float) -> Finding:
    return Limits("low", "below", 1.0, 2.0).judge("it", value, "it is low", "lift it")


def test_told_once_and_once_more_when_it_has_passed() -> None:
    watch, said = Watch(), []
    for step, value in enumerate([3, 0, 3, 0, 0, 0, 1.5, 0, 1.5, 2, 0, 3, 0, 0]):
        said += [(event.step, event.passed) for event in watch.see(step, [finding(value)])]
    # A single low value (step 1 and 10) is not told; between the limits nothing is.
    assert said == [(4, False), (9, True), (13, False)]


def test_a_watch_goes_on_from_its_state() -> None:
    values = [(0.9, 0.2)] * 150 + [(0.001, 0.99)] * 700 + [(0.4, 0.3)] * 300

    def rounds(watch: Watch, some: slice) -> list[tuple]:
        chosen = list(enumerate(values))[some]
        return [
            (event.step, event.passed, event.finding.value)
            for step, (d, g) in chosen
            for event in watch.hear(step, {"discriminator/y": d, "adversarial/G": g, "loss/all": 1.0})
        ]

    whole = rounds(Watch("least_squares"), slice(None))
    assert [passed for _, passed, _ in whole] == [False, True]
    for cut in (10, 500, 700):
        first = Watch("least_squares")
        said = rounds(first, slice(cut))
        restored = Watch("least_squares", json.loads(json.dumps(first.state)))
        assert said + rounds(restored, slice(cut, None)) == whole


@pytest.mark.parametrize(
    ("adversarial", "discriminator", "generator", "wrong"),
    [
        ("least_squares", 0.001, 0.99, True),
        ("least_squares", 0.05, 0.99, False),
        ("least_squares", 0.001, 0.5, False),
        ("log", 0.001, 6.0, True),
        ("log", 1.38, 0.69, False),
        ("minimax", 0.001, -0.001, True),
        ("minimax", 1.38, -0.69, False),
        ("hinge", 0.0, 1.5, True),
        ("wasserstein", -9.0, 9.0, False),
        ("", 0.0, 9.0, False),
    ],
)
def test_saturation(adversarial: str, discriminator: float, generator: float, wrong: bool) -> None:
    watch = Watch(adversarial)
    values = {"loss/discriminator": discriminator, "loss/generator": generator}
    events = [event for step in range(400) for event in watch.hear(step, values)]
    assert [event.finding.monitor for event in events] == ([saturation.SATURATED] if wrong else [])
    if wrong:
        assert events[0].step == saturation.LEAST - 1


def test_means_begin_plain_and_go_on_exponentially() -> None:
    means = saturation.averaged({}, {"a": 1.0})
    means = saturation.averaged(means, {"a": 2.0, "b": 4.0})
    assert means == {"a": [1.5, 2.0], "b": [4.0, 1.0]}
    assert saturation.averaged({"a": [1.0, 500.0]}, {"a": 2.0}) == {"a": [1.01, 501.0]}


def test_what_is_said() -> None:
    [first, second] = [
        event for step in (10, 20, 3000) for event in WATCHED.see(step, [finding(step / 1000 - 1)])
    ]
    assert first.line() == "warning at step 20: it is low; lift it"
    assert second.line() == "passed at step 3,000: low of it, now 2"
    told = {"warning": "low", "subject": "it", "passed": False, "value": -0.98, "limit": 1.0}
    assert first.record() == told | {"message": "it is low", "advice": "lift it"}
    ended = not_finite(7, "loss/generators became nan: training stopped", "try less")
    assert ended.record()["subject"] == "loss/generators"


WATCHED = Watch()
