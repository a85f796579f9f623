from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_collections import ConfigDict

from gan_jax import flags, settings
from gan_jax.errors import UserError

CYCLEGAN = str(Path(__file__).parents[1] / "configs" / "cyclegan.py")
KEYS = sorted(settings.leaves(settings.load(CYCLEGAN)))


def parse(*arguments: str) -> flags.Request:
    return flags.parse([f"--config={CYCLEGAN}", *arguments])


def complaint(*arguments: str) -> str:
    with pytest.raises(UserError) as error:
        parse(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("steps", "40", 40),
        ("steps", "10_000", 10000),
        ("steps", "1e4", 10000),
        ("seed", "-1", -1),
        ("learning_rate", "1e-3", 1e-3),
        ("cycle_x", "5", 5.0),
        ("data.flip", "false", False),
        ("data.flip", "True", True),
        ("data.flip", "0", False),
        ("data.root", "my pictures/a=b", "my pictures/a=b"),
        ("data.root", "", ""),
        ("data.crop", "32", 32),
        ("data.crop", "(32, 48)", (32, 48)),
        ("data.crop", "32,48", (32, 48)),
        ("generator.width", "8", 8),
    ],
)
def test_values_keep_the_type_of_their_key(key: str, text: str, value: object) -> None:
    for arguments in ([f"--config.{key}={text}"], [f"--config.{key}", text]):
        got = settings.leaves(parse(*arguments).config)[key]
        assert got == value
        assert type(got) is type(value)


def test_tuples_and_other_types() -> None:
    config = ConfigDict({"betas": (0.5, 0.9), "names": ("a", "b"), "empty": (), "none": None}).lock()
    flags.override(config, "betas", "0, 1")
    flags.override(config, "names", "['x', 'y', 'z']")
    flags.override(config, "empty", "1,2")
    flags.override(config, "none", "[1, None]")
    assert (config.betas, config.names, config.empty, config.none) == (
        (0.0, 1.0),
        ("x", "y", "z"),
        ("1", "2"),
        [1, None],
    )


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("steps", "abc", "a whole number, as in --config.steps=10000"),
        ("steps", "1.5", "a whole number"),
        ("steps", "1e-3", "a whole number"),
        ("steps", "1e999", "a whole number"),
        ("steps", "", "a whole number"),
        ("steps", "9" * 5000, "a whole number"),
        ("learning_rate", "fast", "a number, as in --config.learning_rate=0.0002"),
        ("learning_rate", "nan", "a number"),
        ("learning_rate", "inf", "a number"),
        ("data.flip", "maybe", "true or false, as in --config.data.flip=True"),
        ("data.crop", "1,2,3", "a whole number or height,width, as in --config.data.crop="),
        ("data.crop", "()", "a whole number or height,width"),
        ("data.crop", "big", "a whole number or height,width"),
    ],
)
def test_a_value_of_the_wrong_type_names_the_key_and_the_type(key: str, text: str, expected: str) -> None:
    said = complaint(f"--config.{key}={text}")
    given = repr(text) if len(text) < 90 else f"{text!r:.97}..."
    assert f"config.{key} is {given}: expected {expected}" in said


@given(st.sampled_from(KEYS), st.data())
def test_a_misspelt_key_gets_the_right_one(key: str, data: st.DataObject) -> None:
    start = key.rfind(".") + 1
    place = data.draw(st.integers(start, len(key) - 1))
    dropped = key[:place] + key[place + 1 :]
    swapped = key[: place - 1] + key[place] + key[place - 1] + key[place + 1 :] if place > start else dropped
    wrong = data.draw(st.sampled_from([dropped, swapped]))
    if wrong in KEYS or wrong.endswith(".") or not wrong:
        return
    said = complaint(f"--config.{wrong}=1")
    assert f"config.{wrong}, which does not exist" in said
    assert f"config.{key}" in said.partition("did you mean")[2]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--config.root=x", "config.root, which does not exist; did you mean config.data.root?"),
        ("--config.data.steps=1", "did you mean config.steps?"),
        ("--config.zzzzz=1", "config.zzzzz, which does not exist; --help lists all keys"),
        ("--config.=1", "which does not exist"),
        ("--config.data=1", "which holds several values; set one of them, such as --config.data."),
        ("--config.steps.x=1", "config.steps.x, which does not exist; did you mean config.data.x?"),
        ("--wrokdir=x", "there is no flag --wrokdir; did you mean --workdir?"),
        ("-workdir=x", "there is no flag -workdir; did you mean --workdir?"),
        (
            "--batch_size=4",
            "there is no flag --batch_size; to set a key of the config write --config.batch_size=...",
        ),
        ("steps=4", '"steps" is not a flag'),
        ("--workdir", "--workdir lacks its value"),
        ("--workdir=", "--workdir= is empty"),
        ("--config.steps", "--config.steps lacks its value"),
        ("--config=", "--config= is empty"),
        (
            f"--config={CYCLEGAN}:campsu",
            'no variant "campsu"; did you mean campus?; there are campus, reference',
        ),
        (f"--workdir={CYCLEGAN}", "is a file: name a directory"),
    ],
)
def test_mistakes_end_in_one_line(argument: str, message: str) -> None:
    assert message in complaint(argument)


def test_a_flag_is_no_value() -> None:
    assert "--workdir lacks its value" in complaint("--workdir", "--config.steps=3")


def test_the_later_flag_counts() -> None:
    assert parse("--config.steps=1", "--config.steps=2").config.steps == 2
    assert parse("--workdir=a", "--workdir", "b").workdir == Path("b")


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(CYCLEGAN).parents[1])
    assert flags.parse([]).workdir == Path("runs/cyclegan")
    assert flags.parse([]).config.gan == "cyclegan"
    assert flags.parse(["--config=configs/cyclegan.py:campus"]).workdir == Path("runs/cyclegan_campus")
    assert flags.parse(["--config", "configs/pix2pix.py"]).config.gan == "pix2pix"


def test_defaults_outside_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"there is no file configs/cyclegan\.py"):
        flags.parse([])


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_has_every_key_and_an_example_that_parses(flag: str) -> None:
    text = parse("--config.steps=41", flag).help
    assert all(f"\n  --config.{key}=" in text for key in KEYS)
    assert "--config.steps=41" in text
    example = next(line for line in text.splitlines() if line.startswith("Example:"))
    assert parse(*example.split("gan_jax.main ")[1].split()).workdir == Path("runs/mine")


def test_every_default_in_help_can_be_typed() -> None:
    before = parse().config
    lines = [line.strip() for line in parse("--help").help.splitlines() if line.startswith("  --config.")]
    assert parse(*lines).config.to_dict() == before.to_dict()
