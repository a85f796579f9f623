import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_jax.errors import UserError
from gan_jax.outputs import RECORD, Job, Record, check_absent, protect, targets

ABOUT = {"run": "/runs/mine", "step": 3, "direction": "x2y", "crc32": 1}


def test_a_name_keeps_its_suffix_where_another_would_have_the_same():
    names = ["a.jpg", "a.png", "b.jpg", "in/a.jpg", "C.tif", "c.bmp", "dots.of.all.webp"]
    assert targets(names, (".png",)) == {
        "a.jpg": ("a.jpg.png",),
        "a.png": ("a.png.png",),
        "b.jpg": ("b.png",),
        "in/a.jpg": ("in/a.png",),
        "C.tif": ("C.tif.png",),
        "c.bmp": ("c.bmp.png",),
        "dots.of.all.webp": ("dots.of.all.png",),
    }


def test_the_way_back_has_a_name_of_its_own_too():
    assert targets(["a.jpg", "a_back.jpg"], (".png", "_back.npy")) == {
        "a.jpg": ("a.png", "a_back.npy"),
        "a_back.jpg": ("a_back.png", "a_back_back.npy"),
    }
    assert targets(["a.jpg", "a_back.jpg"], (".png", "_back.png")) == {
        "a.jpg": ("a.jpg.png", "a.jpg_back.png"),
        "a_back.jpg": ("a_back.jpg.png", "a_back.jpg_back.png"),
    }


STEMS = st.sampled_from(["a", "a.jpg", "a_back", "a.jpg_back", "a.png", "b/a"])
FILES = st.tuples(STEMS, st.sampled_from([".jpg", ".png"])).map("".join)


@given(st.sets(FILES), st.sampled_from([(".png",), (".png", "_back.png")]))
def test_no_two_outputs_share_a_name(names, endings):
    made = [target for both in targets(sorted(names), endings).values() for target in both]
    assert len(set(made)) == len(made) == len(names) * len(endings)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def jobs(tmp_path, out):
    return [Job(f"{name}.jpg", tmp_path / f"{name}.jpg", (out / f"{name}.png",)) for name in "abc"]


def begin(out, jobs):
    """A command that is stopped after a, and while b is written."""
    record = Record(out, ABOUT, jobs, overwrite=False)
    assert record.done == set()
    for job in jobs[:2]:
        record.add(job)
    (out / "a.png").write_text("made")
    return record


def test_a_stopped_command_goes_on(out, jobs):
    begin(out, jobs)
    with (out / RECORD).open("a") as file:
        file.write('{"output": "c.p')  # killed here
    assert Record(out, ABOUT, jobs, overwrite=False).done == {"a.jpg"}
    assert [json.loads(line) for line in (out / RECORD).read_text().splitlines()] == [
        ABOUT,
        *({"output": job.targets[0].name, "input": str(job.source)} for job in jobs[:2]),
    ]


def test_files_of_others_are_safe(out, jobs):
    begin(out, jobs)
    (out / "c.png").write_text("mine")
    with pytest.raises(
        UserError, match=r"c\.png exists, and was not made from .*c\.jpg by this model.*--overwrite"
    ):
        Record(out, ABOUT, jobs, overwrite=False)
    assert Record(out, ABOUT, jobs, overwrite=True).done == set()
    assert (out / "c.png").read_text() == "mine"


def test_a_picture_of_another_input_is_not_taken_for_this_ones(out, jobs, tmp_path):
    begin(out, jobs)
    other = jobs[0]._replace(source=tmp_path / "elsewhere" / "a.jpg")
    with pytest.raises(UserError, match=r"a\.png exists, and was not made from .*elsewhere"):
        Record(out, ABOUT, [other], overwrite=False)


@pytest.mark.parametrize("key", ["step", "direction", "crc32"])
def test_pictures_of_another_model_are_not_mixed_with_these(out, jobs, key):
    begin(out, jobs)
    other = ABOUT | {key: "another"}
    with pytest.raises(UserError, match="holds pictures of /runs/mine, step 3, x2y, not of"):
        Record(out, other, jobs, overwrite=False)
    assert Record(out, other, jobs, overwrite=True).done == set()
    assert (out / "a.png").exists()
    # What the other model has not done again yet does not count as its own.
    with pytest.raises(UserError, match=r"a\.png exists"):
        Record(out, other, jobs, overwrite=False)


def test_overwriting_some_leaves_the_others_known(out, jobs):
    begin(out, jobs)
    Record(out, ABOUT, jobs[1:], overwrite=True)
    assert Record(out, ABOUT, jobs[:1], overwrite=False).done == {"a.jpg"}


def test_a_folder_that_cannot_be_made(tmp_path, jobs):
    (tmp_path / "file").touch()
    moved = [job._replace(targets=(tmp_path / "file" / "out" / "a.png",)) for job in jobs[:1]]
    with pytest.raises(UserError, match=r"--output=.*cannot be"):
        Record(tmp_path / "file" / "out", ABOUT, moved, overwrite=False)


def test_inputs_are_never_written(tmp_path, jobs):
    protect(jobs)
    with pytest.raises(UserError, match=r"b\.jpg is one of the pictures to translate"):
        protect([*jobs, Job("d.jpg", tmp_path / "d.jpg", (tmp_path / "b.jpg",))])


def test_one_file(tmp_path, jobs, out):
    check_absent(jobs)
    out.mkdir()
    (out / "b.png").touch()
    with pytest.raises(UserError, match=r"--output=.*b\.png exists"):
        check_absent(jobs)
