"""What must fit together in a config: keys that are known, and values that do not contradict each other."""

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from gan_jax.errors import UserError
from gan_jax.settings import HOW, LATER

Values = Mapping[str, Any]
ALIKE = 0.7  # of a key that is not known: so like a known one that is missing that it will be that one
PLAIN = ("mlp_generator", "mlp_discriminator", "dcgan_generator", "dcgan_discriminator")


def check_keys(values: Values, known: Collection[str]) -> None:
    """Raises UserError for a key that is a known one misspelt, or a block where a value belongs, or the reverse.

    Other keys that are not known may be those of a game of one's own.
    """
    blocks = {key.partition(".")[0] for key in known if "." in key}
    filled = {*HOW, *(key for keys in LATER.values() for key in keys)}  # there by now, whatever was written
    missing = [key for key in known if key not in values or key in filled]
    for key in values:
        outer = key.rpartition(".")[0]
        if key in known:
            continue
        if outer in known and outer not in blocks:
            raise UserError(f"config.{outer} holds several values: expected one")
        if key in blocks:
            raise UserError(f"config.{key} is one value: expected a block of several, as in configs/")
        like = {other: _likeness(key, other) for other in missing if other.rpartition(".")[0] == outer}
        best = max(like, key=lambda other: like[other], default="")
        if best and like[best] >= ALIKE:
            raise UserError(f"config.{key} does not exist; did you mean config.{best}?")


def check_values(values: Values) -> None:
    """Raises UserError where two values cannot both be meant."""
    for check in (_some_steps, _crop_fits, _one_source, _slices_fit, _norms_are_known):
        check(values)


def _likeness(key: str, other: str) -> float:
    return difflib.SequenceMatcher(None, key.rpartition(".")[2], other.rpartition(".")[2]).ratio()


def _some_steps(values: Values) -> None:
    if not values.get("steps", 1) and not values.get("epochs", 0):
        raise UserError("config.steps and config.epochs are both 0: set one, as in --config.steps=10000")


def _crop_fits(values: Values) -> None:
    if "data.crop" in values and "data.resize" in values:
        crop, size = (
            v if isinstance(v, tuple) else (v, v) for v in (values["data.crop"], values["data.resize"])
        )
        if crop[0] > size[0] or crop[1] > size[1]:
            shown = f"{values['data.crop']}: expected at most config.data.resize, {values['data.resize']}"
            raise UserError(f"config.data.crop is {shown}")


def _one_source(values: Values) -> None:
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


def _slices_fit(values: Values) -> None:
    batch, slices = values.get("batch_size", 1), values.get("accumulate", 1)
    if "batch_size" in values and batch % slices:
        raise UserError(f"config.accumulate={slices}: expected a divisor of config.batch_size={batch}")
    mixing = [key for key, value in values.items() if key.endswith(".norm") and value == "batch"]
    if slices > 1 and mixing:
        raise UserError(
            f"config.{mixing[0]} is 'batch', which would be that of a slice of config.accumulate={slices}, not of the "
            f"batch: expected another norm (as --config.{mixing[0]}=instance) or --config.accumulate=1"
        )


def _norms_are_known(values: Values) -> None:
    for key, norm in values.items():
        part, _, field = key.rpartition(".")
        network = values.get(f"{part}.network")
        if field == "norm" and norm == "instance" and network in PLAIN:
            raise UserError(f"config.{key} is 'instance': expected batch or none, which {network} has")
