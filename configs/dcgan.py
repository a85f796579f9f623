"""DCGAN: digits of 8 x 8 pixels from noise, by convolutions.

Paper:    Radford et al. 2016, arXiv 1511.06434
Command:  python -m gan_jax.main --config=configs/dcgan.py
Hardware: two CPU cores; minutes
Expect:   see experiments/dcgan

Differences from the paper:
1. The built-in digits, doubled once from 4 x 4, 32 features wide; `reference` has the sizes of the authors' later code.
2. Kernels of 4 x 4, which stride 2 divides, so that no pixel is covered more often than its neighbour; the paper's
   have 5 x 5.
3. The dense layers of G's first and D's last step start from N(0, 2 / inputs), not N(0, 0.02).
4. A 3 x 3 convolution gives G's output after the last doubling; no weight decay.
5. Samples are made by an average of G's parameters.

Variants, as in --config=configs/dcgan.py:mnist
  mnist       28 x 28 pictures; IDX files in datasets/mnist
  fashion     Fashion-MNIST; IDX files in datasets/fashion_mnist
  monuments   crops of 32 x 32 pixels of the built-in photos
  reference   64 x 64 pictures of a data set of --config.data.tfds; a GPU
  dense       the same without convolutions: what the paper improves upon
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import MNIST, noise_to_image


def blocks(width: int) -> dict[str, dict[str, object]]:
    """Both networks, of that many features in the widest map."""
    return {
        "generator": {"network": "dcgan_generator", "width": width, "norm": "batch"},
        "discriminator": {"network": "dcgan_discriminator", "width": width, "norm": "batch"},
    }


PICTURES = {"data.channels": 3, "latent.size": 100, "steps": 20_000, "data.classes": 0}
DENSE = {"width": 256, "depth": 2}
VARIANTS = {
    "mnist": MNIST,
    "fashion": MNIST | {"data.examples": "fashion_mnist", "data.root": "datasets/fashion_mnist"},
    "monuments": PICTURES | {"data.examples": "monuments", "data.side": 32},
    "reference": PICTURES | {"data.examples": "tfds", "data.side": 64, "batch_size": 128, **blocks(64)},
    "dense": {
        "generator": {"network": "mlp_generator", "norm": "batch", "bounded": True, **DENSE},
        "discriminator": {"network": "mlp_discriminator", "norm": "none", **DENSE},
    },
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    config = ConfigDict({"gan": "dcgan", "adversarial": "log", **noise_to_image(), **blocks(32)})
    config.steps = 4000
    return vary(config, variant, VARIANTS).lock()
