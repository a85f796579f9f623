"""The Frechet distance between two sets of features, each taken for a Gaussian."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from gan_jax.metrics.distances import Features, check


class Moments(NamedTuple):
    """Mean and covariance (divided by n - 1) of a set of features."""

    mean: Float[np.ndarray, "dimension"]
    covariance: Float[np.ndarray, "dimension dimension"]


def moments(features: Features) -> Moments:
    """Mean and covariance in float64."""
    features = np.asarray(features, np.float64)
    mean = features.mean(axis=0)
    centred = features - mean
    return Moments(mean, centred.T @ centred / (len(features) - 1))


def between(a: Moments, b: Moments) -> float:
    """Squared Frechet (2-Wasserstein) distance of two Gaussians.

    d^2 = |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)). The trace of the root is the sum of the roots of
    the eigenvalues of S_a^(1/2) S_b S_a^(1/2), which is symmetric: no complex numbers, and covariances may be
    singular. Eigenvalues below 0 are rounding and count as 0.
    Source: Dowson and Landau 1982; Heusel et al. 2017, eq. 6.
    """
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ b.covariance @ root).clip(0)).sum()
    return _total(a.mean - b.mean, np.trace(a.covariance), np.trace(b.covariance), float(shared))


def frechet(real: Features, fake: Features) -> float:
    """The squared Frechet distance of two sets, the "FID" when the features are Inception's.

    With fewer pictures than dimensions the covariances are singular and never formed: with centred sets A
    (n rows) and B (m rows), tr((S_a S_b)^(1/2)) is the sum of the singular values of A B^T over
    sqrt((n - 1)(m - 1)), which is the same number and cheaper.
    Biased upwards by about 1/n: compare only at equal n, and prefer KID below some thousand pictures.
    ValueError for sets of different width or fewer than 2 pictures.
    """
    real, fake = check(real, fake, 2)
    if min(len(real), len(fake)) > real.shape[1]:
        return between(moments(real), moments(fake))
    mean_real, mean_fake = real.mean(axis=0), fake.mean(axis=0)
    a = (real - mean_real) / np.sqrt(len(real) - 1)
    b = (fake - mean_fake) / np.sqrt(len(fake) - 1)
    shared = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return _total(mean_real - mean_fake, (a * a).sum(), (b * b).sum(), float(shared))


def _total(shift: Float[np.ndarray, "dimension"], spread_a: float, spread_b: float, shared: float) -> float:
    return max(float(shift @ shift + spread_a + spread_b - 2 * shared), 0.0)
