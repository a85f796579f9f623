"""CGAN: samples asked for by label are of it, as an independent classifier sees, and differ among themselves."""

import numpy as np

from experiments import judges, toys
from experiments.proof import Found, Numbers, Proof, Trained

STEPS = {**toys.QUIET, "steps": 6000}


def measure(run: Trained) -> Numbers:
    """Of 1,000 samples: how many are what was asked for; their spread in a class, by the test digits' own."""
    asked = np.arange(1000) % 10
    made = run.sample(1000, label=asked)
    return {
        "accuracy": float(np.mean(judges.digit_labels(made) == asked)),
        "spread": _spread(made, asked) / _spread(run.test["image"], run.test["label"]),
    }


def _spread(images: np.ndarray, labels: np.ndarray) -> float:
    """The standard deviation of a pixel within a class, its mean over pixels and classes."""
    return float(np.mean([images[labels == label].std(0).mean() for label in range(10)]))


def verdict(found: Found) -> tuple[str, str]:
    """At least 0.9 are right, of the control at most 0.2, and classes have at least half of the real spread."""
    ours, control = found["cgan"], found["labels hidden from D"]
    right = min(ours["accuracy"]) >= 0.9
    varied = min(ours["spread"]) >= 0.5
    shown = max(control["accuracy"]) <= 0.2
    why = (
        f"{toys.told(found, 'cgan', 'accuracy')} of the samples are of the label asked for, "
        f"{toys.told(found, 'labels hidden from D', 'accuracy')} where D is not told it; the spread within a class is "
        f"{toys.told(found, 'cgan', 'spread')} of the real digits'."
    )
    return ("reproduced" if right and varied and shown else "partly" if right else "not"), why


PROOF = Proof(
    paper="Mirza and Osindero 2014, arXiv 1411.1784",
    claim="told the label, both players learn each class's own distribution: samples are of the label asked for, as a "
    "3-nearest-neighbour classifier of real digits sees them, against the same game whose D is not told",
    published="MNIST, Parzen windows 132 +- 1.8: not comparable",
    runs={
        "cgan": ("configs/cgan.py", STEPS),
        "labels hidden from D": ("configs/cgan.py:blind", {**STEPS, "steps": 3000}),
    },
    measure=measure,
    verdict=verdict,
    headline="accuracy",
)
