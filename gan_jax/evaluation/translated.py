"""A trained run judged on its test pictures: what it makes, and what comes back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ml_collections import ConfigDict

from gan_jax import checkpoint, data, trained
from gan_jax import model as models
from gan_jax.data.pictures import Pictures
from gan_jax.data.resized import Resized
from gan_jax.data.shapes import pair
from gan_jax.evaluation import hidden
from gan_jax.evaluation.judge import Judge, Levels
from gan_jax.levels import to_float, to_uint8
from gan_jax.metrics.features import Extracted
from gan_jax.metrics.pairs import Images
from gan_jax.metrics.score import Group
from gan_jax.metrics.sets import LEAST
from gan_jax.model import Model

MOST = 1000  # of the pictures trained on, spread over all of them
RELATED = (
    "each of these was made of the partner of a test picture, and resembles that one: the sets are nearer than those "
    "of strangers, and p-values and floors do not know it; see the pictures trained on"
)


class Real(NamedTuple):
    """The real pictures of one domain: those to test on, and the features of these and of those trained on.

    No features where the pictures are too few to be compared, or have channels that no feature network looks at.
    """

    test: Images
    features: tuple[Extracted, Extracted] | None


def judge(
    workdir: Path, step: int | None, best: bool, judge: Judge, place: Path
) -> tuple[dict[str, Any], list[Group]]:
    """For each checkpoint and direction: sets against test and training pictures, pairs, and the way back.

    And what the way back hangs on, with pictures below `place`, unless `judge.hidden` is 0.

    Raises:
        UserError: no run, no such checkpoint, a game that does not translate, or data that are gone.
    """
    found = [models.of(run) for run in checkpoints(workdir, step, best)]
    config = found[0].config
    source = data.source(config.data)
    assert isinstance(source, data.Source)  # a game that translates has no other
    judge.display.say(data.describe(source))
    test = data.test_pictures(source, config)
    train = {"x": source.train.x, "y": source.train.y}
    real = {kind: _real(kind, test[kind], train[kind], config, judge) for kind in ("x", "y")}
    groups = [group for model in found for group in _of_model(model, real, source.paired_test, judge)]
    about: dict[str, Any] = {"run": str(workdir), "steps": [model.step for model in found]}
    if judge.hidden:
        disturbed = [cycle for model in found for cycle in hidden.judge(model, test, judge, place)]
        groups += [group for group, _ in disturbed]
        about["hidden"] = [curve for _, curve in disturbed]
    return about, groups


def checkpoints(workdir: Path, step: int | None, best: bool) -> list[trained.Trained]:
    """The checkpoint asked for; else the newest and, where it is another one, the best."""
    if best or step is not None:
        return [trained.read(workdir, step, best)]
    newest = trained.read(workdir)
    metric = newest.config.best_metric
    of_best = checkpoint.best(workdir / "checkpoints", metric) if metric else None
    return [newest] if of_best in (None, newest.step) else [newest, trained.read(workdir, of_best)]


def _real(kind: str, test: Images, train: Pictures, config: ConfigDict, judge: Judge) -> Real:
    if test.shape[-1] not in (1, 3) or min(len(test), len(train)) < LEAST:
        judge.display.say(f"{kind}: {len(test)} test pictures of {test.shape[-1]} channels: no sets compared")
        return Real(test, None)
    chosen = np.unique(np.linspace(0, len(train) - 1, min(MOST, len(train))).astype(int)).tolist()
    resized = _resized(train.select(chosen), config)
    of_test = judge.extract(f"test pictures {kind}", map(to_uint8, test), len(test))
    return Real(test, (of_test, judge.extract(f"training pictures {kind}", resized, len(chosen))))


def _resized(train: Pictures, config: ConfigDict) -> Iterator[Levels]:
    reader = Resized(train, pair(config.data.resize), limit=0)
    for i in range(len(train)):
        if (picture := reader.get(i)) is not None:
            yield to_uint8(to_float(picture))


def _of_model(model: Model, real: dict[str, Real], paired: bool, judge: Judge) -> Iterator[Group]:
    for way in model.directions:
        source, target = way.split("2")
        label = model.config.data[f"{target}_label"] or target
        made = model.translate(real[source].test, way)
        title = f"step {model.step:,}, {way}, {label} made"
        features = real[target].features
        if features and len(made) >= LEAST:
            yield from _sets(title, made, features, [RELATED] if paired else [], judge)
        if paired:
            truth = real[target].test
            yield judge.pairs(
                f"{title} against the true one, pair by pair", zip(made, truth, strict=True), len(made)
            )
        back = f"{target}2{source}"
        if back in model.directions:
            returned, given = model.translate(made, back), real[source].test
            title = f"step {model.step:,}, {way} and {back}, what comes back against what was given"
            yield judge.pairs(title, zip(returned, given, strict=True), len(given))


def _sets(
    title: str, made: Images, real: tuple[Extracted, Extracted], warnings: list[str], judge: Judge
) -> Iterator[Group]:
    (test, train), fakes = real, judge.extract(title, map(to_uint8, made), len(made))
    group = judge.sets(f"{title} against test pictures", test, fakes, train)
    yield group._replace(warnings=[*group.warnings, *warnings])
    yield judge.sets(f"{title} against the pictures trained on", train, fakes, test)
