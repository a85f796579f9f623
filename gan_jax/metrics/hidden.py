"""What a cycle hides: how well F gives a picture back after its translation G(x) has been disturbed.

    R(T) = E_x mean |F(T(G(x))) - x|,    pictures in [-1, 1]

A translation that shows all that F needs still does so behind a little noise: R hardly rises. One that hides the
picture in deviations too small to be seen loses them: R rises towards that of another picture's translation.
Chu, Zhmoginov, Sandler 2017, CycleGAN, a Master of Steganography, arXiv 1712.02950, sections 4 and 5; the noise as in
Bashkirova, Usman, Saenko 2019, Adversarial Self-Defense for Cycle-Consistent GANs, arXiv 1908.01517, section 3.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from gan_jax.metrics import bootstrap, corruptions
from gan_jax.metrics.corruptions import Images
from gan_jax.metrics.score import Score

LEAST = 2  # pictures: each needs another one
NOISES = (1, 2, 4, 8, 16)  # standard deviations in levels of 8 bits
AS_IT_IS, ANOTHER, MEAN = "as it is", "another's", "mean colour"

Decode = Callable[[Images], Images]  # F, picture by picture
Change = Callable[[Images, int], Images]  # from pictures and a seed
Errors = Mapping[str, Float[np.ndarray, "n"]]


def _noise(levels: float) -> Change:
    return lambda y, seed: corruptions.noise(y, 2 * levels / 255, np.random.default_rng(seed))


def _plain(change: Callable[..., Images], *how: float) -> Change:
    return lambda y, seed: change(y, *how)


CORRUPTIONS: dict[str, Change] = {
    **{f"{bits} bits": _plain(corruptions.quantise, bits) for bits in (8, 6, 5, 4, 3)},
    "1 bit": _plain(corruptions.quantise, 1),
    **{f"noise {levels}": _noise(levels) for levels in NOISES},
    **{f"JPEG {quality}": _plain(corruptions.jpeg, quality) for quality in (95, 75, 50, 25)},
    **{f"1/{factor} size": _plain(corruptions.shrink, factor) for factor in (2, 4)},
    **{f"blur {sigma:g}": _plain(corruptions.blur, sigma) for sigma in (0.5, 1, 2)},
    "median": _plain(corruptions.median),
}
SHOWN = ("8 bits", "4 bits", "1 bit", "noise 8", "noise 16", "JPEG 50", "1/2 size", "blur 1")


def errors(
    x: Images,
    y: Images,
    decode: Decode,
    seed: int = 0,
    changes: Mapping[str, Change] = CORRUPTIONS,
) -> dict[str, Float[np.ndarray, "n"]]:
    """The L1 of each picture x to F(T(y)), y = G(x), for y as it is and after every T of `changes`.

    The noises are one draw, scaled. Beside them what knows nothing of x: F of "another's" y (the next one's), and
    x's own "mean colour".
    """
    back = decode(y)
    found = {AS_IT_IS: distance(back, x)}
    found |= {name: distance(decode(change(y, seed)), x) for name, change in changes.items()}
    found[ANOTHER] = distance(np.roll(back, 1, axis=0), x)
    found[MEAN] = distance(np.broadcast_to(x.mean(axis=(1, 2), keepdims=True), x.shape), x)
    return found


def distance(predicted: Images, truth: Images) -> Float[np.ndarray, "n"]:
    """The mean absolute difference, picture by picture."""
    apart = np.abs(np.asarray(predicted, np.float64) - truth)
    return apart.reshape(len(truth), -1).mean(axis=1)


def fragility(found: Errors) -> Float[np.ndarray, "n"]:
    """A of each picture: the mean rise of its error over noise of 1, 2, 4, 8 and 16 levels of 255."""
    noisy = np.stack([found[f"noise {levels}"] for levels in NOISES])
    return noisy.mean(axis=0) - found[AS_IT_IS]


def restored(found: Errors) -> Float[np.ndarray, "n"]:
    """What F knows of each picture from its own translation: by how much it is nearer to it than with another's."""
    return found[ANOTHER] - found[AS_IT_IS]


def half_way(found: Errors) -> float | None:
    """The noise, in levels of 255, at which half of what is restored is lost; None where 16 are not enough."""
    points = [(0, found[AS_IT_IS].mean())] + [(s, found[f"noise {s}"].mean()) for s in NOISES]
    middle = (found[AS_IT_IS].mean() + found[ANOTHER].mean()) / 2
    for (near, low), (far, high) in pairwise(points):
        if low < middle <= high:
            return float(near + (far - near) * (middle - low) / (high - low))
    return None


def transplant(x: Images, y: Images, decode: Decode, sigma: float = 1.0) -> Float[np.ndarray, "n"]:
    """1 for each picture whose fine detail decides what F sees: F(low(y) + high(y')) is nearer to x' than to x.

    y' and x' are the next picture's; low is a Gaussian of `sigma` pixels, high = y - low. Thin strokes are fine detail
    too: a decoder that honestly reads them scores above 0.
    """
    low, other = corruptions.blur(y, sigma), np.roll(np.arange(len(y)), 1)
    high = np.asarray(y, np.float32) - low
    mixed = decode(np.clip(low + high[other], -1, 1).astype(np.float32))
    return (distance(mixed, x[other]) < distance(mixed, x)).astype(float)


def scores(found: Errors, moved: Float[np.ndarray, "n"], seed: int = 0) -> list[Score]:
    """The numbers of `errors` and of `transplant`, with intervals over pictures.

    hidden_share = E fragility / E restored: the share of what F knows of the picture that goes under noise which leaves
    all that can be seen in place, the mean over five strengths. 0: nothing hangs on it. 1, and more where the
    noise misleads F: all does. Left out where F restores nothing.

    Noise, for the other corruptions take something visible as well: greys (bits), thin lines (blur, size), both (JPEG).
    """
    risen, known = fragility(found), restored(found)
    shares = (
        [("hidden_share", risen.mean() / known.mean(), bootstrap.of_ratio(risen, known, seed))]
        if known.mean() > 0
        else []
    )
    n = len(known)
    rows = [
        *shares,
        ("fragility", risen.mean(), bootstrap.of_mean(risen, seed)),
        ("transplant", moved.mean(), bootstrap.of_share(float(moved.mean()), n)),
        *_means(found, (AS_IT_IS, *SHOWN, ANOTHER, MEAN), seed),
    ]
    return [Score(name, float(value), n, n, interval) for name, value, interval in rows]


def _means(
    found: Errors, names: Sequence[str], seed: int
) -> list[tuple[str, np.floating, bootstrap.Interval]]:
    return [(f"l1, {name}", found[name].mean(), bootstrap.of_mean(found[name], seed)) for name in names]
