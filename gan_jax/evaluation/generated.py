"""A trained run that makes examples of noise, judged: samples against real ones, to test on and trained on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Shaped

from gan_jax import generation
from gan_jax.data import examples
from gan_jax.errors import UserError
from gan_jax.evaluation.judge import Judge
from gan_jax.evaluation.translated import checkpoints
from gan_jax.levels import to_uint8
from gan_jax.metrics.features import Answer, Extracted, Extractor
from gan_jax.metrics.score import Group

MOST = 2500  # samples, and real examples, that are compared
OWN = Extractor(
    name="the examples' own entries",
    resizing="none",
    prepare=lambda picture: picture / np.float32(127.5) - 1,
    apply=lambda batch: Answer(jnp.asarray(batch).reshape(len(batch), -1)),
)


def judge(workdir: Path, step: int | None, best: bool, judge: Judge) -> tuple[dict[str, Any], list[Group]]:
    """For each checkpoint: as many samples as there are real examples to test on, of the same labels.

    Raises:
        UserError: no run, no such checkpoint, data that are gone, or examples that the feature network cannot look at.
    """
    models = [generation.of(run) for run in checkpoints(workdir, step, best)]
    config = models[0].config
    source = examples.source(config.data)
    judge.display.say(examples.describe(source))
    test = {key: leaf[:MOST] for key, leaf in source.test.items()}
    real = _features(judge, "real examples to test on", test["image"])
    train = _features(
        judge, "examples trained on", source.draw(config.seed, 0, min(MOST, source.length or MOST))["image"]
    )
    groups = [group for model in models for group in _of_model(model, test, real, train, judge)]
    return {"run": str(workdir), "steps": [model.step for model in models]}, groups


def _of_model(
    model: generation.Generator, test: examples.Batch, real: Extracted, train: Extracted, judge: Judge
) -> Iterator[Group]:
    labels = test["label"] if model.classes else None
    made = model.sample(len(test["image"]), judge.seed, labels)
    title = f"step {model.step:,}, samples"
    fakes = _features(judge, title, made)
    yield judge.sets(f"{title} against examples to test on", real, fakes, train)
    yield judge.sets(f"{title} against the examples trained on", train, fakes, real)


def _features(judge: Judge, title: str, found: Shaped[np.ndarray, "n *shape"]) -> Extracted:
    if judge.network is OWN:
        return Extracted(np.asarray(found, np.float64).reshape(len(found), -1), None)
    if found.ndim != 4:
        raise UserError(
            f"--features={judge.network.name}: it looks at pictures, and these are none; leave it out"
        )
    return judge.extract(title, map(to_uint8, found), len(found))
