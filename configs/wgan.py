"""WGAN: digits of 8 x 8 pixels from noise, by a critic with clipped weights.

Paper:    Arjovsky et al. 2017, arXiv 1701.07875
Command:  python -m gan_jax.main --config=configs/wgan.py
Hardware: two CPU cores; minutes
Expect:   see experiments/wgan

Differences from the paper:
1. The built-in digits, dense networks and 6,000 steps of G instead of LSUN bedrooms and convolutions.
2. Weights up to 0.1 and a rate of 5e-4: with the 0.01 and 5e-5 of `mnist`, which are the paper's, small networks have
   hardly any slope, and learn as slowly.
3. Five steps of the critic at all times; the authors' code makes a hundred of the first ones.
4. Samples are made by an average of G's parameters.

Variants, as in --config=configs/wgan.py:ring
  ring        8 Gaussians on a circle; a rate of 1e-3 that falls to 0 over the second half
  grid        25 Gaussians
  mnist       28 x 28 pictures, convolutions; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import MNIST, RING, noise_to_image

TOY = {key: value for key, value in RING.items() if key != "beta2"} | {"steps": 20_000, "decay_fraction": 0.5}
VARIANTS = {
    "ring": TOY,
    "grid": TOY | {"data.examples": "grid"},
    "mnist": MNIST | {"steps": 100_000, "learning_rate": 5e-5, "clip": 0.01},
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    config = ConfigDict({"gan": "wgan", "clip": 0.1, **noise_to_image()})
    del config.beta1, config.beta2  # RMSProp has none
    config.update(steps=30_000, discriminator_steps=5, learning_rate=5e-4)
    return vary(config, variant, VARIANTS).lock()
