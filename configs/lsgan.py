"""LSGAN: digits of 8 x 8 pixels from noise, by least squares.

Paper:    Mao et al. 2017, arXiv 1611.04076
Command:  python -m gan_jax.main --config=configs/lsgan.py
Hardware: two CPU cores; a minute
Expect:   see experiments/lsgan

Differences from the paper:
1. The built-in digits and dense networks instead of LSUN scenes of 112 x 112 pixels and convolutions.
2. Means over the batch; the authors' code has sums.
3. Samples are made by an average of G's parameters.

Variants, as in --config=configs/lsgan.py:ring
  pearson     the codes -1, 1, 0 of eq. 8, of which theorem 1 speaks
  ring        8 Gaussians on a circle
  grid        25 Gaussians
  mnist       28 x 28 pictures, convolutions; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import GRID, MNIST, RING, noise_to_image

VARIANTS = {
    "pearson": {"codes": {"fake": -1.0, "real": 1.0, "wanted": 0.0}},
    "ring": RING,
    "grid": GRID,
    "mnist": MNIST,
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    codes = {"fake": 0.0, "real": 1.0, "wanted": 1.0}  # a, b, c of eq. 9
    config = ConfigDict({"gan": "lsgan", "codes": codes, **noise_to_image()})
    return vary(config, variant, VARIANTS).lock()
