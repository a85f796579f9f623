"""Which values a config may have, checked before anything else starts."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

from ml_collections import ConfigDict

from gan_jax.errors import UserError
from gan_jax.settings import leaves, nearest


class Rule(NamedTuple):
    """What a value must satisfy, in Python and in words."""

    holds: Callable[[Any], bool]
    expected: str


def validate(config: ConfigDict) -> None:
    """Checks each value, then those that must fit together; a key that the config lacks is not asked for.

    Raises:
        UserError: names the key, its value and what was expected.
    """
    values = leaves(config)
    for key, value in values.items():
        rule = _rule(key)
        if rule and not rule.holds(value):
            near = nearest(value, CHOICES[key]) if key in CHOICES and isinstance(value, str) else ""
            raise UserError(f"config.{key} is {value!r}: expected {rule.expected}{near}")
    for check in (_some_steps, _crop_fits, _one_source):
        check(values)


def number(kind: type | tuple[type, ...], holds: Callable[[Any], bool], expected: str) -> Rule:
    """A rule for numbers of that kind; true and false are not numbers here."""
    return Rule(
        lambda value: isinstance(value, kind) and not isinstance(value, bool) and holds(value), expected
    )


def one_of(names: Collection[str]) -> Rule:
    """A rule for names."""
    return Rule(lambda value: value in names, "one of " + ", ".join(names))


def _modules(folder: str) -> list[str]:
    return sorted(
        file.stem for file in (Path(__file__).parent / folder).glob("*.py") if file.stem != "__init__"
    )


def _is_side(value: Any) -> bool:
    sides = value if isinstance(value, tuple) and len(value) == 2 else (value,)
    return all(isinstance(side, int) and not isinstance(side, bool) and side >= 1 for side in sides)


# The names of losses.ADVERSARIAL, data.examples.MODULES and sampling.LATENTS, without starting JAX to ask.
ADVERSARIAL = ("least_squares", "log", "minimax", "wasserstein", "hinge")
# The names of gan_jax.metrics.live.NETWORKS, likewise.
FEATURES = ("pixels", "efficientnet", "lpips", "none")
CHOICES: dict[str, Collection[str]] = {
    "gan": _modules("gans"),
    "generator.network": _modules("networks"),
    "discriminator.network": _modules("networks"),
    **dict.fromkeys(("encoder.network", "recognition.network"), _modules("networks")),
    "adversarial": ADVERSARIAL,
    "distribution": ("bernoulli", "categorical", "continuous"),
    "direction": ("x2y", "y2x"),
    "dtype": ("float32", "bfloat16"),
    "data.examples": (
        *("ring", "grid", "swiss_roll", "digits", "binary_digits", "stacked_digits", "zipf", "strings"),
        *("mnist", "fashion_mnist", "monuments", "tfds"),
    ),
    "latent.kind": ("normal", "uniform", "constant"),
    "exponential": ("absolute", "square"),
    "importance": ("violation", "location", "none"),
    "evaluate_features": FEATURES,
    "on_failure": ("stop", "skip"),
    "on_full_disk": ("stop", "wait"),
}
COUNT = number(int, lambda value: value >= 1, "a whole number, 1 or more")
COUNT_OR_NONE = number(int, lambda value: value >= 0, "a whole number, 0 or more")
NEVER_OR_EVERY = number(int, lambda value: value >= 0, "a whole number of steps, 1 or more, or 0 for never")
POSITIVE = number((int, float), lambda value: value > 0, "a number above 0")
WEIGHT = number((int, float), lambda value: value >= 0, "a number, 0 or more")
FRACTION = number((int, float), lambda value: 0 <= value <= 1, "a number from 0 to 1")
BELOW_ONE = number((int, float), lambda value: 0 <= value < 1, "a number from 0 to below 1")
YES_OR_NO = Rule(lambda value: isinstance(value, bool), "True or False")
SIDE = Rule(_is_side, "a whole number of pixels, 1 or more, or two of them as height,width")

RULES = {
    **{key: one_of(names) for key, names in CHOICES.items()},
    **dict.fromkeys(
        (
            "batch_size",
            "accumulate",
            "rows",
            "rate_every",
            "keep",
            "sample_pictures",
            "data.x_channels",
            "data.y_channels",
        ),
        COUNT,
    ),
    **dict.fromkeys(("data.side", "data.channels", "latent.size", "discriminator_steps"), COUNT),
    **dict.fromkeys(("codes", "categories", "samples"), COUNT),
    **dict.fromkeys(
        (
            "data.classes",
            "data.labelled",
            "generator.depth",
            "discriminator.depth",
            "encoder.depth",
            "recognition.depth",
            "continuous",
        ),
        COUNT_OR_NONE,
    ),
    **dict.fromkeys(("generator.width", "generator.blocks", "generator.levels"), COUNT),
    **dict.fromkeys(
        ("discriminator.width", "discriminator.layers", "encoder.width", "recognition.width"), COUNT
    ),
    **dict.fromkeys(
        ("seed", "steps", "epochs", "pool_size", "data.workers", "data.test_pictures"), COUNT_OR_NONE
    ),
    **dict.fromkeys(("cycle_x", "cycle_y", "cycle_noise", "identity", "l1"), WEIGHT),
    **dict.fromkeys(("r1", "r2", "penalty", "discriminator_rate", "discriminator.noise"), WEIGHT),
    **dict.fromkeys(("unlabelled", "supervised", "information", "information_continuous"), WEIGHT),
    "max_hours": number((int, float), lambda value: 0 <= value < 1e6, "hours, 0 for no limit"),
    **dict.fromkeys(("margin", "example_loss", "clip", "baseline"), WEIGHT),
    "slope": number((int, float), lambda value: value <= 1, "a number up to 1"),
    **dict.fromkeys(("average", "beta1", "beta2", "generator.dropout"), BELOW_ONE),
    **dict.fromkeys(("data.resize", "data.crop"), SIDE),
    **dict.fromkeys(("feature_matching", "inform_generator", "hide_labels"), YES_OR_NO),
    "learning_rate": POSITIVE,
    "decay_fraction": FRACTION,
    "data.bits": Rule(lambda value: value in (8, 16), "8 or 16"),
}


def _rule(key: str) -> Rule | None:
    return RULES.get(key) or (NEVER_OR_EVERY if key.endswith("_every") else None)


def _some_steps(values: dict[str, Any]) -> None:
    if not values.get("steps", 1) and not values.get("epochs", 0):
        raise UserError("config.steps and config.epochs are both 0: set one, as in --config.steps=10000")


def _crop_fits(values: dict[str, Any]) -> None:
    if "data.crop" in values and "data.resize" in values:
        crop, size = (
            v if isinstance(v, tuple) else (v, v) for v in (values["data.crop"], values["data.resize"])
        )
        if crop[0] > size[0] or crop[1] > size[1]:
            shown = f"{values['data.crop']}: expected at most config.data.resize, {values['data.resize']}"
            raise UserError(f"config.data.crop is {shown}")


def _one_source(values: dict[str, Any]) -> None:
    x, y, root, tfds = (values.get(f"data.{key}", "") for key in ("x", "y", "root", "tfds"))
    if bool(x) != bool(y):
        lacking, has = ("y", "x") if x else ("x", "y")
        raise UserError(
            f"config.data.{lacking} is empty while config.data.{has} is set: name both directories"
        )
    if tfds and (root or x):
        other = "root" if root else "x"
        raise UserError(
            f"config.data.tfds and config.data.{other} are both set: leave one empty (--config.data.{other}=)"
        )
