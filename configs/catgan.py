"""CatGAN: digits of 8 x 8 pixels put into 10 categories without labels.

Paper:    Springenberg 2016, arXiv 1511.06390
Command:  python -m gan_jax.main --config=configs/catgan.py
Hardware: two CPU cores; two minutes
Expect:   see experiments/catgan

Differences from the paper: 1. Noise of deviation 0.3 on every layer of D where the paper has dropout too. 2. Two hidden
layers of 256 for pictures of 8 x 8. 3. Averages of D's parameters are what is measured.

Variants, as in --config=configs/catgan.py:twenty
  twenty      20 categories: more than one for a class
  labelled    50 of the digits have labels
  mnist       28 x 28 pictures as vectors, 20 categories; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import MNIST, noise_to_image

VARIANTS = {
    "twenty": {"categories": 20},
    "labelled": {"data.classes": 10, "data.labelled": 50},
    "mnist": MNIST
    | {
        "categories": 20,
        "batch_size": 200,
        "generator": {
            "network": "mlp_generator",
            "width": 1200,
            "depth": 2,
            "norm": "batch",
            "bounded": True,
        },
        "discriminator": {
            "network": "mlp_discriminator",
            "width": 1200,
            "depth": 3,
            "norm": "batch",
            "noise": 0.3,
        },
    },
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    config = ConfigDict(
        {
            "gan": "catgan",
            **noise_to_image(),
            "categories": 10,
            "supervised": 1.0,  # weight of the labels, where some are known
            "steps": 5000,
            "batch_size": 200,  # at least 10 for each category, or its entropy comes out too low
        }
    )
    config.discriminator = ConfigDict(
        {"network": "mlp_discriminator", "width": 256, "depth": 2, "norm": "batch", "noise": 0.3}
    )
    return vary(config, variant, VARIANTS).lock()
