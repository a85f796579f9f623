"""InfoGAN: digits of 8 x 8 pixels whose class and style come to be a code, without labels.

Paper:    Chen et al. 2016, arXiv 1606.03657
Command:  python -m gan_jax.main --config=configs/infogan.py
Hardware: two CPU cores; two minutes
Expect:   see experiments/infogan

Differences from the paper: 1. The continuous numbers' term weighs 0.1, as the paper has no value for it. 2. Leaky
ReLUs have a slope of 0.2.

Variants, as in --config=configs/infogan.py:uninformed
  uninformed   G does not descend the information's term: a GAN whose Q reads what happens to be there
  mnist        28 x 28 pictures, convolutions, the paper's codes; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import MNIST, noise_to_image

VARIANTS = {
    "uninformed": {"inform_generator": False},
    "mnist": MNIST
    | {
        "batch_size": 128,
        "latent": {"kind": "uniform", "size": 62},
        "recognition": {"network": "mlp_discriminator", "width": 128, "depth": 1, "norm": "none"},
    },
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    config = ConfigDict(
        {
            "gan": "infogan",
            **noise_to_image(),
            "codes": 10,  # categories
            "continuous": 2,  # numbers from -1 to 1
            "information": 1.0,  # weight of L_I for the category
            "information_continuous": 0.1,  # and for the numbers
            "inform_generator": True,
            "recognition": {"network": "mlp_discriminator", "width": 128, "depth": 0, "norm": "none"},
            "latent": {"kind": "uniform", "size": 16},
            "learning_rate": 1e-3,
            "discriminator_rate": 2e-4,
        }
    )
    return vary(config, variant, VARIANTS).lock()
