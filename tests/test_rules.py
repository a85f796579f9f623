import json
from pathlib import Path
from typing import Any

import pytest
from ml_collections import ConfigDict

from gan_jax import augment, flags, losses, rules, sampling, settings
from gan_jax.data import examples
from gan_jax.errors import UserError
from gan_jax.gans import wgan_egp
from gan_jax.metrics import live
from gan_jax.monitors import saturation

CYCLEGAN = str(Path(__file__).parents[1] / "configs" / "cyclegan.py")


def changed(**changes: Any) -> ConfigDict:
    config = settings.load(CYCLEGAN)
    return settings.vary(
        config, "it", {"it": {key.replace("__", "."): value for key, value in changes.items()}}
    )


def complaint(**changes: Any) -> str:
    with pytest.raises(UserError) as error:
        rules.validate(changed(**changes))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("steps", -1, "a whole number, 0 or more"),
        ("steps", 1.5, "a whole number, 0 or more"),
        ("steps", "many", "a whole number, 0 or more"),
        ("steps", True, "a whole number, 0 or more"),
        ("batch_size", 0, "a whole number, 1 or more"),
        ("keep", 0, "a whole number, 1 or more"),
        ("sample_pictures", 0, "a whole number, 1 or more"),
        ("pool_size", -1, "a whole number, 0 or more"),
        ("log_every", -1, "1 or more, or 0 for never"),
        ("my_every", -1, "1 or more, or 0 for never"),
        ("learning_rate", 0.0, "a number above 0"),
        ("learning_rate", -1.0, "a number above 0"),
        ("learning_rate", float("nan"), "a number above 0"),
        ("beta1", 1.0, "a number from 0 to below 1"),
        ("beta1", -0.1, "a number from 0 to below 1"),
        ("average", 1.0, "a number from 0 to below 1"),
        ("cycle_x", -1.0, "a number, 0 or more"),
        ("identity", -0.5, "a number, 0 or more"),
        ("decay_fraction", 1.1, "a number from 0 to 1"),
        ("data__bits", 12, "8 or 16"),
        ("data__crop", 0, "a whole number of pixels"),
        ("data__crop", (64,), "a whole number of pixels"),
        ("data__resize", (64, 1.5), "a whole number of pixels"),
        ("data__x_channels", 0, "a whole number, 1 or more"),
        ("generator__width", 0, "a whole number, 1 or more"),
        ("dtype", "float12", "one of float32, bfloat16"),
        ("adversarial", "lsgan", "one of least_squares, log"),
    ],
)
def test_a_value_out_of_range_names_the_key_the_value_and_the_range(
    key: str, value: Any, expected: str
) -> None:
    config = settings.load(CYCLEGAN)
    with config.unlocked(), config.ignore_type():
        block, name = settings.locate(config, key.replace("__", "."))
        block[name] = value
    with pytest.raises(UserError) as error:
        rules.validate(config)
    assert str(error.value).startswith(f"config.{key.replace('__', '.')} is {value!r}: expected ")
    assert expected in str(error.value)


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("gan", "cylegan", "cyclegan"),
        ("generator__network", "rsenet", "resnet"),
        ("discriminator__network", "patchgna", "patchgan"),
        ("adversarial", "least_square", "least_squares"),
        ("dtype", "bfloat", "bfloat16"),
    ],
)
def test_a_misspelt_name_gets_the_right_one(key: str, value: str, right: str) -> None:
    assert f"did you mean {right}" in complaint(**{key: value})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "config.steps and config.epochs are both 0"),
        ({"data__crop": 129}, "config.data.crop is 129: expected at most config.data.resize, 128"),
        (
            {"data__crop": (64, 200), "data__resize": (300, 128)},
            "config.data.crop is (64, 200): expected at most",
        ),
        ({"data__x": "photos"}, "config.data.y is empty while config.data.x is set"),
        ({"data__y": "drawings"}, "config.data.x is empty while config.data.y is set"),
        (
            {"data__tfds": "cycle_gan/maps", "data__root": "mine"},
            "config.data.tfds and config.data.root are both set",
        ),
    ],
)
def test_values_that_do_not_fit_together(changes: dict, message: str) -> None:
    assert message in complaint(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"steps": 0, "epochs": 1},
        {"data__crop": 128},
        {"data__crop": (128, 30)},
        {"data__root": "mine", "data__x": "a", "data__y": "b"},
        {"cycle_x": 0.0, "cycle_y": 0, "identity": 0.0, "pool_size": 0, "log_every": 0, "beta1": 0.0},
        {"decay_fraction": 1.0, "learning_rate": 1, "dtype": "bfloat16"},
        {"best_metric": "l1/back_y", "evaluate_every": 0},  # checkpoints are judged all the same
    ],
)
def test_borders_are_allowed(changes: dict) -> None:
    rules.validate(changed(**changes))


def test_a_config_need_not_have_every_key() -> None:
    rules.validate(ConfigDict({"gan": "cyclegan", "steps": 1}))


def test_every_key_of_every_config_has_a_rule() -> None:
    for path in Path(CYCLEGAN).parent.glob("*.py"):
        keys = settings.leaves(settings.load(str(path)))
        assert [key for key in keys if not rules._rule(key)] == []


