import pytest
from ml_collections import ConfigDict

from gan_jax import networks
from gan_jax.errors import UserError
from gan_jax.networks.patchgan import PatchGAN
from gan_jax.networks.resnet import ResNetGenerator


def test_a_block_picks_the_family_and_its_fields():
    block = ConfigDict({"network": "resnet", "width": 8, "blocks": 2})
    assert networks.build(block, channels=1) == ResNetGenerator(width=8, blocks=2, channels=1)
    assert networks.build({"network": "patchgan", "layers": 2}) == PatchGAN(layers=2)
    assert networks.build({"network": "patchgan"}, channels=3) == PatchGAN()
    assert block.network == "resnet"


@pytest.mark.parametrize("block", [{}, {"network": "resnext"}, {"network": "resnet.py"}])
def test_an_unknown_family_is_told_the_known_ones(block):
    with pytest.raises(UserError, match=r"is unknown: use one of .*patchgan.*resnet"):
        networks.build(block)


def test_an_unknown_field_is_told():
    with pytest.raises(UserError, match=r'network "resnet": .*widht'):
        networks.build({"network": "resnet", "widht": 8})
