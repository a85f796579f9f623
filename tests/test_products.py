"""The products of taps, and their gradients, against XLA's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax import products


@pytest.fixture
def given() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.normal(size=(4, 3, 5)).astype(np.float32), random.normal(size=(4, 5, 2)).astype(np.float32)


def test_by_hand() -> None:
    x = jnp.array([[[1.0, 2.0]], [[3.0, 4.0]]])
    kernels = jnp.array([[[1.0], [10.0]], [[0.0], [-1.0]]])
    np.testing.assert_array_equal(products.by_tap(x, kernels), [[[21.0]], [[-4.0]]])


def test_gradients_of_any_order(given: tuple[np.ndarray, np.ndarray]) -> None:
    def first(product, x, kernels):
        return jax.grad(lambda x, k: jnp.sum(jnp.sin(product(x, k))), argnums=(0, 1))(x, kernels)

    def second(product, x, kernels):
        def size(x, k):
            return sum(jnp.sum(g**3) for g in first(product, x, k))

        return jax.grad(size, argnums=(0, 1))(x, kernels)

    for order in (first, second):
        for ours, plain in zip(order(products.by_tap, *given), order(jnp.matmul, *given), strict=True):
            np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-4)


def test_on_other_devices_it_is_plain(
    given: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    def own() -> bool:
        return "custom_vjp" in str(jax.make_jaxpr(lambda x, kernels: products.by_tap(x, kernels))(*given))

    assert own()
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert not own()
