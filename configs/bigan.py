"""BiGAN: digits of 8 x 8 pixels from noise, and noise from digits.

Paper:    Donahue et al. 2017, arXiv 1605.09782
Command:  python -m gan_jax.main --config=configs/bigan.py
Hardware: two CPU cores; a minute
Expect:   see experiments/bigan

Differences from the paper: 1. Adam without weight decay. 2. A constant learning rate; in `mnist`, where the paper's
falls exponentially to 1 % over the second half, it falls linearly to 0. 3. Biases and gains stay in every layer.
4. D and the other two draw noise of their own within a step. 5. G ends in tanh, for pictures in [-1, 1].

Variants, as in --config=configs/bigan.py:ring
  ring        8 Gaussians on a circle
  mnist       28 x 28 pictures as vectors, the paper's networks: 50 latents, layers of 1024; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import MNIST, RING, noise_to_image

VARIANTS = {
    "ring": RING | {"encoder": {"network": "mlp_discriminator", "width": 128, "depth": 3, "norm": "none"}},
    "mnist": MNIST
    | {
        "batch_size": 128,
        "steps": 187_600,  # 400 epochs
        "decay_fraction": 0.5,
        "latent.size": 50,
        "generator": {
            "network": "mlp_generator",
            "width": 1024,
            "depth": 2,
            "norm": "batch",
            "bounded": True,
        },
        "encoder": {"network": "mlp_discriminator", "width": 1024, "depth": 2, "norm": "batch"},
        "discriminator": {"network": "mlp_discriminator", "width": 1024, "depth": 2, "norm": "batch"},
    },
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    config = ConfigDict(
        {
            "gan": "bigan",
            **noise_to_image(),
            "encoder": {"network": "mlp_discriminator", "width": 256, "depth": 2, "norm": "batch"},
            "latent": {"kind": "uniform", "size": 8},
            "steps": 8000,
            "sample_pictures": 12,
        }
    )
    return vary(config, variant, VARIANTS).lock()
