import numpy as np

from gan_jax.data import survey
from gan_jax.data.scan import scan


def checked(root, channels=3, bits=8):
    return survey.survey(scan(root), channels, bits)


def test_broken_files_are_left_out_and_named_with_the_reason(tree):
    good = tree({"a.png": 1, "b.png": 2}) / "a.png"
    root = tree({"c.png": good.read_bytes()[:40], "d.jpg": b"no picture", "e.png": b""})
    found = checked(root)
    assert found.pictures.names == ["a.png", "b.png"]
    assert [int(picture[0, 0, 0]) for picture in found.pictures] == [1, 2]
    assert found.skipped.keys() == {"c.png", "d.jpg", "e.png"}
    assert found.skipped["e.png"] == "empty file"
    assert "known kind" in found.skipped["d.jpg"]


def test_sizes_and_kinds_are_said(tree):
    sizes = {"a.png": np.zeros((10, 30, 3), np.uint8), "b.png": np.zeros((4, 6), np.uint8)}
    assert (
        checked(tree({**sizes, "c.png": np.zeros((8, 8, 3), np.uint8)})).summary == "6x4 to 30x10, RGB 2, L 1"
    )


def test_one_size_and_kind_is_said_once(tree):
    assert checked(tree({"a.png": 1, "b.png": 2})).summary == "12x12, RGB"


def test_sixteen_bits_are_said(tree):
    assert checked(tree({"a.png": np.zeros((4, 4), np.uint16)})).summary == "4x4, L of 16 bits"


def test_large_sets_are_looked_at_here_and_there(tree, monkeypatch):
    monkeypatch.setattr(survey, "FILES", 9)
    monkeypatch.setattr(survey, "SAMPLE", 4)
    files = {f"{i}.png": i for i in range(10)}
    root = tree({**files, "1.png": b"broken but not looked at", "9.png": b"broken and looked at"})
    found = checked(root)
    assert found.pictures.names == [f"{i}.png" for i in range(9)]
    assert list(found.skipped) == ["9.png"]
    assert found.summary == "12x12, RGB (of 3 looked at; the others while training)"


def test_large_files_count_too(tree, monkeypatch):
    monkeypatch.setattr(survey, "BYTES", 10)
    assert "looked at" in checked(tree({"a.png": 1})).summary


def test_lines_name_a_few_files_for_each_reason():
    skipped = {f"{i}.png": "empty file" for i in range(7)} | {"x\n.png": "damaged: \x1b[31m"}
    assert survey.skipped_lines(skipped) == [
        "skipped 7, empty file: 0.png, 1.png, 2.png, 3.png, 4.png ...",
        "skipped 1, damaged: \\x1b[31m: x\\n.png",
    ]


def test_halves(tree):
    both = np.concatenate([np.full((4, 5, 3), 10, np.uint8), np.full((4, 5, 3), 20, np.uint8)], axis=1)
    root = tree({"a.png": both, "square.png": np.zeros((4, 4, 3), np.uint8)})
    for part, value in (("left", 10), ("right", 20)):
        found = survey.survey(scan(root), 1, 8, part)
        assert found.pictures[0].shape == (4, 5, 1)
        assert np.unique(found.pictures[0]).tolist() == [value]
        assert found.skipped == {"square.png": "4x4: not two pictures side by side"}
