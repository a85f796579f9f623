import jax
import numpy as np
import pytest
import torch
from torch.nn import functional

from gan_jax.errors import UserError
from gan_jax.metrics.features import inception, load

THIN = 3  # channels of every layer: the network is the same, and small


class Stated:
    """Inception-v3 in PyTorch, with random weights that it makes as it goes, under the published names."""

    def __init__(self):
        self.weights = {}
        self.generator = torch.Generator().manual_seed(0)

    def layer(self, name, x, kernel, stride=1, padding=0):
        kernel = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        weight = 0.5 * torch.randn(THIN, x.shape[1], *kernel, generator=self.generator)
        gamma, variance = (torch.rand(THIN, generator=self.generator) + 0.5 for _ in range(2))
        beta, mean = (torch.randn(THIN, generator=self.generator) for _ in range(2))
        norm = {"weight": gamma, "bias": beta, "running_mean": mean, "running_var": variance}
        self.weights |= {f"{name}.conv.weight": weight}
        self.weights |= {f"{name}.bn.{part}": value for part, value in norm.items()}
        x = functional.conv2d(x, weight, None, stride, padding)
        return functional.relu(functional.batch_norm(x, mean, variance, gamma, beta, eps=1e-3))

    def mean(self, x):
        return functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)

    def a(self, block, x):
        one = self.layer(f"{block}.branch1x1", x, 1)
        five = self.layer(f"{block}.branch5x5_1", x, 1)
        five = self.layer(f"{block}.branch5x5_2", five, 5, 1, 2)
        three = self.layer(f"{block}.branch3x3dbl_1", x, 1)
        three = self.layer(f"{block}.branch3x3dbl_2", three, 3, 1, 1)
        three = self.layer(f"{block}.branch3x3dbl_3", three, 3, 1, 1)
        return torch.cat([one, five, three, self.layer(f"{block}.branch_pool", self.mean(x), 1)], 1)

    def b(self, block, x):
        three = self.layer(f"{block}.branch3x3", x, 3, 2)
        double = self.layer(f"{block}.branch3x3dbl_1", x, 1)
        double = self.layer(f"{block}.branch3x3dbl_2", double, 3, 1, 1)
        double = self.layer(f"{block}.branch3x3dbl_3", double, 3, 2)
        return torch.cat([three, double, functional.max_pool2d(x, 3, 2)], 1)

    def c(self, block, x):
        one = self.layer(f"{block}.branch1x1", x, 1)
        seven = self.layer(f"{block}.branch7x7_1", x, 1)
        seven = self.layer(f"{block}.branch7x7_2", seven, (1, 7), 1, (0, 3))
        seven = self.layer(f"{block}.branch7x7_3", seven, (7, 1), 1, (3, 0))
        double = self.layer(f"{block}.branch7x7dbl_1", x, 1)
        for i, (kernel, padding) in enumerate((((7, 1), (3, 0)), ((1, 7), (0, 3))) * 2):
            double = self.layer(f"{block}.branch7x7dbl_{i + 2}", double, kernel, 1, padding)
        return torch.cat([one, seven, double, self.layer(f"{block}.branch_pool", self.mean(x), 1)], 1)

    def d(self, block, x):
        three = self.layer(f"{block}.branch3x3_1", x, 1)
        three = self.layer(f"{block}.branch3x3_2", three, 3, 2)
        seven = self.layer(f"{block}.branch7x7x3_1", x, 1)
        seven = self.layer(f"{block}.branch7x7x3_2", seven, (1, 7), 1, (0, 3))
        seven = self.layer(f"{block}.branch7x7x3_3", seven, (7, 1), 1, (3, 0))
        seven = self.layer(f"{block}.branch7x7x3_4", seven, 3, 2)
        return torch.cat([three, seven, functional.max_pool2d(x, 3, 2)], 1)

    def e(self, block, x, pool):
        one = self.layer(f"{block}.branch1x1", x, 1)
        three = self.layer(f"{block}.branch3x3_1", x, 1)
        three = [
            self.layer(f"{block}.branch3x3_2a", three, (1, 3), 1, (0, 1)),
            self.layer(f"{block}.branch3x3_2b", three, (3, 1), 1, (1, 0)),
        ]
        double = self.layer(f"{block}.branch3x3dbl_1", x, 1)
        double = self.layer(f"{block}.branch3x3dbl_2", double, 3, 1, 1)
        double = [
            self.layer(f"{block}.branch3x3dbl_3a", double, (1, 3), 1, (0, 1)),
            self.layer(f"{block}.branch3x3dbl_3b", double, (3, 1), 1, (1, 0)),
        ]
        return torch.cat([one, *three, *double, self.layer(f"{block}.branch_pool", pool(x), 1)], 1)

    def __call__(self, x):
        x = self.layer("Conv2d_1a_3x3", x, 3, 2)
        x = self.layer("Conv2d_2a_3x3", x, 3)
        x = functional.max_pool2d(self.layer("Conv2d_2b_3x3", x, 3, 1, 1), 3, 2)
        x = self.layer("Conv2d_3b_1x1", x, 1)
        x = functional.max_pool2d(self.layer("Conv2d_4a_3x3", x, 3), 3, 2)
        for letter in "bcd":
            x = self.a(f"Mixed_5{letter}", x)
        x = self.b("Mixed_6a", x)
        for letter in "bcde":
            x = self.c(f"Mixed_6{letter}", x)
        x = self.d("Mixed_7a", x)
        x = self.e("Mixed_7b", x, self.mean)
        x = self.e("Mixed_7c", x, lambda x: functional.max_pool2d(x, 3, 1, 1)).mean((2, 3))
        self.weights["fc.weight"] = torch.randn(7, x.shape[1], generator=self.generator)
        self.weights["fc.bias"] = torch.randn(7, generator=self.generator)
        return x, x @ self.weights["fc.weight"].T


def test_equals_a_statement_in_torch():
    x = np.random.default_rng(0).uniform(-1, 1, (2, 83, 107, 3)).astype(np.float32)
    network = Stated()
    expected = network(torch.from_numpy(x).permute(0, 3, 1, 2))
    params = inception.parameters({name: value.numpy() for name, value in network.weights.items()})
    found = jax.jit(inception.network)(params, x)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * float(theirs.abs().max()))


def test_levels_as_either_program_gives_them():
    picture = np.full((20, 30, 3), 64, np.uint8)
    np.testing.assert_allclose(inception.clean(picture), -0.5)
    np.testing.assert_allclose(inception.legacy(picture), 64 / 127.5 - 1, atol=1e-6)
    assert inception.clean(picture).shape == inception.legacy(picture).shape == (299, 299, 3)


def test_asks_for_the_weight_file_by_name(monkeypatch):
    monkeypatch.delenv(inception.VARIABLE, raising=False)
    with pytest.raises(UserError, match=r"pt_inception-2015-12-05-6726825d\.pth.*--weights=FILE"):
        load("inception")


def test_refuses_another_file(tmp_path, monkeypatch):
    other = tmp_path / "inception_v3_google.pth"
    other.write_bytes(b"other weights")
    monkeypatch.setenv(inception.VARIABLE, str(other))
    with pytest.raises(UserError, match="is not pt_inception"):
        load("inception:legacy")
