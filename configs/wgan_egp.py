"""WGAN-EGP: digits of 8 x 8 pixels from noise, by a critic with an exponential, weighted gradient penalty.

Paper:    after Cui and Jiang 2017, ICCIA, pages 74 to 78, reconstructed; it follows arXiv 1704.00028
Command:  python -m gan_jax.main --config=configs/wgan_egp.py
Hardware: two CPU cores; minutes
Expect:   see experiments/wgan_egp

Differences from the paper:
1. The formulas are a reconstruction: see gan_jax/gans/wgan_egp.py.
2. The built-in digits, dense networks and 6,000 steps of G.
3. Samples are made by an average of G's parameters.

Variants, as in --config=configs/wgan_egp.py:ring
  ring        8 Gaussians on a circle; weight 0.1
  grid        25 Gaussians
  absolute    `ring` with the exponential of |v|
  location    `ring` with more weight near the examples
  unweighted  `ring` without weights
  mnist       28 x 28 pictures, convolutions; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import MNIST, RING, noise_to_image

TOY = RING | {"steps": 20_000, "penalty": 0.1}
CRITIC = {"network": "dcgan_discriminator", "width": 32, "norm": "none"}
VARIANTS = {
    "ring": TOY,
    "grid": TOY | {"data.examples": "grid"},
    "absolute": TOY | {"exponential": "absolute"},
    "location": TOY | {"importance": "location"},
    "unweighted": TOY | {"importance": "none"},
    "mnist": MNIST | {"steps": 100_000, "discriminator": CRITIC},
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    own = {"gan": "wgan_egp", "penalty": 10.0, "exponential": "square", "importance": "violation"}
    config = ConfigDict({**own, **noise_to_image()})
    config.update(steps=30_000, discriminator_steps=5, learning_rate=1e-4, beta2=0.9)
    return vary(config, variant, VARIANTS).lock()
