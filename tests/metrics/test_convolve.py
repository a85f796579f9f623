import jax
import numpy as np
import pytest
import torch
from torch.nn import functional

from gan_jax.metrics.convolve import conv, depthwise, folded


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def same(x, side, stride):
    """TensorFlow's SAME: the odd zero goes behind."""
    pads = []
    for length in reversed(x.shape[2:]):
        lack = max((-(-length // stride) - 1) * stride + side - length, 0)
        pads += [lack // 2, lack - lack // 2]
    return functional.pad(x, pads)


@pytest.mark.parametrize(("side", "stride", "size"), [(3, 1, (7, 8)), (3, 2, (7, 8)), (5, 2, (8, 11))])
def test_depthwise_equals_torchs_grouped_convolution(side, stride, size):
    x, kernel, bias = normal(0, 2, *size, 3), normal(1, side, side, 3), normal(2, 3)
    planes = same(torch.from_numpy(x).permute(0, 3, 1, 2), side, stride)
    weight = torch.from_numpy(kernel).permute(2, 0, 1)[:, None]
    expected = functional.conv2d(planes, weight, torch.from_numpy(bias), stride, groups=3).permute(0, 2, 3, 1)
    np.testing.assert_allclose(
        jax.jit(depthwise, static_argnums=2)(x, (kernel, bias), stride), expected, atol=1e-5
    )


def test_folded_batch_norm_equals_torchs():
    weights = {
        "c.weight": normal(0, 5, 3, 3, 3),
        "n.weight": normal(1, 5),
        "n.bias": normal(2, 5),
        "n.running_mean": normal(3, 5),
        "n.running_var": np.exp(normal(4, 5)),
    }
    x = normal(5, 2, 3, 6, 6)
    w = {name: torch.from_numpy(value) for name, value in weights.items()}
    expected = functional.batch_norm(
        functional.conv2d(torch.from_numpy(x), w["c.weight"]),
        *(w[f"n.{part}"] for part in ("running_mean", "running_var", "weight", "bias")),
        eps=1e-3,
    )
    found = conv(x.transpose(0, 2, 3, 1), folded(weights, "c", "n", 1e-3), 1, "VALID")
    np.testing.assert_allclose(found, expected.permute(0, 2, 3, 1), atol=1e-5)
