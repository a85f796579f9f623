import pytest

from gan_jax.data.pairs import match, pair, stem
from gan_jax.data.pictures import Domains, Pictures, Source
from gan_jax.errors import UserError


def pictures(*names):
    return Pictures(names, str)


def source(train, test):
    return Source(
        "here", Domains(*(pictures(*s) for s in train)), Domains(*(pictures(*s) for s in test)), False, ()
    )


def names(domains):
    return [side.names for side in domains]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", "a"),
        ("s/a.b.jpg", "s/a.b"),
        ("1_A.jpg", "1"),
        ("1-B.png", "1"),
        ("NBA.png", "NBA"),
        ("a_b.png", "a_b"),
    ],
)
def test_stems(name, expected):
    assert stem(name) == expected


def test_pairs_of_one_stem_in_name_order_and_those_alone():
    domains = Domains(pictures("b.png", "a.png", "s/c.png", "z.png"), pictures("a.jpg", "c.jpg", "b.tif"))
    found, alone = match(domains)
    assert names(found) == [["a.png", "b.png"], ["a.jpg", "b.tif"]]
    assert alone == 3
    assert found.x[1] == "0"  # it still loads the first of the unsorted ones
    assert found.y[1] == "2"


def test_test_pictures_of_one_name_are_pairs_without_being_asked():
    found = pair(source([["a", "b"], ["c"]], [["x.png", "y.png"], ["y.jpg", "x.jpg"]]), required=False)
    assert found.paired_test
    assert names(found.test) == [["x.png", "y.png"], ["x.jpg", "y.jpg"]]
    assert names(found.train) == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    "test",
    [[["x.png"], ["y.png"]], [["x.png", "y.png"], ["x.png"]], [["1.png", "02.png"], ["1.png", "02.png"]]],
)
def test_strangers_and_mere_numbers_are_not_pairs(test):
    assert not pair(source([["a"], ["b"]], test), required=False).paired_test


def test_numbers_marked_with_their_side_are_pairs():
    assert pair(source([["a"], ["b"]], [["1_A.jpg"], ["1_B.jpg"]]), required=False).paired_test


def test_required_pairs_cut_both_sides_down():
    found = pair(
        source([["1.png", "2.png", "3.png"], ["3.jpg", "1.jpg", "9.jpg"]], [["7.png"], ["7.png"]]),
        required=True,
    )
    assert names(found.train) == [["1.png", "3.png"], ["1.jpg", "3.jpg"]]
    assert found.paired_test
    assert found.found == ("left out 2 training pictures without a partner",)


def test_without_test_pairs_some_to_train_on_are_shown():
    found = pair(source([["1.png"], ["1.png"]], [["5.png"], ["6.png"]]), required=True)
    assert names(found.test) == [["1.png"], ["1.png"]]


def test_required_but_none():
    with pytest.raises(UserError, match=r"paired=True.*no training picture has a partner"):
        pair(source([["a.png"], ["b.png"]], [["a.png"], ["a.png"]]), required=True)
