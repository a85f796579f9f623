"""Compare a Flax network with a PyTorch statement of it, given the same random weights."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flax import traverse_util


def image(array: torch.Tensor) -> np.ndarray:
    return array.detach().numpy().transpose(0, 2, 3, 1)


def kernel(layer: torch.nn.Module, weight: torch.Tensor) -> np.ndarray:
    array = weight.detach().numpy()
    if isinstance(layer, torch.nn.ConvTranspose2d):
        return array.transpose(2, 3, 0, 1)[::-1, ::-1]
    return array.transpose(2, 3, 1, 0)


def parameters(network: torch.nn.Module, names: Sequence[str], gradient: bool = False) -> dict:
    """The torch parameters, or their gradients, under the Flax `names`, given in torch's order."""
    flat = {}
    layers = [layer for layer in network.modules() if next(layer.parameters(recurse=False), None) is not None]
    assert len(layers) == len(names)
    for name, layer in zip(names, layers, strict=True):
        for key, value in layer.named_parameters(recurse=False):
            value = value.grad if gradient else value
            if isinstance(layer, torch.nn.BatchNorm2d):
                flat[f"{name}/batch/{'scale' if key == 'weight' else 'bias'}"] = value.detach().numpy()
            elif key == "weight":
                flat[f"{name}/kernel"] = kernel(layer, value)
            else:
                flat[f"{name}/bias"] = value.detach().numpy()
    return {"params": traverse_util.unflatten_dict(flat, sep="/")}


def compare(module, network: torch.nn.Module, names: Sequence[str], shape: tuple[int, ...]) -> None:
    """Outputs to 1e-5; gradients of a random projection of them to 1e-5 of the largest entry."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    picture = torch.empty(shape[0], shape[3], *shape[1:3]).uniform_(-1, 1).requires_grad_()
    expected = network(picture)
    direction = torch.randn_like(expected)
    (expected * direction).sum().backward()
    params = parameters(network, names)

    def project(params, x):
        out = module.apply(params, x)
        return jnp.sum(out * image(direction)), out

    with jax.default_matmul_precision("highest"):
        shapes = jax.eval_shape(module.init, jax.random.key(0), jnp.zeros(shape))
        assert jax.tree.map(np.shape, shapes) == jax.tree.map(np.shape, params)
        gradients, out = jax.jit(jax.grad(project, (0, 1), has_aux=True))(params, image(picture))
    np.testing.assert_allclose(out, image(expected), atol=1e-5)
    wanted = (parameters(network, names, gradient=True), image(picture.grad))
    largest = max(np.abs(leaf).max() for leaf in jax.tree.leaves(wanted))
    for ours, theirs in zip(jax.tree.leaves(gradients), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * largest)


def draw(module, shape: tuple[int, ...], std: float = 0.1) -> tuple[dict, np.ndarray]:
    """Parameters from N(0, std) and a picture: from numpy, since compiling the initialisers takes seconds."""
    random = np.random.default_rng(0)
    shapes = jax.eval_shape(module.init, jax.random.key(0), jnp.zeros(shape))
    params = jax.tree.map(lambda leaf: random.normal(0, std, leaf.shape).astype(leaf.dtype), shapes)
    return params, random.uniform(-1, 1, shape).astype(np.float32)


@pytest.fixture
def equals_torch() -> Callable:
    return compare


@pytest.fixture
def drawn() -> Callable:
    return draw
