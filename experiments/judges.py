"""Judges of samples that no game has trained: classifiers and clusterings of scikit-learn."""

from functools import lru_cache

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.neighbors import KNeighborsClassifier

from gan_jax.data import digits, examples


@lru_cache
def _nearest() -> KNeighborsClassifier:
    train, _ = examples.held_out(*digits.load(), digits.TEST)
    return KNeighborsClassifier(3).fit(train["image"].reshape(-1, 64), train["label"])


def digit_labels(images: np.ndarray) -> np.ndarray:
    """What digits [n, 8, 8, 1] show, by the 3 nearest training digits (98 % right on the test digits)."""
    return _nearest().predict(images.reshape(len(images), -1))


def matched_accuracy(clusters: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Accuracy when every cluster is given a label of its own, in the best way (Hungarian matching)."""
    table = np.zeros((k, max(k, labels.max() + 1)), int)
    np.add.at(table, (clusters, labels), 1)
    return float(table[linear_sum_assignment(-table)].sum() / len(labels))


def majority_accuracy(clusters: np.ndarray, labels: np.ndarray) -> float:
    """Accuracy when every cluster is given the label that most of it has."""
    return sum(np.bincount(labels[clusters == c]).max() for c in np.unique(clusters)) / len(labels)


def k_means(train: np.ndarray, test: np.ndarray, k: int, seed: int) -> np.ndarray:
    """The clusters of the test examples by k-means on the training ones: what a clustering GAN has to beat."""
    found = KMeans(k, n_init=10, random_state=seed).fit(train.reshape(len(train), -1))
    return found.predict(test.reshape(len(test), -1))


def total_variation(states: np.ndarray, probabilities: np.ndarray) -> float:
    """1/2 sum |share of a state - its probability|."""
    shares = np.bincount(states, minlength=len(probabilities)) / len(states)
    return float(0.5 * np.abs(shares - probabilities).sum())
