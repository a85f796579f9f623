"""The built-in digits: how they are split, what ink is, how they are stacked."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from gan_jax.data import digits


@pytest.fixture(scope="module")
def whole():
    return load_digits()


def source(name):
    return digits.source(SimpleNamespace(examples=name))


def rows(images):
    return [image.tobytes() for image in images]


def test_every_digit_is_once_in_one_of_the_two_parts(whole):
    found = source("digits")
    train = found.draw(0, 0, found.length)  # the first epoch
    assert (found.length, len(found.test["image"]), found.classes) == (1297, 500, 10)
    both = np.concatenate([train["image"], found.test["image"]])
    labels = np.concatenate([train["label"], found.test["label"]])
    expected = (whole.images[..., None] / 8 - 1).astype(np.float32)
    assert sorted(zip(rows(both), labels.tolist(), strict=True)) == sorted(
        zip(rows(expected), whole.target.tolist(), strict=True)
    )
    assert (both.min(), both.max()) == (-1, 1)


def test_the_classes_are_tested_in_turn():
    assert source("digits").test["label"][:20].tolist() == 2 * list(range(10))


def test_ink_or_paper():
    plain, binary = source("digits").test, source("binary_digits").test
    np.testing.assert_array_equal(binary["image"], np.where(plain["image"] >= 0, 1, -1))
    np.testing.assert_array_equal(binary["label"], plain["label"])
    assert 0.2 < (binary["image"] == 1).mean() < 0.5


def test_stacks_are_two_digits_and_their_label_is_both():
    found = source("stacked_digits")
    drawn = found.draw(0, 0, 4000)
    assert (drawn["image"].shape, found.classes, found.length) == ((4000, 8, 8, 2), 100, 0)
    train = source("digits")
    known = {image.tobytes(): label for image, label in zip(*train.draw(0, 0, 1297).values(), strict=True)}
    for channel, label in ((0, drawn["label"] // 10), (1, drawn["label"] % 10)):
        assert [
            known[image.tobytes()] for image in drawn["image"][..., channel : channel + 1]
        ] == label.tolist()
    shares = np.bincount(drawn["label"], minlength=100) / 4000
    assert shares.min() > 0.003, "all pairs come"
    first, second = drawn["label"] // 10, drawn["label"] % 10
    assert abs(np.corrcoef(first, second)[0, 1]) < 4.5 / np.sqrt(4000)


def test_stacks_to_test_on_are_of_test_digits():
    test = source("stacked_digits").test
    known = set(rows(source("digits").test["image"]))
    assert set(rows(test["image"][..., :1])) | set(rows(test["image"][..., 1:])) <= known
    assert len(test["label"]) == 2600
    assert set(test["label"].tolist()) == set(range(100))
