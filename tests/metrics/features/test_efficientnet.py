from importlib.util import find_spec

import jax
import numpy as np
import pytest
import torch
from torch.nn import functional

from gan_jax.metrics import features, packages
from gan_jax.metrics.features import efficientnet

pytestmark = pytest.mark.skipif(
    find_spec(efficientnet.FOLDER) is None, reason=f"{efficientnet.PACKAGE} is not installed"
)


@pytest.fixture(scope="module")
def weights():
    path = packages.find(efficientnet.PACKAGE, efficientnet.FILE, efficientnet.FOLDER)
    return torch.load(path, weights_only=True)


def stated(w, x):
    """EfficientNet-Lite0 in PyTorch, layer by layer, from the table of its paper."""

    def layer(x, kernel, norm, stride=1, groups=1):
        pads = []
        for length in (x.shape[3], x.shape[2]):
            lack = max((-(-length // stride) - 1) * stride + w[f"{kernel}.weight"].shape[-1] - length, 0)
            pads += [lack // 2, lack - lack // 2]
        x = functional.conv2d(functional.pad(x, pads), w[f"{kernel}.weight"], None, stride, groups=groups)
        parts = (w[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(x, *parts, eps=1e-3)

    x, i = functional.relu6(layer(x, "_conv_stem", "_bn0", 2)), 0
    for repeats, stride, widen in (
        (1, 1, 1),
        (2, 2, 6),
        (2, 2, 6),
        (3, 2, 6),
        (3, 1, 6),
        (4, 2, 6),
        (1, 1, 6),
    ):
        for repeat in range(repeats):
            b, y = f"_blocks.{i}", x
            if widen > 1:
                y = functional.relu6(layer(y, f"{b}._expand_conv", f"{b}._bn0"))
            first = stride if repeat == 0 else 1
            y = functional.relu6(layer(y, f"{b}._depthwise_conv", f"{b}._bn1", first, groups=y.shape[1]))
            y = layer(y, f"{b}._project_conv", f"{b}._bn2")
            x, i = (y + x if repeat else y), i + 1
    x = functional.relu6(layer(x, "_conv_head", "_bn1")).mean((2, 3))
    return x, x @ w["_fc.weight"].T + w["_fc.bias"]


def test_equals_a_statement_in_torch(weights):
    x = np.random.default_rng(0).normal(size=(2, 72, 65, 3)).astype(np.float32)
    params = efficientnet.parameters({name: value.numpy() for name, value in weights.items()})
    found = jax.jit(efficientnet.network)(params, x)
    expected = stated(weights, torch.from_numpy(x).permute(0, 3, 1, 2))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-4)


def test_has_as_many_parameters_as_published(weights):
    counted = [v.numel() for name, v in weights.items() if "running" not in name and "batches" not in name]
    assert sum(counted) == 4_652_008


def test_sees_through_noise_better_than_into_another_picture():
    # The network as it is used: a picture with faint noise is nearer to itself than another picture is.
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:96, :96]
    rings = 127 + 100 * np.sin(np.hypot(y - 48, x - 48) / 3)
    stripes = 127 + 100 * np.sin((x + y) / 6)
    pictures = [rings, rings + rng.normal(0, 5, rings.shape), stripes]
    found = features.extract(
        features.load("efficientnet")._replace(chunk=3),
        [np.repeat(picture[..., None], 3, axis=-1).astype(np.uint8) for picture in pictures],
    ).features
    assert np.linalg.norm(found[0] - found[1]) < 0.7 * np.linalg.norm(found[0] - found[2])
