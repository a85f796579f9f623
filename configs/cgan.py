"""CGAN: digits of 8 x 8 pixels from noise and a label.

Paper:    Mirza and Osindero 2014, arXiv 1411.1784
Command:  python -m gan_jax.main --config=configs/cgan.py
Hardware: two CPU cores; a minute
Expect:   see experiments/cgan

Differences from the paper:
1. The built-in digits, dense networks of two layers with batch norm in G, and Adam, instead of MNIST, maxout networks
   with dropout, and SGD.
2. The label enters every layer, as in the authors of DCGAN's networks for MNIST, not the joint layer alone.
3. Samples are made by an average of G's parameters.

Variants, as in --config=configs/cgan.py:blind
  blind       D is not told the label: the control
  mnist       28 x 28 pictures, convolutions; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import MNIST, noise_to_image

VARIANTS = {"blind": {"hide_labels": True}, "mnist": MNIST}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    config = ConfigDict({"gan": "cgan", "adversarial": "log", "hide_labels": False, **noise_to_image()})
    config.data.classes = 10
    return vary(config, variant, VARIANTS).lock()
