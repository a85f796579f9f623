"""What is timed: configs of this project, which both sides read."""

from typing import Any, NamedTuple

from ml_collections import ConfigDict

from gan_jax import settings


class Case(NamedTuple):
    """A training step, or, with `pictures`, a generator over so many of them."""

    title: str
    config: str
    changes: dict[str, Any]
    pictures: int = 0


DECONV = {
    "generator": {"network": "resnet", "width": 32, "blocks": 6, "norm": "instance", "upsample": "deconv"},
    "discriminator.layers": 3,
    "data.crop": 128,
}
NINE = {"steps": 1000, "epochs": 0}
FOUR = {**NINE, "batch_size": 4}
CYCLEGAN, REFERENCE = "configs/cyclegan.py", "configs/cyclegan.py:reference"
CASES = {
    "default": Case("the default config: 64 px, ResNet-6, width 32", CYCLEGAN, {}),
    "128": Case("128 px, ResNet-6, width 32, PatchGAN of 3 layers", CYCLEGAN, DECONV),
    "256": Case("256 px, ResNet-9, width 64, batch 1", REFERENCE, NINE),
    "256x4": Case("256 px, ResNet-9, width 64, batch 4", REFERENCE, FOUR),
    "unet": Case("256 px, U-Net of 8 levels, no identity term", "configs/cyclegan.py:campus", {}),
    "photos": Case("translating photos, 256 px, ResNet-9, width 64", REFERENCE, FOUR, pictures=4),
}


def config(case: Case, dtype: str) -> ConfigDict:
    """The case's config, computing in `dtype`."""
    found = settings.load(case.config).copy_and_resolve_references()
    return settings.vary(found, "case", {"case": {**case.changes, "dtype": dtype}}).lock()
