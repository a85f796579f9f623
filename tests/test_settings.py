import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_collections import ConfigDict

from gan_jax import settings
from gan_jax.errors import UserError

VALUES = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
NAMES = st.text("abcdefgh_", min_size=1, max_size=6)
CONFIGS = st.dictionaries(
    NAMES,
    st.one_of(VALUES, st.tuples(VALUES, VALUES), st.dictionaries(NAMES, VALUES, min_size=1)),
    min_size=1,
)


@pytest.fixture
def config() -> ConfigDict:
    return ConfigDict(
        {"steps": 10, "data": {"crop": 64, "root": ""}, "generator": {"network": "resnet", "blocks": 6}}
    )


def write(folder: Path, text: str) -> str:
    (folder / "mine.py").write_text(text)
    return str(folder / "mine.py")


def test_load_runs_the_file_with_its_variant_and_locks(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "import ml_collections as m\ndef get_config(variant):\n    return m.ConfigDict({'got': variant})\n",
    )
    assert settings.load(file).got == ""
    assert settings.load(file + ":large:2").got == "large:2"
    with pytest.raises(AttributeError):
        settings.load(file).gott = 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def get_config(variant=''):\n    return {}\n", "get_config gave dict, expected a ConfigDict"),
        ("x = 1\n", "AttributeError"),
        ("def get_config(variant=''):\n\n    return 1 / 0\n", "line 3: ZeroDivisionError: division by zero"),
        ("def get_config(:\n", "SyntaxError"),
    ],
)
def test_load_names_a_broken_file_and_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        settings.load(write(tmp_path, text))
    assert "mine.py" in str(error.value)
    assert message in str(error.value)


def test_load_of_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "")
    with pytest.raises(UserError, match=r"there is no file .*/mnie\.py; did you mean .*/mine\.py\?"):
        settings.load(str(tmp_path / "mnie.py"))
    with pytest.raises(
        UserError, match=r"there is no file elsewhere; example: --config=configs/cyclegan\.py"
    ):
        settings.load("elsewhere")
    (tmp_path / "note.txt").write_text("")
    with pytest.raises(UserError, match=r"expected a Python file"):
        settings.load(str(tmp_path / "note.txt"))


def test_load_of_a_runs_own_config(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"seed": 3, "data": {"crop": [2, 4]}}')
    loaded = settings.load(str(path))
    assert (loaded.seed, loaded.data.crop, loaded.is_locked) == (3, (2, 4), True)
    for text in ("[]", '{"steps": ' + "9" * 5000 + "}", "[" * 100_000):
        path.write_text(text)
        with pytest.raises(UserError, match=r"config\.json: not a config in JSON"):
            settings.load(str(path))


@pytest.mark.parametrize(
    ("file", "path", "variant"),
    [
        ("a/b.py", "a/b.py", ""),
        ("a/b.py:c", "a/b.py", "c"),
        ("C:/b.py", "C:/b.py", ""),
        ("C:/b.py:c", "C:/b.py", "c"),
    ],
)
def test_split(file: str, path: str, variant: str) -> None:
    assert settings.split(file) == (Path(path), variant)


def test_vary_changes_keys_and_replaces_blocks(config: ConfigDict) -> None:
    variants = {"wide": {"steps": 0, "data.crop": (2, 3), "generator": {"network": "unet", "levels": 8}}}
    varied = settings.vary(config.lock(), "wide", variants)
    assert varied.to_dict() == {
        "steps": 0,
        "data": {"crop": (2, 3), "root": ""},
        "generator": {"network": "unet", "levels": 8},
    }
    assert varied.is_locked


def test_vary_refuses_unknown_variants_and_keys(config: ConfigDict) -> None:
    before = config.to_dict()
    assert settings.vary(config, "", {"wide": {"steps": 0}}).to_dict() == before
    with pytest.raises(UserError, match=r'no variant "wdie"; did you mean wide\?; there are wide, flat'):
        settings.vary(config, "wdie", {"wide": {}, "flat": {}})
    with pytest.raises(
        UserError, match=r"data\.corp, which does not exist; did you mean config\.data\.crop\?"
    ):
        settings.vary(config, "wide", {"wide": {"data.corp": 1}})


def test_leaves_are_dotted(config: ConfigDict) -> None:
    assert settings.leaves(config) == {
        "steps": 10,
        "data.crop": 64,
        "data.root": "",
        "generator.network": "resnet",
        "generator.blocks": 6,
    }


def test_nearest() -> None:
    assert settings.nearest("trian", ["train", "test"]) == "; did you mean train?"
    assert settings.nearest("cycle_z", ["cycle_x", "cycle_y", "seed"]) == "; did you mean cycle_x or cycle_y?"
    assert settings.nearest("quux", ["train", "test"]) == ""
    assert settings.nearest("quux", []) == ""


def test_difference_by_hand(config: ConfigDict) -> None:
    new = ConfigDict(
        {"steps": 20, "data": {"crop": (64, 64), "root": ""}, "generator": {"network": "resnet"}, "l1": 1.0}
    )
    assert settings.difference(config, new) == [
        "data.crop: 64 -> [64, 64]",
        "generator.blocks: 6 -> (absent)",
        "steps: 10 -> 20",
        "l1: (absent) -> 1.0",
    ]
    assert settings.difference(config, new, ignore=("steps", "l1", "data.crop")) == [
        "generator.blocks: 6 -> (absent)"
    ]
    assert settings.difference({"a": 1}, {"a": True}) == ["a: 1 -> true"]
    assert settings.difference({"a": (1, (2, 3))}, {"a": [1, [2, 3]]}) == []


@given(CONFIGS)
def test_json_round_trip(values: dict) -> None:
    config = ConfigDict(values)
    text = settings.to_json(config)
    read = settings.from_json(text)
    assert read.to_dict() == config.to_dict()
    assert settings.difference(config, read) == settings.difference(config, json.loads(text)) == []
    assert read.is_locked


@given(CONFIGS, CONFIGS)
def test_difference_is_empty_exactly_for_equal_configs(one: dict, other: dict) -> None:
    old, new = ConfigDict(one), ConfigDict(other)
    equal = settings.to_json(old) == settings.to_json(new)
    assert settings.difference(old, old) == []
    assert (settings.difference(old, new) == []) or not equal


@pytest.mark.parametrize("text", ["", "{", "[1]", "3"])
def test_from_json_refuses_what_is_no_config(text: str) -> None:
    with pytest.raises(UserError, match="not a config in JSON"):
        settings.from_json(text)
