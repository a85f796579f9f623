"""BGAN: digits of 8 x 8 pixels that are ink or paper.

Paper:    Hjelm et al. 2018, arXiv 1702.08431
Command:  python -m gan_jax.main --config=configs/bgan.py
Hardware: two CPU cores; two minutes
Expect:   see experiments/bgan

Differences from the paper: 1. Dense networks in place of convolutions. 2. Adam 1e-3 for both players in `strings` and
1e-2 in `zipf`, where the paper has 1e-4. 3. The continuous loss has the paper's 1/2 and no running estimate of log Z.

Variants, as in --config=configs/bgan.py:strings
  strings     4 symbols out of 6 that depend on each other: drawn independently given the latent
  zipf        one of 64 states by Zipf's law: G and D are tables
  ring        8 Gaussians on a circle, the continuous loss
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import RING, STRINGS, ZIPF, noise_to_image

VARIANTS = {"strings": STRINGS, "zipf": ZIPF | {"samples": 8}, "ring": RING | {"distribution": "continuous"}}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in digits in black and white, or one of the VARIANTS."""
    config = ConfigDict(
        {
            "gan": "bgan",
            **noise_to_image(),
            "distribution": "bernoulli",  # or categorical, continuous
            "samples": 20,  # M, for each latent
        }
    )
    config.data.examples, config.generator.bounded = "binary_digits", False
    return vary(config, variant, VARIANTS).lock()
