import numpy as np
import pytest

from gan_jax import data
from gan_jax.data import folder
from gan_jax.data.pictures import Pictures
from gan_jax.errors import UserError

SMALL = {"trainA/a.png": 1, "trainA/b.png": 2, "trainB/c.png": 3, "testA/d.png": 4, "testB/e.png": 5}


def values(pictures):
    return [int(picture[0, 0, 0]) for picture in pictures]


def test_the_references_layout(tree, config):
    found = data.source(config(root=str(tree({**SMALL, "trainA/deep/er.png": 6}))).data)
    assert found.train.x.names == ["a.png", "b.png", "deep/er.png"]
    assert [values(side) for side in (*found.train, *found.test)] == [[1, 2, 6], [3], [4], [5]]
    assert not found.paired_test
    assert "trainA: 3 pictures, 12x12, RGB" in data.describe(found)


def test_channels_are_those_of_each_side(tree, config):
    found = data.source(config(root=str(tree(SMALL)), y_channels=1).data)
    assert [side[0].shape for side in (*found.train, *found.test)] == [(12, 12, 3), (12, 12, 1)] * 2


def test_broken_pictures_are_skipped_named_and_counted(tree, config):
    root = tree({**SMALL, "trainA/bad.png": b"nothing", "trainA/zero.jpg": b"", "trainA/notes.txt": b"hi"})
    found = data.source(config(root=str(root)).data)
    assert values(found.train.x) == [1, 2]
    text = data.describe(found)
    assert "skipped 1, empty file: zero.jpg" in text
    assert ": bad.png" in text
    assert "files of other kinds: .txt 1" in text
    assert "2 + 1 pictures to train on, 1 + 1 to test on" in text.splitlines()[0]


@pytest.mark.parametrize(
    "testing", [{}, {"testA/bad.png": b"x"}, {"testA/notes.txt": b"x", "testB/e.png": 5}]
)
def test_without_test_pictures_some_training_ones_are_shown(tree, config, testing):
    found = data.source(
        config(
            root=str(tree({**{f"trainA/{i:02}.png": i for i in range(12)}, "trainB/c.png": 3} | testing))
        ).data
    )
    assert values(found.test.x) == list(range(8))
    assert "testA: none, so the first 8 of trainA are shown instead" in data.describe(found)
    assert values(found.test.y) == ([5] if "testB/e.png" in testing else [3])


def test_two_folders_hold_some_out(tree, config):
    root = tree({f"photos/{i:02}.png": i for i in range(25)} | {"lines/a.png": 50, "lines/b.png": 51})
    for c in (
        config(root=str(root), x="photos", y="lines"),
        config(x=str(root / "photos"), y=str(root / "lines")),
    ):
        found = data.source(c.data)
        assert values(found.test.x) == [0, 10, 20]
        assert values(found.train.x) == [i for i in range(25) if i % 10]
        assert (values(found.train.y), values(found.test.y)) == ([51], [50])
        assert "held out for testing, evenly by name: 3 of x and 1 of y" in data.describe(found)


def test_two_folders_of_pairs_hold_pairs_out(tree, config):
    files = {f"x/{i:02}.png": i for i in range(12)} | {f"y/{i:02}.png": 100 + i for i in range(12) if i != 5}
    found = data.source(config(root=str(tree(files)), x="x", y="y", paired=True).data)
    assert found.paired_test
    assert [v + 100 for v in values(found.train.x)] == values(found.train.y)
    assert [v + 100 for v in values(found.test.x)] == values(found.test.y) == [100, 111]
    assert len(found.train.x) == 9


def test_a_share_is_held_out_but_never_all():
    def held(count):
        train, test = folder.hold_out(Pictures([str(i) for i in range(count)], str))
        return len(train), len(test)

    assert [held(n) for n in (1, 2, 10, 11, 999, 5000, 100_000)] == [
        (1, 1), (1, 1), (9, 1), (9, 2), (899, 100), (4900, 100), (99_900, 100)
    ]  # fmt: skip


def test_pictures_of_two_halves(tree, config):
    def both(a, b):
        return np.concatenate([np.full((6, 6, 3), a, np.uint8), np.full((6, 6, 3), b, np.uint8)], axis=1)

    root = tree({"train/p.png": both(1, 2), "train/q.png": both(3, 4), "val/r.png": both(5, 6)})
    found = data.source(config(root=str(root), y_channels=1).data)
    assert [values(side) for side in (*found.train, *found.test)] == [[1, 3], [2, 4], [5], [6]]
    assert found.paired_test
    assert found.train.y[0].shape == (6, 6, 1)
    assert "train: 2 pictures left halves" in data.describe(found).replace(",", "")


def test_pairs_in_the_references_layout(tree, config):
    files = {f"trainA/{i}_A.png": i for i in range(4)} | {f"trainB/{i}_B.jpg": 10 for i in (1, 3)}
    found = data.source(config(root=str(tree(files)), paired=True).data)
    assert values(found.train.x) == [1, 3]
    assert found.train.y.names == ["1_B.jpg", "3_B.jpg"]


@pytest.mark.parametrize(
    ("files", "odd", "message"),
    [
        (
            {},
            {"root": "/no/such"},
            r"config.data.root=/no/such: .*does not exist; expected .*trainA and trainB",
        ),
        ({"f": b""}, {"root": "f"}, "is a file"),
        ({}, {"root": ""}, "found an empty folder"),
        (SMALL, {"root": "trainA"}, "give the folder above it"),
        ({"train_A/a.png": 1, "train_B/a.png": 1}, {}, "rename train_A to trainA, train_B to trainB"),
        ({"trainA/a.png": 1, "TRAINB/a.png": 1}, {}, "trainB missing; rename TRAINB to trainB"),
        ({"h2z/trainA/a.png": 1, "h2z/trainB/a.png": 1}, {}, "did you mean .*h2z"),
        ({"cats/a.png": 1, "dogs/a.png": 1}, {}, "--config.data.x=.*cats --config.data.y=.*dogs"),
        ({"a.png": 1, "b.jpg": 1}, {}, "there are 2 pictures in it"),
        ({"one/a.png": 1, "n.txt": b""}, {}, "found n.txt, one"),
        ({"trainA/a.png": 1, "trainB/n.txt": b"x"}, {}, r"trainB: no picture .*\(1 files of other kinds"),
        ({"trainA/a.png": 1, "trainB/b.png": b"x"}, {}, r"trainB: no picture .*skipped 1, .*: b.png"),
        ({"trainA/a.png": 1, "trainB/b.png": b""}, {}, r"skipped 1, empty file: b.png"),
        ({"train/square.png": 1}, {}, "not two pictures side by side: square.png"),
        ({"x/a.png": 1}, {"x": "x"}, "config.data.y is empty"),
        ({"x/a.png": 1}, {"x": "x", "y": "nowhere"}, "nowhere: no such folder"),
        ({"trainA/a.png": 1, "trainB/b.png": 1}, {"paired": True}, "no training picture has a partner"),
    ],
)
def test_what_is_wrong_is_said_with_the_way_out(tree, config, files, odd, message):
    root = tree(files)
    shown = str(root / odd.get("root", ""))
    with pytest.raises(UserError, match=message) as caught:
        data.source(config(**{**odd, "root": shown}).data)
    assert "\n" not in str(caught.value)


def test_a_tilde_is_the_home(tree, config, monkeypatch):
    monkeypatch.setenv("HOME", str(tree({f"mine/{name}": value for name, value in SMALL.items()})))
    assert values(data.source(config(root="~/mine").data).train.x) == [1, 2]
