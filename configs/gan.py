"""The original GAN: digits of 8 x 8 pixels from noise.

Paper:    Goodfellow et al. 2014, arXiv 1406.2661
Command:  python -m gan_jax.main --config=configs/gan.py
Hardware: two CPU cores; a minute
Expect:   see experiments/gan

Variants, as in --config=configs/gan.py:ring
  ring        8 Gaussians on a circle, dense networks, non-saturating loss
  grid        25 Gaussians
  minimax     `ring` with the loss of eq. 1, whose gradient vanishes where D wins
  hinge       `ring` with the hinge loss (Lim and Ye 2017)
  r1          `ring` with R1 of weight 0.1 (Mescheder et al. 2018)
  spectral    hinge loss and a D of spectral norm (Miyato et al. 2018)
  mnist       28 x 28 pictures, convolutions; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import GRID, MNIST, RING, noise_to_image

VARIANTS = {
    "ring": RING,
    "grid": GRID,
    "minimax": RING | {"adversarial": "minimax"},
    "hinge": RING | {"adversarial": "hinge"},
    "r1": RING | {"r1": 0.1},
    "spectral": {
        "adversarial": "hinge",
        "discriminator": {"network": "mlp_discriminator", "width": 256, "depth": 2, "spectral": True},
    },
    "mnist": MNIST,
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    config = ConfigDict({"gan": "gan", "adversarial": "log", **noise_to_image()})
    return vary(config, variant, VARIANTS).lock()
