"""GLS-GAN: digits of 8 x 8 pixels from noise, by a cost between those of LS-GAN and WGAN.

Paper:    Qi 2017, arXiv 1701.06264, appendix D
Command:  python -m gan_jax.main --config=configs/gls_gan.py
Hardware: two CPU cores; a minute
Expect:   see experiments/gls_gan

Differences from the paper:
1. The built-in digits and dense networks instead of CelebA and convolutions.
2. The slope of L is bounded by the penalty of WGAN-GP; in `clipped` by clipping, as in the author's code.
3. The margin grows by 0.02 a unit of distance, for the size of these pictures.
4. Samples are made by an average of G's parameters.

Variants, as in --config=configs/gls_gan.py:ring
  ring        8 Gaussians on a circle, slope 0.2
  ls_gan      `ring` with slope 0: LS-GAN
  wgan        `ring` with slope 1: WGAN, with the penalty of WGAN-GP
  absolute    `ring` with slope -1: the cost |a|
  clipped     `ring` with weights clipped to 0.08 and no penalty
  grid        25 Gaussians
  mnist       28 x 28 pictures, convolutions, margins as for their size; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import GRID, MNIST, RING, noise_to_image

VARIANTS = {
    "ring": RING,
    "ls_gan": RING | {"slope": 0.0},
    "wgan": RING | {"slope": 1.0},
    "absolute": RING | {"slope": -1.0},
    "clipped": RING | {"penalty": 0.0, "clip": 0.08},
    "grid": GRID,
    "mnist": MNIST
    | {
        "margin": 0.002,
        "discriminator": {"network": "dcgan_discriminator", "width": 32, "norm": "none"},
    },
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    own = {"gan": "gls_gan", "slope": 0.2, "margin": 0.02, "penalty": 0.1, "clip": 0.0}
    return vary(ConfigDict({**own, **noise_to_image()}), variant, VARIANTS).lock()
