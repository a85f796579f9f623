"""Examples of one distribution as batches: epochs, shares of processes, resuming, labelled subsets."""

import itertools

import numpy as np
import pytest
from ml_collections import ConfigDict

from gan_jax import data
from gan_jax.data import examples
from gan_jax.errors import UserError

COUNT = 10


def config(size=4, seed=0, **of_data):
    fields = {"examples": "digits", "side": 8, "channels": 1, "classes": 0, "labelled": 0, "test_pictures": 0}
    return ConfigDict({"seed": seed, "batch_size": size, "data": fields | of_data})


def numbered(count=COUNT, classes=3):
    """Example i has the level i everywhere, and the label i mod 3."""
    images = np.broadcast_to(np.arange(count, dtype=np.float32).reshape(-1, 1), (count, 2)).copy()
    part = {"image": images, "label": np.arange(count, dtype=np.int32) % classes}
    return examples.from_arrays("numbers", part, part, classes)


def first(batches, count):
    return list(itertools.islice(batches, count))


def numbers(batches):
    return np.concatenate([batch["image"][:, 0] for batch in batches]).astype(int).tolist()


def test_every_epoch_shows_everything_once_in_an_order_of_its_own():
    shown = numbers(first(examples.batches(numbered(), config(size=4)), 10))  # 40 of 10: four epochs
    epochs = [shown[i : i + COUNT] for i in range(0, 40, COUNT)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(COUNT))] * 4
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert examples.steps_per_epoch(numbered(), config(size=4)) == 3
    other = numbers(first(examples.batches(numbered(), config(size=4, seed=1)), 10))
    assert other != shown


def test_a_batch_may_hold_more_than_there_are():
    assert sorted(numbers(first(examples.batches(numbered(), config(size=25)), 2))) == sorted(
        5 * list(range(COUNT))
    )


@pytest.mark.parametrize("name", ["digits", "stacked_digits", "ring", "zipf"])
@pytest.mark.parametrize("start", [1, 5])
def test_batches_go_on_from_where_they_stopped(name, start):
    """Batch k depends on the config and on k alone: a resumed run sees what the uninterrupted one would have."""
    c = config(size=6, examples=name, classes={"digits": 10, "stacked_digits": 100}.get(name, 0))
    source = examples.source(c.data)
    whole = first(examples.batches(source, c), start + 2)
    rest = first(examples.batches(source, c, start=start), 2)
    for a, b in zip(whole[start:], rest, strict=True):
        assert set(a) == set(b) == ({"image", "label"} if c.data.classes else {"image"})
        for key in a:
            np.testing.assert_array_equal(a[key], b[key])


@pytest.mark.parametrize("labelled", [0, 20])
def test_processes_share_a_batch(labelled):
    c = config(size=6, classes=10, labelled=labelled)
    source = examples.source(c.data)
    whole = next(examples.batches(source, c, start=3))
    parts = [next(examples.batches(source, c, start=3, process_index=i, process_count=3)) for i in range(3)]
    for key, leaf in whole.items():
        assert [len(part[key]) for part in parts] == [2, 2, 2]
        np.testing.assert_array_equal(np.concatenate([part[key] for part in parts]), leaf)
    with pytest.raises(UserError, match=r"config\.batch_size=6: expected a multiple of the 4 processes"):
        next(examples.batches(source, c, process_count=4))


@pytest.mark.parametrize("count", [10, 50, 53])
def test_labelled_examples_are_as_many_of_each_class(count):
    source = examples.source(config().data)
    few = examples.labelled(source, 0, count)
    counts = np.bincount(few["label"], minlength=10)
    assert (counts.sum(), counts.max() - counts.min()) == (count, 1 if count % 10 else 0)
    every = source.draw(0, 0, source.length)
    known = {image.tobytes(): label for image, label in zip(*every.values(), strict=True)}
    assert [known[image.tobytes()] for image in few["image"]] == few["label"].tolist()
    other = examples.labelled(source, 1, count)
    assert few["image"].tobytes() != other["image"].tobytes(), "another seed knows others"


