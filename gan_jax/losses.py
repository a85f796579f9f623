"""Adversarial and reconstruction losses, each a pure function of logits or pictures.

`real` and `fake` are a discriminator's raw outputs (logits, scores) on real and generated examples, of any shape;
every loss is a mean over all of their entries, to be minimised. sp(a) = softplus(a) = log(1 + e^a), so that
-log D = sp(-logit) and -log(1 - D) = sp(logit) stay exact where a sigmoid followed by a logarithm would overflow.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Logits = Float[Array, "..."]
Scalar = Float[Array, ""]


def log_discriminator(real: Logits, fake: Logits) -> Scalar:
    """-E log D(x) - E log(1 - D(G(z))) = E sp(-real) + E sp(fake).

    Source: Goodfellow et al. 2014, arXiv 1406.2661, eq. 1, negated.
    """
    return jnp.mean(jax.nn.softplus(-real)) + jnp.mean(jax.nn.softplus(fake))


def minimax_generator(fake: Logits) -> Scalar:
    """E log(1 - D(G(z))) = -E sp(fake): the generator's side of eq. 1; its gradient vanishes where D wins.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, eq. 1.
    """
    return -jnp.mean(jax.nn.softplus(fake))


def log_generator(fake: Logits) -> Scalar:
    """-E log D(G(z)) = E sp(-fake): the non-saturating form.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, section 3.
    """
    return jnp.mean(jax.nn.softplus(-fake))


def least_squares_discriminator(real: Logits, fake: Logits) -> Scalar:
    """E (real - 1)^2 + E fake^2. The factor 1/2 of the paper's eq. 9 belongs to the game that uses it.

    Source: Mao et al. 2017, arXiv 1611.04076, eq. 9.
    """
    return jnp.mean(jnp.square(real - 1.0)) + jnp.mean(jnp.square(fake))


def least_squares_generator(fake: Logits) -> Scalar:
    """E (fake - 1)^2.

    Source: Mao et al. 2017, arXiv 1611.04076, eq. 9.
    """
    return jnp.mean(jnp.square(fake - 1.0))


def wasserstein_discriminator(real: Logits, fake: Logits) -> Scalar:
    """E fake - E real, minimised by the critic; minus this is the estimate of the distance.

    Source: Arjovsky et al. 2017, arXiv 1701.07875, eq. 2.
    """
    return jnp.mean(fake) - jnp.mean(real)


def wasserstein_generator(fake: Logits) -> Scalar:
    """-E fake.

    Source: Arjovsky et al. 2017, arXiv 1701.07875, theorem 3.
    """
    return -jnp.mean(fake)


def hinge_discriminator(real: Logits, fake: Logits) -> Scalar:
    """E max(0, 1 - real) + E max(0, 1 + fake).

    Source: Lim and Ye 2017, arXiv 1705.02894; Miyato et al. 2018, arXiv 1802.05957, eq. 16.
    """
    return jnp.mean(jax.nn.relu(1.0 - real)) + jnp.mean(jax.nn.relu(1.0 + fake))


def hinge_generator(fake: Logits) -> Scalar:
    """-E fake.

    Source: Miyato et al. 2018, arXiv 1802.05957, eq. 17.
    """
    return -jnp.mean(fake)


class Adversarial(NamedTuple):
    """The two sides of an adversarial loss."""

    discriminator: Callable[[Logits, Logits], Scalar]
    generator: Callable[[Logits], Scalar]


ADVERSARIAL = {
    "least_squares": Adversarial(least_squares_discriminator, least_squares_generator),
    "log": Adversarial(log_discriminator, log_generator),
    "minimax": Adversarial(log_discriminator, minimax_generator),
    "wasserstein": Adversarial(wasserstein_discriminator, wasserstein_generator),
    "hinge": Adversarial(hinge_discriminator, hinge_generator),
}


def l1(output: Float[Array, "..."], target: Float[Array, "..."]) -> Scalar:
    """E |output - target|, the mean absolute error over all entries.

    As ||F(G(x)) - x||_1 it is the cycle loss, as ||G(y) - y||_1 the identity loss. Where the two are equal the slope is
    0, as in PyTorch; that of `jnp.abs` would be 1.

    Source: Zhu et al. 2017, arXiv 1703.10593, eq. 2 and section 5.2; Isola et al. 2017, arXiv 1611.07004, eq. 3.
    """
    difference = output - target
    return jnp.mean(difference * jnp.sign(difference))


def l2(output: Float[Array, "..."], target: Float[Array, "..."]) -> Scalar:
    """E (output - target)^2, the mean squared error over all entries."""
    return jnp.mean(jnp.square(output - target))


def distances(x: Float[Array, "b *shape"], y: Float[Array, "b *shape"]) -> Float[Array, " b"]:
    """|x_i - y_i|_1, summed over all entries of an example."""
    return jnp.sum(jnp.abs(x - y).reshape(len(x), -1), axis=1)


def violations(
    real: Float[Array, " b"], fake: Float[Array, " b"], margins: Float[Array, " b"]
) -> Float[Array, " b"]:
    """margin + L(x) - L(G(z)) of each pair: above 0 where L does not tell them apart by the margin.

    Source: Qi 2017, arXiv 1701.06264, the margin constraint of LS-GAN.
    """
    return margins + real - fake
