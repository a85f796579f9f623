"""LS-GAN, the loss-sensitive one: digits of 8 x 8 pixels from noise.

Paper:    Qi 2017, arXiv 1701.06264
Command:  python -m gan_jax.main --config=configs/ls_gan.py
Hardware: two CPU cores; a minute
Expect:   see experiments/ls_gan

Differences from the paper:
1. The built-in digits and dense networks instead of CelebA, LSUN and convolutions.
2. The slope of L is bounded by the penalty of WGAN-GP instead of by weight decay.
3. Noise is drawn anew for G's step; the author's code takes that of L's.
4. The margin grows by 0.02 a unit of distance, which makes it about 1 at the start; the author's 2e-4 does so for
   pictures of 64 x 64.
5. Samples are made by an average of G's parameters.

Variants, as in --config=configs/ls_gan.py:ring
  theory      with gamma 0.1, L above 0: the paper's objective with lambda 10, divided by lambda
  ring        8 Gaussians on a circle
  grid        25 Gaussians
  mnist       28 x 28 pictures, convolutions, margins as for their size; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import GRID, MNIST, RING, noise_to_image

CRITIC = {"network": "dcgan_discriminator", "width": 32, "norm": "none"}
VARIANTS = {
    "theory": {"example_loss": 0.1},
    "ring": RING,
    "grid": GRID,
    "mnist": MNIST | {"margin": 0.002, "discriminator": CRITIC},
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    own = {"gan": "ls_gan", "margin": 0.02, "example_loss": 0.0, "penalty": 0.1}
    return vary(ConfigDict({**own, **noise_to_image()}), variant, VARIANTS).lock()
