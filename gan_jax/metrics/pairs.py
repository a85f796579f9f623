"""Metrics of pictures whose truth is known, picture by picture: L1, PSNR, SSIM and LPIPS."""

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float

from gan_jax.metrics import bootstrap, ssim
from gan_jax.metrics.reconstruction import l1, psnr
from gan_jax.metrics.score import Floor, Score

TOGETHER = 16
HIGHEST_PSNR = 100.0  # decibels: one level of 255 at a single pixel of 256x256; equal pictures count as this

Image = Float[np.ndarray, "height width channels"]
Images = Float[np.ndarray, "n height width channels"]
Values = dict[str, Float[np.ndarray, "n"]]


def compare(pairs: Iterable[tuple[Image, Image]], lpips: str = "alexnet", seed: int = 0) -> list[Score]:
    """The mean of each metric over pairs of (predicted, truth) in [-1, 1]; the two of a pair have one shape.

    SSIM needs sides of at least 11 pixels in every picture, LPIPS (by "alexnet", "vgg16", or "" for none)
    of 31 or 16. The floor here is what the true pictures score when each is held against the
    next one: a translation that scores so has told nothing of its picture.

    Raises:
        UserError: LPIPS' package is missing.
    """
    values: Values = {}
    chance: Values = {}
    for predicted, truth in _alike(pairs):
        _add(values, measure(predicted, truth, lpips))
        if len(truth) > 1:
            _add(chance, measure(np.roll(truth, 1, axis=0), truth, lpips))
    count = max((len(found) for found in values.values()), default=0)
    return [
        Score(
            metric=name,
            value=float(found.mean()),
            n_real=count,
            n_fake=count,
            interval=bootstrap.of_mean(found, seed),
            floor=_floor(chance.get(name)),
        )
        for name, found in values.items()
        if len(found) == count  # some are too small
    ]


def measure(predicted: Images, truth: Images, lpips: str) -> Values:
    """Each metric of each pair of pictures of one shape; those that the shape allows."""
    each = [(predicted[i : i + 1], truth[i : i + 1]) for i in range(len(truth))]
    found = {
        "l1": np.array([l1(*pair) for pair in each]),
        "psnr": np.array([min(psnr(*pair), HIGHEST_PSNR) for pair in each]),
    }
    height, width, channels = truth.shape[1:]
    if min(height, width) >= ssim.SIZE:
        found["ssim"] = np.array([ssim.ssim(*pair) for pair in each])
    if lpips and channels in (1, 3):
        from gan_jax.metrics.features import lpips as network

        if min(height, width) >= network.LEAST[lpips]:
            a, b = (np.broadcast_to(x, (*x.shape[:3], 3)).astype(np.float32) for x in (predicted, truth))
            found["lpips"] = network.distances(lpips, a, b)
    return found


def _alike(pairs: Iterable[tuple[Image, Image]]) -> Iterator[tuple[Images, Images]]:
    """Runs of pairs of one shape, at most TOGETHER of them."""
    run: list[tuple[Image, Image]] = []
    for pair in pairs:
        if run and (pair[1].shape != run[0][1].shape or len(run) == TOGETHER):
            yield _stacked(run)
            run = []
        run.append(pair)
    if run:
        yield _stacked(run)


def _stacked(run: list[tuple[Image, Image]]) -> tuple[Images, Images]:
    return np.stack([predicted for predicted, _ in run]), np.stack([truth for _, truth in run])


def _add(to: Values, found: Values) -> None:
    for name, values in found.items():
        to[name] = np.concatenate([to[name], values]) if name in to else values


def _floor(values: Float[np.ndarray, "n"] | None) -> Floor | None:
    if values is None:
        return None
    return Floor(float(values.mean()), float(values.std()), len(values), len(values))
