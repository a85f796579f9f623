import numpy as np
import pytest

from gan_jax.metrics.inception_score import inception_score


def answers(*rows):
    return np.log(np.array(rows))


def test_a_sure_answer_for_each_class_scores_the_number_of_classes():
    assert inception_score(100.0 * np.eye(4)) == pytest.approx(4)


def test_the_same_answer_for_every_picture_scores_one():
    assert inception_score(answers([0.2, 0.8], [0.2, 0.8])) == pytest.approx(1)


def test_by_hand():
    # The mean is (1/2, 1/2); KL of (3/4, 1/4) from it is 3/4 log 3/2 + 1/4 log 1/2.
    expected = 1.5**0.75 * 0.5**0.25
    assert inception_score(answers([0.75, 0.25], [0.25, 0.75])) == pytest.approx(expected)


def test_logits_count_up_to_a_constant_and_may_be_huge():
    logits = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    assert inception_score(logits + 1e3) == pytest.approx(inception_score(logits), rel=1e-3)
    assert np.isfinite(inception_score(1e4 * logits))


def test_no_pictures_are_refused():
    with pytest.raises(ValueError, match="pictures x classes"):
        inception_score(np.zeros((0, 5)))
