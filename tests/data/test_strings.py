"""Categorical examples against the distributions that they are drawn from."""

from types import SimpleNamespace

import numpy as np
import pytest

from gan_jax.data import strings

N = 20_000


def source(name):
    return strings.source(SimpleNamespace(examples=name))


def test_zipf_by_hand():
    """1 / (k H) with H = 1 + 1/2 + ... + 1/64 = 4.743891."""
    p = strings.zipf()
    np.testing.assert_allclose(p[[0, 1, 63]] * 4.743891, [1, 1 / 2, 1 / 64], rtol=1e-6)
    np.testing.assert_allclose(p.sum(), 1)


def test_states_come_as_often_as_zipf_says():
    x = source("zipf").draw(0, 0, N)["image"]
    assert (x.shape, x.dtype) == ((N, 1, 64), np.float32)
    p = strings.zipf()
    np.testing.assert_array_less(np.abs(x[:, 0].mean(0) - p), 4.5 * np.sqrt(p / N))


def test_strings_follow_their_rule_as_often_as_they_should():
    """A symbol is as the rule has it with probability 0.98 + 0.02 / 6, and there are four: 0.9350."""
    x = source("strings").draw(0, 0, N)["image"]
    assert x.shape == (N, 4, 6)
    np.testing.assert_array_equal(x.sum(-1), 1)
    classes = strings.legal(x.argmax(-1))
    right = (0.98 + 0.02 / 6) ** 4
    assert round(right, 4) == 0.935
    assert abs(np.mean(classes >= 0) - right) < 4.5 * np.sqrt(right * (1 - right) / N)
    shares = np.bincount(classes[classes >= 0], minlength=6) / N
    np.testing.assert_allclose(shares, right / 6, atol=4.5 * np.sqrt(right / 6 / N))
    for place in range(4):
        np.testing.assert_allclose(
            x[:, place].mean(0), 1 / 6, atol=4.5 / np.sqrt(6 * N), err_msg="each alone"
        )


def test_legal_by_hand():
    rows = [[0, 1, 2, 3], [4, 5, 0, 1], [5, 0, 1, 2], [0, 1, 2, 4], [0, 0, 0, 0]]
    assert strings.legal(np.array(rows)).tolist() == [0, 4, 5, -1, -1]


@pytest.mark.parametrize("name", ["zipf", "strings"])
def test_batches_are_derived_from_their_number(name):
    found = source(name)
    np.testing.assert_array_equal(found.draw(3, 7, 50)["image"], found.draw(3, 7, 50)["image"])
    assert not np.array_equal(found.draw(3, 7, 50)["image"], found.draw(3, 8, 50)["image"])
    assert not np.array_equal(found.draw(3, 7, 50)["image"], found.draw(4, 7, 50)["image"])
    assert (len(found.test["image"]), found.length, found.classes) == (2000, 0, 0)