def test_labelled_batches_draw_from_the_few_and_images_from_all():
    c = config(size=40, classes=10, labelled=20)
    source = examples.source(c.data)
    few = {
        image.tobytes(): label
        for image, label in zip(*examples.labelled(source, 0, 20).values(), strict=True)
    }
    batches = first(examples.batches(source, c), 10)
    seen = set()
    for batch in batches:
        assert set(batch) == {"image", "labelled", "label"}
        assert [few[image.tobytes()] for image in batch["labelled"]] == batch["label"].tolist()
        seen |= {image.tobytes() for image in batch["labelled"]}
    assert len(seen) == 20, "all of the few come"
    assert len({image.tobytes() for batch in batches for image in batch["image"]}) == 400


def test_the_shapes_are_those_of_the_batches():
    for changes in (
        {},
        {"classes": 10},
        {"classes": 10, "labelled": 10},
        {"examples": "ring"},
        {"examples": "zipf"},
    ):
        c = config(size=3, **changes)
        batch = next(examples.batches(examples.source(c.data), c))
        assert {key: leaf.shape for key, leaf in batch.items()} == examples.batch_shapes(c)


def test_in_turn_by_hand():
    batch = {"image": np.arange(6), "label": np.array([2, 0, 0, 0, 2, 1])}
    turn = examples.in_turn(batch)
    assert turn["label"].tolist() == [0, 1, 2, 0, 2, 0]
    assert turn["image"].tolist() == [1, 5, 0, 2, 4, 3]


def test_levels_are_scaled_and_floats_are_not():
    levels = examples.scaled({"image": np.uint8([0, 51, 255])})["image"]
    np.testing.assert_allclose(levels, [-1, -0.6, 1], rtol=1e-6)
    assert levels.dtype == np.float32
    np.testing.assert_array_equal(examples.scaled({"image": np.float32([3.5])})["image"], [3.5])


def test_what_is_held_out_is_in_no_batch():
    train, test = examples.held_out(np.arange(10), np.arange(10), 3)
    assert (len(train["image"]), len(test["image"])) == (7, 3)
    assert sorted([*train["image"], *test["label"]]) == list(range(10))


def test_examples_to_test_on():
    found = numbered()
    assert examples.test_examples(found, config(test_pictures=3))["image"][:, 0].tolist() == [0, 1, 2]
    assert set(examples.test_examples(found, config())) == {"image"}
    assert set(data.test_pictures(found, config(classes=3))) == {"image", "label"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"examples": "dogs"}, r"config\.data\.examples='dogs': expected one of ring, grid"),
        (
            {"classes": 7},
            r"config\.data\.classes=7: expected 10 for the built-in digits.*, or 0 to leave labels out",
        ),
        ({"examples": "ring", "classes": 8}, r"expected 0 for points of the ring: they have no labels"),
        (
            {"examples": "ring", "labelled": 8},
            r"config\.data\.labelled=8: expected 0: points of the ring have no labels",
        ),
        ({"labelled": 50}, r"expected 0, or --config\.data\.classes=10"),
        ({"classes": 10, "labelled": 9}, r"expected 10 \(one for each class\) to 1,297"),
        ({"classes": 10, "labelled": 1298}, r"expected 10 \(one for each class\) to 1,297"),
        (
            {"examples": "stacked_digits", "classes": 100, "labelled": 100},
            "expected 0: there is no end to pairs",
        ),
    ],
)
def test_what_cannot_be_asked_for_is_told(changes, why):
    with pytest.raises(UserError, match=why):
        examples.source(config(**changes).data)


def test_what_was_found_is_told():
    assert examples.describe(numbered()) == "numbers: 10 examples to train on, 10 to test on"
    ring = examples.source(config(examples="ring").data)
    assert (
        examples.describe(ring) == "points of the ring: endlessly many examples to train on, 2,500 to test on"
    )
    assert examples.steps_per_epoch(ring, config()) == 1
