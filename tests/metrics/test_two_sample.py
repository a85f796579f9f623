import numpy as np
import pytest
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from gan_jax.metrics import distances
from gan_jax.metrics.two_sample import nearest_neighbour, neighbours


def points(seed, count, shift=0.0, scale=1.0):
    return np.random.default_rng(seed).normal(shift, scale, (count, 6))


def column(*values):
    return np.array(values, float)[:, None]


def test_by_hand_on_a_line():
    # real 0 and 1 are each other's neighbours; real 5's is fake 5.5, and fake 5.5's is real 5; fakes 9 and 10 agree.
    found = nearest_neighbour(column(0, 1, 5), column(5.5, 9, 10))
    assert found.real == pytest.approx(2 / 3)
    assert found.fake == pytest.approx(2 / 3)
    assert found.accuracy == pytest.approx(4 / 6)


def test_equals_sklearns_leave_one_out():
    a, b = points(0, 30), points(1, 30, 0.5)
    labels = np.repeat([0, 1], 30)
    scores = cross_val_score(KNeighborsClassifier(1), np.concatenate([a, b]), labels, cv=LeaveOneOut())
    found = nearest_neighbour(a, b)
    assert (found.accuracy, found.real, found.fake) == pytest.approx(
        (scores.mean(), scores[:30].mean(), scores[30:].mean())
    )


def test_copies_score_zero_and_count_as_different():
    a = points(2, 25)
    found = nearest_neighbour(a, a.copy())
    assert found[:3] == (0, 0, 0)
    assert found.p_value < 0.01


def test_the_parts_tell_what_the_mean_hides():
    # Real pictures lie close together on a line, fakes are noisy: all of them are nearest to a real one.
    rng = np.random.default_rng(3)
    line = rng.uniform(0, 1, (400, 1)) * np.ones((1, 100))
    found = nearest_neighbour(line[:200], line[200:] + 0.2 * rng.normal(size=(200, 100)))
    assert found.real > 0.95
    assert found.fake < 0.05
    assert found.accuracy == pytest.approx(0.5, abs=0.03)


def test_neighbours_equally_near_share_the_vote():
    votes = neighbours(column(0, 1, -1, 8)).toarray()
    np.testing.assert_allclose(votes[0], [0, 0.5, 0.5, 0])
    np.testing.assert_allclose(votes[3], [0, 1, 0, 0])


def test_the_order_of_copies_does_not_matter():
    a, b = column(0, 0, 0, 3), column(0, 0, 7, 7)
    turned = nearest_neighbour(a[::-1], b[::-1])
    assert nearest_neighbour(a, b)[:3] == pytest.approx(turned[:3])
    assert nearest_neighbour(a, b).real == pytest.approx((3 * 2 / 4 + 3 / 5) / 4)


def test_blocks_change_nothing(monkeypatch):
    a, b = points(5, 20), points(6, 20, 0.4)
    whole = nearest_neighbour(a, b)
    monkeypatch.setattr(distances, "BLOCK", 50)
    assert nearest_neighbour(a, b) == whole


def test_p_values_are_uniform_when_nothing_differs_and_small_when_something_does():
    # Neighbours are often mutual, so the accuracy varies more than 2n coins: a test by coins would say 0.05 too often.
    same = np.array(
        [nearest_neighbour(points(s, 20), points(s + 999, 20), s, 99).p_value for s in range(300)]
    )
    assert np.mean(same <= 0.05) <= 0.06
    assert np.mean(same <= 0.5) == pytest.approx(0.45, abs=0.1)  # of a discrete statistic: at most 0.5
    assert nearest_neighbour(points(0, 20), points(1, 20, 2.0)).p_value < 0.01
