"""BiGAN: do G and E invert each other, though neither sees what the other makes of its output?"""

import jax.numpy as jnp
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from experiments.proof import Found, Numbers, Proof, Trained

QUIET = {"steps": 4000, "evaluate_every": 0, "sample_every": 4000, "checkpoint_every": 4000, "log_every": 500}


def measure(run: Trained) -> Numbers:
    G, E = run.networks["G"], run.networks["E"]
    images, random = np.asarray(run.test["image"]), np.random.default_rng(0)
    z = random.uniform(-1, 1, (len(images), run.config.latent.size)).astype(np.float32)
    back, again = np.asarray(G(E(jnp.asarray(images)))), np.asarray(E(G(jnp.asarray(z))))
    distance = _distance(images, back)
    return {
        "reconstruction": distance / _distance(images, back[random.permutation(len(back))]),
        "latent_correlation": float(
            np.mean([np.corrcoef(z[:, i], again[:, i])[0, 1] for i in range(z.shape[1])])
        ),
        "neighbour_accuracy": _neighbour(run, E),
    }


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """E ||a - b||_2 over pictures."""
    return float(np.linalg.norm((a - b).reshape(len(a), -1), axis=1).mean())


def _neighbour(run: Trained, E) -> float:
    """How often the nearest training digit in E's space is of the test digit's class."""
    train = run.train(1000)
    codes = [np.asarray(E(jnp.asarray(batch["image"]))) for batch in (train, run.test)]
    nearest = KNeighborsClassifier(1).fit(codes[0], train["label"])
    return float(nearest.score(codes[1], run.test["label"]))


def verdict(found: Found) -> tuple[str, str]:
    ours = found["bigan"]
    ratio, correlation = np.mean(ours["reconstruction"]), np.mean(ours["latent_correlation"])
    passed = sum((max(ours["reconstruction"]) < 0.8, min(ours["latent_correlation"]) > 0.5))
    said = (
        f"G(E(x)) is nearer to x than to other digits by a factor of {ratio:.2f} (untrained "
        f"{np.mean(found['untrained']['reconstruction']):.2f}), and E(G(z)) correlates with z by {correlation:.2f} "
        f"(untrained {np.mean(found['untrained']['latent_correlation']):.2f})"
    )
    return ("not", "partly", "reproduced")[passed], said


PROOF = Proof(
    paper="Donahue, Krahenbuhl, Darrell 2017, arXiv 1605.09782",
    claim="an encoder trained only through the judgement of pairs inverts the generator: G(E(x)) is near x (under "
    "0.8 of its distance to other digits' reconstructions) and E(G(z)) follows z (correlation above 0.5), against "
    "the same networks untrained",
    published="MNIST, 28 x 28: reconstruction 0.62 of shuffled pairs in the authors' log; 1-NN 97.39 % (table 1), by "
    "features of another layer: not comparable",
    runs={
        "bigan": ("configs/bigan.py", QUIET),
        "untrained": ("configs/bigan.py", {**QUIET, "steps": 1, "sample_every": 1}),
    },
    measure=measure,
    verdict=verdict,
    headline="reconstruction",
)
