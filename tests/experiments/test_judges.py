import numpy as np
import pytest

from experiments import judges
from gan_jax.data import digits, examples


def test_real_digits_are_told_apart():
    _, test = examples.held_out(*digits.load(), digits.TEST)
    assert (judges.digit_labels(test["image"]) == test["label"]).mean() > 0.97


def test_matching_gives_each_cluster_a_label_of_its_own():
    clusters, labels = np.array([0, 0, 1, 1, 2, 2]), np.array([2, 2, 0, 0, 0, 1])
    assert judges.matched_accuracy(clusters, labels, 3) == pytest.approx(5 / 6)
    assert judges.majority_accuracy(clusters, labels) == pytest.approx(5 / 6)
    same = np.array([0, 1, 2, 3]), np.array([1, 1, 1, 1])
    assert (judges.matched_accuracy(*same, 4), judges.majority_accuracy(*same)) == (0.25, 1.0)


def test_k_means_finds_clusters_that_lie_apart():
    train = np.concatenate([np.zeros((5, 2)), np.full((5, 2), 9.0)])
    found = judges.k_means(train, train, 2, seed=0)
    assert len(set(found[:5])) == len(set(found[5:])) == 1
    assert found[0] != found[5]


def test_total_variation():
    assert judges.total_variation(np.array([0, 0, 1, 1]), np.array([0.25, 0.25, 0.5])) == pytest.approx(0.5)
