"""WGAN-GP: digits of 8 x 8 pixels from noise, by a critic with a gradient penalty.

Paper:    Gulrajani et al. 2017, arXiv 1704.00028
Command:  python -m gan_jax.main --config=configs/wgan_gp.py
Hardware: two CPU cores; minutes
Expect:   see experiments/wgan_gp

Differences from the paper:
1. The built-in digits, dense networks and 6,000 steps of G instead of LSUN, ImageNet or CIFAR-10 and a ResNet.
2. Adam (0.5, 0.9), which the authors' code has for MNIST and toys; the paper's algorithm says (0, 0.9).
3. Samples are made by an average of G's parameters.

Variants, as in --config=configs/wgan_gp.py:ring
  ring        8 Gaussians on a circle; weight 0.1, as the authors' toys have it
  grid        25 Gaussians
  swiss_roll  a spiral
  mnist       28 x 28 pictures, convolutions; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import MNIST, RING, noise_to_image

TOY = RING | {"steps": 20_000, "penalty": 0.1}
VARIANTS = {
    "ring": TOY,
    "grid": TOY | {"data.examples": "grid"},
    "swiss_roll": TOY | {"data.examples": "swiss_roll"},
    "mnist": MNIST
    | {
        "steps": 100_000,
        "discriminator": {"network": "dcgan_discriminator", "width": 32, "norm": "none"},
    },
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    config = ConfigDict({"gan": "wgan_gp", "penalty": 10.0, **noise_to_image()})
    config.update(steps=30_000, discriminator_steps=5, learning_rate=1e-4, beta2=0.9)
    return vary(config, variant, VARIANTS).lock()
