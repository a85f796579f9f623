"""SGAN: a classifier of digits from 50 labels, helped by a generator and by digits without labels.

Paper:    Salimans et al. 2016, arXiv 1606.03498, section 5; Odena 2016, arXiv 1606.01583
Command:  python -m gan_jax.main --config=configs/sgan.py
Hardware: two CPU cores; two minutes
Expect:   see experiments/sgan

Differences from the paper: 1. He's initial weights and no weight norm. 2. Adam 1e-3 where the paper's MNIST has 3e-3.
3. Layers
of one width; the generator's hidden units are ReLUs, not softplus. 4. The classifier and the generator see one batch of
unlabelled examples in a round, with noise of their own, not two. 5. Averages of parameters decay by `average`.

Variants, as in --config=configs/sgan.py:supervised
  supervised   the same classifier on the labels alone: what the generator's help is measured against
  log          G descends -E log D(G(z)) instead of matching features
  mnist        28 x 28 pictures as vectors, layers of 500, 100 labels; IDX files in datasets/mnist
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import MNIST, noise_to_image

VARIANTS = {
    "supervised": {"unlabelled": 0.0},
    "log": {"feature_matching": False},
    "mnist": MNIST
    | {
        "data.classes": 10,
        "data.labelled": 100,
        "batch_size": 100,
        "steps": 180_000,  # 300 epochs
        "generator": {"network": "mlp_generator", "width": 500, "depth": 2, "norm": "batch", "bounded": True},
        "discriminator": {
            "network": "mlp_discriminator",
            "width": 500,
            "depth": 4,
            "norm": "none",
            "noise": 0.5,
        },
    },
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits, or one of the VARIANTS."""
    config = ConfigDict(
        {
            "gan": "sgan",
            **noise_to_image(),
            "feature_matching": True,
            "unlabelled": 1.0,  # weight of the losses on examples without labels; 0 trains on the labels alone
            "steps": 3000,
            "batch_size": 100,
            "learning_rate": 1e-3,
        }
    )
    config.data.classes, config.data.labelled = 10, 50
    config.discriminator = ConfigDict(
        {"network": "mlp_discriminator", "width": 256, "depth": 3, "norm": "none", "noise": 0.5}
    )
    return vary(config, variant, VARIANTS).lock()
