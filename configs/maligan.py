"""MaliGAN: strings of 4 symbols that depend on each other.

Paper:    Che et al. 2017, arXiv 1702.07983
Command:  python -m gan_jax.main --config=configs/maligan.py
Hardware: two CPU cores; a minute
Expect:   see experiments/maligan

Differences from the paper: 1. Examples of one step, so no mixture with maximum likelihood over prefixes, and no
pre-training. 2. The generator that draws is the one that learns, not a delayed copy. 3. A constant baseline of 1/m,
where the paper's grows.

Variants, as in --config=configs/maligan.py:zipf
  zipf          one of 64 states by Zipf's law: G and D are tables
  digits        digits of 8 x 8 pixels that are ink or paper
  no_baseline   b = 0: samples that are all alike to D move G nonetheless
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary
from gan_jax.starting_points import STRINGS, ZIPF, noise_to_image

DIGITS = noise_to_image()
VARIANTS = {
    "zipf": ZIPF,
    "digits": {key: DIGITS[key] for key in ("latent", "discriminator", "learning_rate", "steps")}
    | {
        "data.examples": "binary_digits",
        "distribution": "bernoulli",
        "generator": DIGITS["generator"] | {"bounded": False},
    },
    "no_baseline": {"baseline": 0.0},
}


def get_config(variant: str = "") -> ConfigDict:
    """The strings, or one of the VARIANTS."""
    own = {"gan": "maligan", "distribution": "categorical", "baseline": 1.0, "clip": 10.0}
    config = vary(ConfigDict({**own, **noise_to_image()}), "strings", {"strings": STRINGS})
    config.batch_size = 256  # the samples that share the weights
    return vary(config, variant, VARIANTS).lock()