def test_the_names_are_those_of_the_code() -> None:
    assert set(rules.ADVERSARIAL) == set(losses.ADVERSARIAL)
    assert set(rules.CHOICES["data.examples"]) == set(examples.MODULES)
    assert set(rules.CHOICES["latent.kind"]) == set(sampling.LATENTS)
    assert set(rules.CHOICES["exponential"]) == set(wgan_egp.POWERS) == set(wgan_egp.LIMITS)
    assert set(rules.CHOICES["importance"]) == set(wgan_egp.WEIGHTS)
    assert rules.FEATURES == live.NETWORKS
    assert set(saturation.GENERATORS) == set(losses.ADVERSARIAL) - {"wasserstein"}
    assert set(rules.POLICIES) == set(augment.POLICIES)
    assert "cyclegan" in rules.CHOICES["gan"]
    assert "resnet" in rules.CHOICES["generator.network"]


def test_flags_and_rules_together() -> None:
    with pytest.raises(UserError, match=r"config\.steps is -1"):
        rules.validate(flags.parse([f"--config={CYCLEGAN}", "--config.steps=-1"]).config)


def from_file(tmp_path: Path, **changes: Any) -> ConfigDict:
    """CycleGAN's config as a file that somebody wrote, with other keys and values; None takes a key away."""
    values = settings.load(CYCLEGAN).to_dict()
    for key, value in changes.items():
        block, name = (values["data"], key[6:]) if key.startswith("data__") else (values, key)
        block[name] = value
        if value is None:
            del block[name]
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(values))
    return settings.load(str(path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": None, "leraning_rate": 1e-4}, "config.leraning_rate does not exist; did you mean"),
        ({"data__flip": None, "data__filp": True}, "did you mean config.data.flip?"),
        ({"init_from": None, "init_form": "runs/mine"}, "did you mean config.init_from?"),  # filled in by now
        ({"acumulate": 2}, "did you mean config.accumulate?"),
        ({"steps": {"a": 1}}, "config.steps holds several values"),
        ({"steps": {}}, "config.steps is {}"),
        ({"data": 3}, "config.data is one value"),
        ({"gan": {}}, "config.gan is {}"),
        ({"learning_rate": float("inf")}, "config.learning_rate is inf"),
        ({"cycle_x": float("inf")}, "config.cycle_x is inf"),
        ({"cycle_x": 1e300}, "config.cycle_x is 1e+300"),
        ({"steps": 2**31}, "config.steps is 2147483648: expected a whole number, 0 or more, below 2^31"),
        ({"steps": 10**400}, "config.steps is a number of more than 80 digits"),
        ({"data__crop": 10**6}, "config.data.crop is 1000000"),
        ({"data__flip": 1}, "config.data.flip is 1: expected True or False"),
        ({"data__root": "a\0b"}, "config.data.root is 'a\\x00b': expected text"),
        ({"data__x_label": 3}, "config.data.x_label is 3: expected text"),
        ({"best_metric": "x" * 10**4}, ""),
        ({"gan": "x" * 10**4}, "xxx...: expected one of"),
        ({"gan": [1]}, "config.gan is (1,)"),
        ({"tensorboard": "no"}, "config.tensorboard is 'no'"),
    ],
)
def test_files_with_anything_in_them(tmp_path: Path, changes: dict, message: str) -> None:
    config = from_file(tmp_path, **changes)
    if not message:
        rules.validate(config)
        return
    with pytest.raises(UserError) as error:
        rules.validate(config)
    assert message in str(error.value)
    assert len(str(error.value)) < 1000
    assert "\n" not in str(error.value)


def test_keys_of_a_game_of_ones_own_are_left_alone() -> None:
    config = settings.load(CYCLEGAN).copy_and_resolve_references()
    with config.unlocked():
        config.update({"sharpness": 3, "r9": 1.0, "critic": {"depth": 2}})
    rules.validate(config)


@pytest.mark.parametrize(
    ("file", "flag", "message"),
    [
        (
            "gan",
            "generator.norm=bacth",
            "'bacth': expected one of instance, batch, none; did you mean batch?",
        ),
        ("gan", "generator.norm=instance", "expected batch or none, which mlp_generator has"),
        ("dcgan", "discriminator.norm=instance", "expected batch or none, which dcgan_discriminator has"),
        ("dcgan", "augment=color,cutuot", "expected some of color,translation,cutout"),
        ("cyclegan", "generator.upsample=transposed", "expected one of deconv, resize, shuffle"),
        ("wgan", "accumulate=7", "expected a divisor of config.batch_size=64"),
        ("dcgan", "accumulate=2", "not of the batch: expected another norm"),
        ("cyclegan", "generator.blocks=5000", "at most 1,000"),
    ],
)
def test_what_a_network_would_have_ignored_or_choked_on(file: str, flag: str, message: str) -> None:
    path = Path(CYCLEGAN).with_name(f"{file}.py")
    with pytest.raises(UserError) as error:
        rules.validate(flags.parse([f"--config={path}", f"--config.{flag}"]).config)
    assert message in str(error.value)
