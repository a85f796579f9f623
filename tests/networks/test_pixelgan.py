import pytest
from torch import nn as tnn

from gan_jax.networks.pixelgan import build


@pytest.mark.parametrize(
    ("norm", "reference"), [("instance", tnn.InstanceNorm2d), ("batch", tnn.BatchNorm2d)]
)
def test_equals_torch(equals_torch, norm, reference):
    bias = norm == "instance"
    network = tnn.Sequential(
        tnn.Conv2d(5, 4, 1), tnn.LeakyReLU(0.2),
        tnn.Conv2d(4, 8, 1, bias=bias), reference(8), tnn.LeakyReLU(0.2),
        tnn.Conv2d(8, 1, 1, bias=bias),
    )  # fmt: skip
    names = ["conv_0", "conv_1", *([] if bias else ["norm_1"]), "conv_2"]
    equals_torch(build(width=4, norm=norm), network, names, (2, 5, 7, 5))
