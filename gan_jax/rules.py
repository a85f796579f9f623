"""Which values a config may have, checked before anything else starts."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

from ml_collections import ConfigDict

from gan_jax import contradictions
from gan_jax.errors import UserError
from gan_jax.settings import brief, leaves, nearest

MOST = 2**31 - 1  # steps and such are 32-bit numbers on devices
WIDEST = 2**16  # pixels of a side, channels, features
DEEPEST = 1000  # layers: what is deeper is traced for hours
REACH = 1e30  # of numbers; float32 has 38 digits, and squares are taken
PARTS = ("generator", "discriminator", "encoder", "recognition")


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
    contradictions.check_keys(values, RULES)
    for key, value in values.items():
        rule = _rule(key)
        if rule and not rule.holds(value):
            near = nearest(value, CHOICES[key]) if key in CHOICES and isinstance(value, str) else ""
            raise UserError(f"config.{key} is {brief(value)}: expected {rule.expected}{near}")
    contradictions.check_values(values)


def number(holds: Callable[[Any], bool], expected: str) -> Rule:
    """A rule for numbers that float32 can hold; true and false are not numbers here."""

    def right(value: Any) -> bool:
        real = isinstance(value, (int, float)) and not isinstance(value, bool)
        return real and -REACH <= value <= REACH and holds(value)

    return Rule(right, f"{expected}, at most {REACH:g}" if expected.endswith("0 or more") else expected)


def whole(least: int, most: int = MOST) -> Rule:
    """A rule for whole numbers from `least` to `most`."""
    limit = f", at most {most:,}" if most < MOST else ", below 2^31"
    return Rule(
        lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
        f"a whole number, {least} or more{limit}",
    )


def one_of(names: Collection[str]) -> Rule:
    """A rule for names."""
    return Rule(lambda value: isinstance(value, str) and value in names, "one of " + ", ".join(names))


def every(names: str, rule: Rule) -> dict[str, Rule]:
    """The rule under each of these keys."""
    return dict.fromkeys(names.split(), rule)


def _modules(folder: str) -> list[str]:
    return sorted(
        file.stem for file in (Path(__file__).parent / folder).glob("*.py") if file.stem != "__init__"
    )


def _is_side(value: Any) -> bool:
    sides = value if isinstance(value, tuple) and len(value) == 2 else (value,)
    return all(isinstance(side, int) and not isinstance(side, bool) and 1 <= side <= WIDEST for side in sides)


def _is_augment(value: Any) -> bool:
    return isinstance(value, str) and all(name in POLICIES for name in value.split(",") if value)


# The names of losses.ADVERSARIAL, data.examples.MODULES and sampling.LATENTS, without starting JAX to ask.
ADVERSARIAL = ("least_squares", "log", "minimax", "wasserstein", "hinge")
# The names of gan_jax.metrics.live.NETWORKS, likewise.
FEATURES = ("pixels", "efficientnet", "lpips", "none")
# The names of gan_jax.augment.POLICIES, likewise.
POLICIES = ("color", "translation", "cutout")
CHOICES: dict[str, Collection[str]] = {
    "gan": _modules("gans"),
    **{f"{part}.network": _modules("networks") for part in PARTS},
    **{f"{part}.norm": ("instance", "batch", "none") for part in PARTS},
    "generator.upsample": ("deconv", "resize", "shuffle"),
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
COUNT, COUNT_OR_NONE, SIZE = whole(1), whole(0), whole(1, WIDEST)
DEPTH, DEPTH_OR_NONE = whole(1, DEEPEST), whole(0, DEEPEST)
NEVER_OR_EVERY = Rule(whole(0).holds, "a whole number of steps, 1 or more, or 0 for never")
POSITIVE = number(lambda value: value > 0, "a number above 0")
WEIGHT = number(lambda value: value >= 0, "a number, 0 or more")
FRACTION = number(lambda value: 0 <= value <= 1, "a number from 0 to 1")
BELOW_ONE = number(lambda value: 0 <= value < 1, "a number from 0 to below 1")
YES_OR_NO = Rule(lambda value: isinstance(value, bool), "True or False")
SIDE = Rule(
    _is_side, f"a whole number of pixels, 1 or more, at most {WIDEST:,}, or two of them as height,width"
)
TEXT = Rule(lambda value: isinstance(value, str) and "\0" not in value, "text")

RULES = {
    **{key: one_of(names) for key, names in CHOICES.items()},
    **every("batch_size accumulate rows rate_every keep sample_pictures samples discriminator_steps", COUNT),
    **every("seed steps epochs pool_size data.workers data.test_pictures data.labelled", COUNT_OR_NONE),
    **every("data.x_channels data.y_channels data.side data.channels latent.size codes categories", SIZE),
    **{f"{part}.width": SIZE for part in PARTS},
    **{f"{part}.depth": DEPTH_OR_NONE for part in PARTS},
    **every("generator.blocks generator.levels discriminator.layers", DEPTH),
    **every("data.classes continuous", whole(0, WIDEST)),
    **every("cycle_x cycle_y cycle_noise identity l1 r1 r2 penalty discriminator_rate", WEIGHT),
    **every("unlabelled supervised information information_continuous", WEIGHT),
    **every("margin example_loss clip baseline discriminator.noise", WEIGHT),
    **every("codes.fake codes.real codes.wanted", number(lambda value: True, "a number")),
    "slope": number(lambda value: value <= 1, "a number up to 1"),
    **every("average beta1 beta2 generator.dropout", BELOW_ONE),
    **every("data.resize data.crop", SIDE),
    **every(
        "feature_matching inform_generator hide_labels generator.bounded discriminator.spectral", YES_OR_NO
    ),
    **every("dry_run remat tensorboard data.flip data.paired", YES_OR_NO),
    **every("data.root data.x data.y data.tfds data.x_label data.y_label init_from best_metric", TEXT),
    "augment": Rule(_is_augment, f"some of {','.join(POLICIES)}, or nothing"),
    "learning_rate": POSITIVE,
    "decay_fraction": FRACTION,
    "data.bits": Rule(lambda value: value in (8, 16) and isinstance(value, int), "8 or 16"),
    "max_hours": number(lambda value: 0 <= value < 1e6, "hours, 0 for no limit"),
    **every("log_every sample_every checkpoint_every evaluate_every", NEVER_OR_EVERY),
}


def _rule(key: str) -> Rule | None:
    return RULES.get(key) or (NEVER_OR_EVERY if key.endswith("_every") else None)
