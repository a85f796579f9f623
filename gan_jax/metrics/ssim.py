"""Structural similarity of two sets of pictures."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float

from gan_jax.metrics.reconstruction import RANGE, Doubles, Images, pair

SIZE, SIGMA = 11, 1.5  # the window of the paper
STABLE_MEAN, STABLE_VARIANCE = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2


@lru_cache(maxsize=8)
def _window(length: int) -> Float[np.ndarray, "inside length"]:
    """The Gaussian window as a banded matrix: a row for each place where it lies wholly inside `length`."""
    taps = np.exp(-0.5 * (np.arange(SIZE) - SIZE // 2) ** 2 / SIGMA**2)
    rows = [np.pad(taps / taps.sum(), (at, length - SIZE - at)) for at in range(length - SIZE + 1)]
    return np.stack(rows)


def _blur(images: Doubles) -> Doubles:
    """Local means, at the places where the window lies wholly inside the picture."""
    down = np.tensordot(images, _window(images.shape[1]), axes=(1, 1))  # batch width channels inside
    return np.tensordot(down, _window(images.shape[2]), axes=(1, 1)).transpose(0, 2, 3, 1)


def ssim(predicted: Images, truth: Images) -> float:
    """Structural similarity, the mean over places, channels and pictures: 1 when equal, about 0 by chance.

    SSIM = (2 m_p m_t + c1)(2 s_pt + c2) / ((m_p^2 + m_t^2 + c1)(s_pp + s_tt + c2)), with local means m,
    variances and covariance s under an 11x11 Gaussian window of sigma 1.5, c1 = (0.01 * 2)^2 and
    c2 = (0.03 * 2)^2.
    Borders: only windows wholly inside the picture count, so the outer 5 pixels are no centres.
    ValueError when a side is shorter than 11 pixels.
    Source: Wang et al. 2004, Image quality assessment, eq. 13 (means and variances: eqs. 14-16).
    """
    p, t = pair(predicted, truth)
    if min(p.shape[1:3]) < SIZE:
        raise ValueError(
            f"SSIM needs pictures of at least {SIZE}x{SIZE} pixels; these are {p.shape[1]}x{p.shape[2]}"
        )
    mean_p, mean_t = _blur(p), _blur(t)
    var_p, var_t = _blur(p * p) - mean_p**2, _blur(t * t) - mean_t**2
    covariance = _blur(p * t) - mean_p * mean_t
    similar = (2 * mean_p * mean_t + STABLE_MEAN) * (2 * covariance + STABLE_VARIANCE)
    energy = (mean_p**2 + mean_t**2 + STABLE_MEAN) * (var_p + var_t + STABLE_VARIANCE)
    return float((similar / energy).mean())
