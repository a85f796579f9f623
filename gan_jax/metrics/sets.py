"""Every metric of two sets of features, each with its interval and what real pictures score against real ones."""

from collections.abc import Iterator, Mapping

import numpy as np

from gan_jax.metrics import bootstrap, coverage, kernel, two_sample
from gan_jax.metrics.bootstrap import Interval
from gan_jax.metrics.distances import Features
from gan_jax.metrics.features import Extracted
from gan_jax.metrics.frechet import frechet
from gan_jax.metrics.inception_score import inception_score
from gan_jax.metrics.score import Floor, Score

LEAST = 4  # pictures, for halves of two
DRAWS = 10  # of a floor; fewer where there are many pictures
SHARES = ("nn_accuracy", "nn_real", "nn_fake", "precision", "recall", "coverage")
AT_LEAST_0 = ("frechet", "density")
# Fewer pictures, and the number says more about how many they are than about what they show.
ENOUGH = {
    **dict.fromkeys(("kid", "mmd", "nn_accuracy"), 100),
    **dict.fromkeys(("precision", "recall", "density", "coverage"), 1000),
    "frechet": 2048,
    "inception_score": 5000,
}

Numbers = Mapping[str, float]


def compare(real: Extracted, fake: Extracted, other: Extracted | None = None, seed: int = 0) -> list[Score]:
    """All metrics of fakes against real pictures.

    KID, MMD and the Frechet distance take all pictures; the nearest-neighbour test, precision, recall,
    density and coverage as many of each. The floor compares the real pictures with draws of as many `other` real
    ones as there are fakes; without them, one random half of the real pictures with the other half.
    The Inception score's floor is that of as many real pictures.
    ValueError for fewer than LEAST pictures of either kind.
    """
    if min(len(real.features), len(fake.features)) < LEAST:
        raise ValueError(f"at least {LEAST} pictures of each kind are needed")
    rng = np.random.default_rng(seed)
    real, fake = (_shuffled(one, rng) for one in (real, fake))
    width = kernel.median_width(real.features)
    scores = _of_features(real.features, fake.features, other.features if other else None, width, seed)
    if real.logits is not None and fake.logits is not None:
        scores.append(_of_logits(real.logits, fake.logits, seed))
    return scores


def numbers(real: Features, fake: Features, width: float) -> dict[str, float]:
    """The values alone, of sets in random order; `width` is of the Gaussian kernel, and 0 leaves MMD out.

    Coverage and the like need more than 5 pictures, and are left out where there are fewer.
    """
    found = {"kid": kernel.kid(real, fake)}
    if width > 0:
        found["mmd"] = kernel.mmd(real, fake, kernel.gaussian(width))
    found["frechet"] = frechet(real, fake)
    count = min(len(real), len(fake))
    test = two_sample.nearest_neighbour(real[:count], fake[:count], shuffles=0)
    found |= {"nn_accuracy": test.accuracy, "nn_real": test.real, "nn_fake": test.fake}
    if count > coverage.NEIGHBOURS:
        found |= coverage.coverage(real[:count], fake[:count])._asdict()
    return found


def too_few(scores: list[Score], dimension: int) -> list[str]:
    """A line for each number of pictures that is too small for some of the metrics."""
    lacking: dict[int, list[str]] = {}
    for score in scores:
        needed = max(ENOUGH.get(score.metric, 0), dimension + 1 if score.metric == "frechet" else 0)
        if min(score.n_real, score.n_fake) < needed:
            lacking.setdefault(needed, []).append(score.metric)
    hint = {"frechet": "; it is far too large then: read kid"}
    return [
        f"{', '.join(names)}: {min(scores[0].n_real, scores[0].n_fake):,} pictures are few, {needed:,} are wanted"
        + "".join(hint.get(name, "") for name in names)
        for needed, names in sorted(lacking.items())
    ]


def _of_features(
    real: Features, fake: Features, other: Features | None, width: float, seed: int
) -> list[Score]:
    def statistic(a: Features, b: Features) -> Numbers:
        return numbers(a, b, width)

    values = statistic(real, fake)
    widths = bootstrap.of_sets(statistic, real, fake, seed)
    floors, sizes = _floors(statistic, real, other, len(fake), seed)
    p_values = _p_values(real, fake, width, seed)
    count = min(len(real), len(fake))
    scores = []
    for name, value in values.items():
        all_taken = name in ("kid", "mmd", "frechet")
        n_real, n_fake = (len(real), len(fake)) if all_taken else (count, count)
        judged = 2 * count if name == "nn_accuracy" else count
        interval = _interval(name, value, widths.get(name), judged)
        floor = _floor([one[name] for one in floors if name in one], *sizes)
        scores.append(Score(name, value, n_real, n_fake, interval, floor, p_values.get(name)))
    return scores


def _of_logits(real: Features, fake: Features, seed: int) -> Score:
    value = inception_score(fake)
    width = bootstrap.of_sets(lambda _, b: {"score": inception_score(b)}, real, fake, seed)["score"]
    own = real[: len(fake)]
    floor = Floor(inception_score(own), 0.0, len(own), len(own))
    low = max(value + width.low, 1.0)
    return Score(
        "inception_score",
        value,
        len(real),
        len(fake),
        Interval(low, value + width.high, width.error),
        floor,
    )


def _p_values(real: Features, fake: Features, width: float, seed: int) -> Numbers:
    count = min(len(real), len(fake))
    found = {
        "kid": kernel.permutation_p(real, fake, kernel.polynomial, seed),
        "nn_accuracy": two_sample.nearest_neighbour(real[:count], fake[:count], seed).p_value,
    }
    if width > 0:
        found["mmd"] = kernel.permutation_p(real, fake, kernel.gaussian(width), seed)
    return found


def _floors(
    statistic: bootstrap.Statistic, real: Features, other: Features | None, fakes: int, seed: int
) -> tuple[list[Numbers], tuple[int, int]]:
    """What real pictures score against real ones in some draws, and how many of each were drawn."""
    rng = np.random.default_rng(seed)
    draws = int(np.clip(4_000 // len(real), 1, DRAWS))
    parts = list(_draws(real, other, fakes, draws, rng))
    return [statistic(a, b) for a, b in parts], (len(parts[0][0]), len(parts[0][1]))


def _draws(
    real: Features, other: Features | None, fakes: int, draws: int, rng: np.random.Generator
) -> Iterator[tuple[Features, Features]]:
    for _ in range(draws):
        order = rng.permutation(len(real))
        if other is None:
            half = len(real) // 2
            yield real[order[:half]], real[order[half : 2 * half]]
        else:
            yield real[order], other[rng.permutation(len(other))[:fakes]]


def _floor(values: list[float], n_real: int, n_fake: int) -> Floor | None:
    return Floor(float(np.mean(values)), float(np.std(values)), n_real, n_fake) if values else None


def _interval(name: str, value: float, width: Interval | None, count: int) -> Interval | None:
    """Around the value. That of a share is at least as wide as its pictures are few: halves may all agree."""
    if width is None:
        return None
    low, high, error = value + width.low, value + width.high, width.error
    if name in SHARES:
        share = bootstrap.of_share(value, count)
        return Interval(
            max(min(low, share.low), 0.0), min(max(high, share.high), 1.0), max(error, share.error)
        )
    return Interval(max(low, 0.0) if name in AT_LEAST_0 else low, high, error)


def _shuffled(one: Extracted, rng: np.random.Generator) -> Extracted:
    order = rng.permutation(len(one.features))
    return Extracted(one.features[order], None if one.logits is None else one.logits[order])
