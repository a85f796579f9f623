"""An exact parameter count for every network; a family missing from the table fails."""

from math import prod
from pkgutil import iter_modules

import jax
import jax.numpy as jnp
import pytest

from gan_jax import networks

# family, fields, shape of the input, number of parameters. The first eleven: the PyTorch reference.
TABLE = [
    ("resnet", {}, (1, 256, 256, 3), 11_378_179),
    ("resnet", {"blocks": 6}, (1, 128, 128, 3), 7_837_699),
    ("resnet", {"norm": "batch"}, (1, 256, 256, 3), 11_383_427),
    ("unet", {}, (1, 256, 256, 3), 54_413_955),
    ("unet", {"levels": 7}, (1, 128, 128, 3), 41_828_995),
    ("unet", {"norm": "instance"}, (1, 256, 256, 3), 54_409_603),
    ("patchgan", {}, (1, 256, 256, 3), 2_764_737),
    ("patchgan", {"norm": "batch"}, (1, 256, 256, 6), 2_768_705),
    ("patchgan", {"layers": 5}, (1, 256, 256, 3), 11_154_369),
    ("pixelgan", {}, (1, 256, 256, 3), 8_705),
    ("pixelgan", {"norm": "batch"}, (1, 256, 256, 6), 9_024),
    # "resize" has the taps of "deconv"; "shuffle" has four times the features.
    ("resnet", {"upsample": "resize"}, (1, 256, 256, 3), 11_378_179),
    (
        "resnet",
        {"upsample": "shuffle"},
        (1, 256, 256, 3),
        11_378_179 + 3 * (9 * 256 * 128 + 128 + 9 * 128 * 64 + 64),
    ),
    # By hand, layer by layer: kernel + bias, and scale + bias of batch norm.
    ("mlp_generator", {"shape": (2,)}, (1, 2), (2 + 1) * 256 + (256 + 1) * 256 + (256 + 1) * 2),
    (
        "mlp_generator",
        {"shape": (8, 8, 1), "norm": "batch"},
        (1, 32),
        (32 + 1) * 256 + 2 * 256 + (256 + 1) * 256 + 2 * 256 + (256 + 1) * 64,
    ),
    ("mlp_discriminator", {}, (1, 8, 8, 1), (64 + 1) * 256 + (256 + 1) * 256 + (256 + 1)),
    # Of spectral norm a vector of as many entries as each layer has inputs.
    ("mlp_discriminator", {"spectral": True}, (1, 8, 8, 1), 16_640 + 65_792 + 257 + 64 + 256 + 256),
    ("mlp_discriminator", {"norm": "batch", "outputs": 0}, (1, 8, 8, 1), 16_640 + 65_792 + 2 * 256),
    (
        "dcgan_generator",
        {"shape": (64, 64, 3)},
        (1, 100),
        (100 + 1) * 4 * 4 * 512
        + 2 * 512
        + (16 * 512 + 1) * 256
        + 2 * 256
        + (16 * 256 + 1) * 128
        + 2 * 128
        + (16 * 128 + 1) * 64
        + 2 * 64
        + (16 * 64 + 1) * 64
        + 2 * 64
        + (9 * 64 + 1) * 3,
    ),
    (
        "dcgan_discriminator",
        {},
        (1, 64, 64, 3),
        (16 * 3 + 1) * 64
        + (16 * 64 + 1) * 128
        + 2 * 128
        + (16 * 128 + 1) * 256
        + 2 * 256
        + (16 * 256 + 1) * 512
        + 2 * 512
        + (4 * 4 * 512 + 1),
    ),
]


@pytest.mark.parametrize(("family", "fields", "shape", "count"), TABLE)
def test_parameter_count(family, fields, shape, count):
    module = networks.build({"network": family, **fields}, channels=3)
    params = jax.eval_shape(module.init, jax.random.key(0), jnp.zeros(shape))
    assert sum(prod(leaf.shape) for leaf in jax.tree.leaves(params)) == count


def test_every_family_is_in_the_table():
    assert {module.name for module in iter_modules(networks.__path__)} == {row[0] for row in TABLE}
