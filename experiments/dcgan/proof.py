"""DCGAN: convolutions and batch norm train stably, and what the discriminator learned serves a classifier."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from experiments import judges, toys
from experiments.proof import Found, Numbers, Proof, Trained
from gan_jax import networks
from gan_jax.data.examples import in_turn
from gan_jax.metrics.two_sample import nearest_neighbour

STEPS = {**toys.QUIET, "steps": 2500, "data.classes": 0}
LABELLED = 100


def measure(run: Trained) -> Numbers:
    """Of as many samples as test digits: the 1-NN test and the rarest class; and a classifier on D's features."""
    made, real = run.sample(1000), run.test["image"]
    test = nearest_neighbour(_flat(real), _flat(made[: len(real)]), shuffles=0)
    counts = np.bincount(judges.digit_labels(made), minlength=10)
    return {
        "1-NN accuracy": test.accuracy,
        "1-NN on real": test.real,
        "1-NN on made": test.fake,
        "rarest class": counts.min() / len(made),
        "feature accuracy": _classified(run, lambda images: _features(run, images)),
        "pixel accuracy": _classified(run, _flat),
    }


def _flat(images: np.ndarray) -> np.ndarray:
    return np.asarray(images, np.float64).reshape(len(images), -1)


def _features(run: Trained, images: np.ndarray) -> np.ndarray:
    """D's last hidden layer, of its parameters without the last."""
    D = networks.build({**run.config.discriminator.to_dict(), "outputs": 0})
    return _flat(D.apply({"params": run.networks["D"].args[0]}, images))


def _classified(run: Trained, features) -> float:
    """The accuracy on the test digits of a logistic regression that was told 100 labels."""
    train = {key: leaf[:LABELLED] for key, leaf in in_turn(run.train(run.source.length)).items()}
    known, unknown = features(train["image"]), features(run.test["image"])
    scale = known.std() + 1e-12
    model = LogisticRegression(max_iter=1000).fit(known / scale, train["label"])
    return float(model.score(unknown / scale, run.test["label"]))


def verdict(found: Found) -> tuple[str, str]:
    """All classes, samples nearer to the data than the dense networks', and features better than pixels."""
    ours, dense, plain = (found[label] for label in ("dcgan", "dense networks", "without batch norm"))
    all_classes = min(ours["rarest class"]) >= 0.02
    nearer = np.mean(ours["1-NN accuracy"]) < np.mean(dense["1-NN accuracy"])
    useful = np.mean(ours["feature accuracy"]) > np.mean(ours["pixel accuracy"])
    why = (
        f"1-NN accuracy {np.mean(ours['1-NN accuracy']):.2f} (0.5 is best), dense networks "
        f"{np.mean(dense['1-NN accuracy']):.2f}, without batch norm {np.mean(plain['1-NN accuracy']):.2f}; the rarest "
        f"class has {min(ours['rarest class']):.3f} of the samples; with 100 labels a linear classifier is right on "
        f"{np.mean(ours['feature accuracy']):.3f} of the test digits by D's features, on "
        f"{np.mean(ours['pixel accuracy']):.3f} by pixels."
    )
    return ("not", "partly", "partly", "reproduced")[int(all_classes) + int(nearer) + int(useful)], why


PROOF = Proof(
    paper="Radford et al. 2016, arXiv 1511.06434",
    claim="convolutions without pooling and with batch norm train stably, to better samples than dense networks, and D "
    "learns features for classifying",
    published="D's features and a linear SVM: CIFAR-10 82.8 %, SVHN 22.5 % error with 1,000 labels: not comparable",
    runs={
        "dcgan": ("configs/dcgan.py", STEPS),
        "dense networks": ("configs/dcgan.py:dense", STEPS),
        "without batch norm": (
            "configs/dcgan.py",
            {**STEPS, "generator.norm": "none", "discriminator.norm": "none"},
        ),
    },
    measure=measure,
    verdict=verdict,
    headline="1-NN accuracy",
)
