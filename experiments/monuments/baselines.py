"""What can be scored without learning: the marks that a trained translation has to beat."""

from typing import Any

import numpy as np
from scipy import ndimage

from gan_jax import data
from gan_jax.metrics.ink import ink, luminance
from gan_jax.metrics.judge import judge

Pictures = dict[str, np.ndarray]
EDGE_SIGMA = 0.7


def baselines(config: Any) -> dict[str, dict[str, float]]:
    """The metrics of every baseline on the test pictures that `config.data` names."""
    source = data.source(config.data)
    train = data.test_pictures(source._replace(test=source.train), config)
    test = data.test_pictures(source, config)
    return {name: judge(shown, test, paired=True) for name, shown in guesses(train, test).items()}


def guesses(train: Pictures, test: Pictures) -> dict[str, Pictures]:
    """What each baseline shows for the test pairs; it may look at the training pictures, pairs included."""
    like = {side: np.ones_like(test[side]) for side in "xy"}
    constant = {side: like[side] * np.median(train[side], axis=(0, 1, 2)) for side in "xy"}
    mean = {side: like[side] * train[side].mean(axis=0) for side in "xy"}
    other = {side: np.roll(test[side], 1, axis=0) for side in "xy"}
    return {
        "blank sheet": {"fake_y": like["y"], "back_y": like["y"]},
        "input unchanged": {
            "fake_y": recolour(test["x"], test["y"]),
            "fake_x": recolour(test["y"], test["x"]),
        },
        "best constant": {f"{way}_{side}": constant[side] for way in ("fake", "back") for side in "xy"},
        "mean training picture": {f"fake_{side}": mean[side] for side in "xy"},
        "another building": {f"fake_{side}": other[side] for side in "xy"},
        "edge filter": {"fake_y": edges(train, test)},
        "true pictures": {"fake_x": test["x"], "fake_y": test["y"]},
    }


def recolour(images: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The same pictures in grey, with as many channels as those they are compared with."""
    return np.repeat(luminance(images)[..., None], like.shape[-1], axis=-1)


def edges(train: Pictures, test: Pictures) -> np.ndarray:
    """Where a photo's brightness changes most; as much ink, and as dark, as in the training drawings."""
    drawn = ink(train["y"])
    strong = np.quantile(slope(train["x"]), 1 - drawn.mean())
    drawing = np.where(slope(test["x"]) > strong, luminance(train["y"])[drawn].mean(), 1.0)
    return recolour(drawing[..., None], test["y"])


def slope(images: np.ndarray) -> np.ndarray:
    """The gradient's length in every pixel of a picture's luminance."""
    return np.stack([ndimage.gaussian_gradient_magnitude(grey, EDGE_SIGMA) for grey in luminance(images)])
