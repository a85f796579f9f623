import io
import pickle
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch.nn import functional

from gan_jax.errors import UserError
from gan_jax.metrics.features import extract, load, lpips

needs_weights = pytest.mark.skipif(
    find_spec(lpips.PACKAGE) is None, reason=f"{lpips.PACKAGE} is not installed"
)


def pictures(seed, count, height, width):
    return np.random.default_rng(seed).uniform(-1, 1, (count, height, width, 3)).astype(np.float32)


def maps(name, params, x):
    """The two networks in PyTorch, as their papers list the layers."""
    convolutions = iter(
        [
            (torch.tensor(np.asarray(k)).permute(3, 2, 0, 1), torch.tensor(np.asarray(b)))
            for k, b in params["layers"]
        ]
    )

    def conv(x, **how):
        return functional.relu(functional.conv2d(x, *next(convolutions), **how))

    x = (x - torch.tensor([-0.030, -0.088, -0.188])[:, None, None]) / torch.tensor([0.458, 0.448, 0.450])[
        :, None, None
    ]
    if name == "alexnet":
        one = conv(x, stride=4, padding=2)
        two = conv(functional.max_pool2d(one, 3, 2), padding=2)
        three = conv(functional.max_pool2d(two, 3, 2), padding=1)
        four = conv(three, padding=1)
        return [one, two, three, four, conv(four, padding=1)]
    found = []
    for stage, depth in enumerate((2, 2, 3, 3, 3)):
        x = functional.max_pool2d(x, 2) if stage else x
        for _ in range(depth):
            x = conv(x, padding=1)
        found.append(x)
    return found


def stated(name, params, a, b):
    total = 0
    for i, (f, g) in enumerate(zip(maps(name, params, a), maps(name, params, b), strict=True)):
        head = torch.tensor(np.asarray(params["heads"][i])).permute(3, 2, 0, 1)
        f, g = (m / (m.pow(2).sum(1, keepdim=True).sqrt() + 1e-10) for m in (f, g))
        total = total + functional.conv2d((f - g) ** 2, head).mean((1, 2, 3))
    return total


@needs_weights
@pytest.mark.parametrize("name", lpips.NETWORKS)
def test_equals_a_statement_in_torch(name):
    a, b = pictures(0, 2, 37, 48), pictures(1, 2, 37, 48)
    expected = stated(
        name, lpips.parameters(name), *(torch.from_numpy(x).permute(0, 3, 1, 2) for x in (a, b))
    )
    np.testing.assert_allclose(lpips.distances(name, a, b), expected, atol=1e-5)


@needs_weights
def test_equal_pictures_are_at_zero_and_order_does_not_matter():
    a, b = pictures(2, 5, 32, 32), pictures(3, 5, 32, 32)
    np.testing.assert_allclose(lpips.distances("alexnet", a, a), 0, atol=1e-12)
    found = lpips.distances("alexnet", a, b)
    assert found.shape == (5,)  # more than a chunk
    np.testing.assert_allclose(found, lpips.distances("alexnet", b, a), rtol=1e-5)
    np.testing.assert_allclose(found[4], lpips.distances("alexnet", a[4:], b[4:])[0], rtol=1e-4)


@needs_weights
def test_a_shift_by_a_pixel_counts_less_than_a_blur():
    # What LPIPS is for: pixels say the opposite.
    rng = np.random.default_rng(4)
    picture = np.kron(rng.uniform(-1, 1, (1, 16, 16, 1)), np.ones((1, 4, 4, 3))).astype(np.float32)
    shifted = np.roll(picture, 1, axis=2)
    blurred = sum(np.roll(picture, (i, j), axis=(1, 2)) for i in range(-2, 3) for j in range(-2, 3)) / 25
    to_shifted, to_blurred = (lpips.distances("alexnet", picture, other)[0] for other in (shifted, blurred))
    assert to_shifted < to_blurred


@needs_weights
def test_small_pictures_are_refused():
    with pytest.raises(UserError, match="at least 31 pixels; these are 40x30"):
        lpips.distances("alexnet", pictures(0, 1, 30, 40), pictures(1, 1, 30, 40))


@needs_weights
def test_features_are_means_of_the_last_maps():
    network = load("lpips:alexnet")._replace(chunk=2)
    picture = np.full((224, 224, 3), 200, np.uint8)
    found = extract(network, [picture]).features
    x = torch.full((1, 3, 224, 224), 200 / 127.5 - 1)
    expected = maps("alexnet", lpips.parameters("alexnet"), x)[-1].mean((2, 3))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_pickle_that_asks_for_more_than_arrays_is_refused():
    harmful = pickle.dumps(print)
    with pytest.raises(pickle.UnpicklingError, match="print"):
        lpips._Arrays(io.BytesIO(harmful)).load()
