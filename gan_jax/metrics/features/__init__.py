"""Networks that turn pictures into features to compare: one file each, `load(option, weights) -> Extractor`."""

from collections.abc import Callable, Iterable
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, UInt8

from gan_jax.errors import UserError

NAMES = ("pixels", "efficientnet", "lpips", "inception")

Picture = UInt8[np.ndarray, "height width 3"]
Prepared = Float[np.ndarray, "side side 3"]


class Answer(NamedTuple):
    """What a network says of a batch: features, and logits of classes where it has classes."""

    features: Float[Array, "batch dimension"]
    logits: Float[Array, "batch classes"] | None = None


class Extractor(NamedTuple):
    """A feature network: `prepare` one picture on the host, then `apply` to `chunk` of them at a time."""

    name: str
    resizing: str
    prepare: Callable[[Picture], Prepared]
    apply: Callable[[Float[np.ndarray, "batch side side 3"]], Answer]
    chunk: int = 16


class Extracted(NamedTuple):
    """Features, and logits where the network has them, of n pictures."""

    features: Float[np.ndarray, "n dimension"]
    logits: Float[np.ndarray, "n classes"] | None


def load(text: str, weights: Path | None = None) -> Extractor:
    """The network that "name" or "name:option" names; `weights` is the user's own file, for those that need one.

    Raises:
        UserError: there is no such network or option, or its weights are missing or other ones.
    """
    name, _, option = text.partition(":")
    if name not in NAMES:
        raise UserError(f"--features={text}: expected one of {', '.join(NAMES)}")
    found: Extractor = import_module(f"gan_jax.metrics.features.{name}").load(option, weights)
    return found


def choose(option: str, options: tuple[str, ...], name: str) -> str:
    """The option given, or the first one. Raises UserError for one that is not among them."""
    if option and option not in options:
        raise UserError(f"--features={name}:{option}: expected {' or '.join(f'{name}:{o}' for o in options)}")
    return option or options[0]


def extract(network: Extractor, pictures: Iterable[Picture]) -> Extracted:
    """The features of all pictures, in order, as float64. The last chunk is filled up, so that one program does.

    ValueError without pictures.
    """
    features, logits = [], []
    remaining = iter(pictures)
    while group := list(islice(remaining, network.chunk)):
        filled = np.stack([network.prepare(picture) for picture in group])
        filled = np.concatenate([filled, np.repeat(filled[-1:], network.chunk - len(group), axis=0)])
        answer = network.apply(filled)
        features.append(np.asarray(answer.features, np.float64)[: len(group)])
        if answer.logits is not None:
            logits.append(np.asarray(answer.logits, np.float64)[: len(group)])
    if not features:
        raise ValueError("no pictures")
    return Extracted(np.concatenate(features), np.concatenate(logits) if logits else None)
