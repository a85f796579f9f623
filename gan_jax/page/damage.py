"""What the sliders do to the picture in the middle before the way back, and how the way back takes it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from gan_jax.errors import UserError
from gan_jax.metrics import corruptions
from gan_jax.metrics.reconstruction import l1

LEVELS = 127.5  # levels of 8 bits in one unit of [-1, 1]
Image = Float[np.ndarray, "height width channels"]
Images = Float[np.ndarray, "batch height width channels"]


class Slider(NamedTuple):
    """One kind of damage: from `least` to `most` by `step`, and none at `off`."""

    label: str
    unit: str
    least: float
    most: float
    step: float
    off: float
    tried: tuple[float, ...]  # the strengths of the curve, from weak to strong


SLIDERS = {
    "blur": Slider("Blur", "pixels, Gaussian", 0, 4, 0.1, 0, (0.5, 1, 2, 4)),
    "shrink": Slider("Down-sampling", "times smaller, and up again", 1, 8, 0.5, 1, (1.5, 2, 4, 8)),
    "noise": Slider("Noise", "levels of 255, Gaussian", 0, 50, 0.5, 0, (2, 5, 15, 50)),
    "bits": Slider("Quantisation", "bits a channel; 8 is untouched", 1, 8, 1, 8, (6, 4, 2, 1)),
    "jpeg": Slider("JPEG", "quality; 100 is untouched", 1, 100, 1, 100, (90, 50, 20, 5)),
}
Damage = dict[str, float]
NONE: Damage = {name: slider.off for name, slider in SLIDERS.items()}


def checked(values: tuple[object, ...]) -> Damage:
    """The sliders' values, in their order. Raises UserError for what no slider gives."""
    damage = {}
    for (name, slider), value in zip(SLIDERS.items(), values, strict=True):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and slider.least <= value <= slider.most):  # type: ignore[operator]
            raise UserError(f"{slider.label}: expected {slider.least:g} to {slider.most:g}")
        damage[name] = float(value)  # type: ignore[arg-type]
    return damage


def damaged(images: Images, damage: Damage) -> Images:
    """Blurred, shrunk, made noisy, quantised and saved as JPEG, in this order; the same noise every time."""
    kinds: dict[str, Callable[[Images, float], Images]] = {
        "blur": corruptions.blur,
        "shrink": corruptions.shrink,
        "noise": lambda x, levels: corruptions.noise(x, levels / LEVELS, np.random.default_rng(0)),
        "bits": lambda x, bits: corruptions.quantise(x, round(bits)),
        "jpeg": lambda x, quality: corruptions.jpeg(x, round(quality)),
    }
    for name, change in kinds.items():
        if damage[name] != SLIDERS[name].off:
            images = change(images, damage[name])
    return images


def lost(back: Image, given: Image) -> float:
    """Mean difference of what came back from what was given, in levels of 255."""
    return l1(back[None], given[None]) * LEVELS


def curves(made: Image, given: Image, back: Callable[[Images], Images]) -> dict[str, list[float]]:
    """For each kind of damage alone: `lost` at none and at each of the strengths that are tried."""
    strengths = [NONE] + [NONE | {name: s} for name, slider in SLIDERS.items() for s in slider.tried]
    found = [lost(back(damaged(made[None], damage))[0], given) for damage in strengths]
    none, rest = found[0], iter(found[1:])
    return {name: [none, *(next(rest) for _ in slider.tried)] for name, slider in SLIDERS.items()}
