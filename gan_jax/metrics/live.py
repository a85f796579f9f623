"""Set metrics while a run trains: what it makes against the real test pictures, in the features of one network."""

from collections.abc import Mapping

import numpy as np

from gan_jax.levels import to_uint8
from gan_jax.metrics import features, kernel, sets
from gan_jax.metrics.distances import Features
from gan_jax.metrics.features import Extractor, pixels
from gan_jax.show import Made

NETWORKS = ("pixels", "efficientnet", "lpips", "none")  # what `config.evaluate_features` may name


class SetMetrics:
    """KID, MMD, the Frechet distance and so on, without the intervals that `gan_jax.evaluate` gives.

    With "pixels", examples that are small or no pictures are compared by their own entries, in [-1, 1], and larger
    pictures as `gan_jax.evaluate --features=pixels` does. The features of the real ones are computed once.
    """

    def __init__(self, network: str) -> None:
        """One of NETWORKS. Raises UserError when its weights are not installed."""
        self._network: Extractor | None = None if network == "none" else features.load(network)
        self._pixels = network == "pixels"
        self._real: dict[str, tuple[Features, float]] = {}

    def names(self, made: list[Made], test: Mapping[str, np.ndarray]) -> list[str]:
        """The names of what `judge` gives for these test pictures."""
        found = []
        for one in made:
            if self._can(test[one.real]):
                real, fake = np.random.default_rng(0).random((2, min(len(test[one.real]), 8), 2))
                found += [f"{metric}/{one.name}" for metric in sets.numbers(real, fake, width=1.0)]
        return found

    def judge(
        self, made: list[Made], shown: Mapping[str, np.ndarray], test: Mapping[str, np.ndarray]
    ) -> dict[str, float]:
        """Each metric of each of the pictures `made`, named "metric/picture".

        Those of fewer than 4 are passed over, and what a network that is no "pixels" cannot look at: it wants pictures
        of 1 or 3 channels.
        """
        found: dict[str, float] = {}
        for one in made:
            if self._can(test[one.real]) and len(shown[one.name]) >= sets.LEAST:
                if one.real not in self._real:
                    real = self._features(test[one.real])
                    self._real[one.real] = real, kernel.median_width(real)
                numbers = sets.numbers(
                    self._real[one.real][0], self._features(shown[one.name]), self._real[one.real][1]
                )
                found |= {f"{metric}/{one.name}": value for metric, value in numbers.items()}
        return found

    def _can(self, real: np.ndarray) -> bool:
        if self._network is None or len(real) < sets.LEAST:
            return False
        return self._as_they_are(real) or (real.ndim == 4 and real.shape[-1] in (1, 3))

    def _as_they_are(self, examples: np.ndarray) -> bool:
        return self._pixels and (examples.ndim != 4 or max(examples.shape[1:3]) <= pixels.SIDE)

    def _features(self, examples: np.ndarray) -> Features:
        assert self._network is not None
        if self._as_they_are(examples):
            return np.asarray(examples, np.float64).reshape(len(examples), -1)
        coloured = (np.broadcast_to(to_uint8(one), (*one.shape[:2], 3)) for one in examples)
        return features.extract(self._network, coloured).features
