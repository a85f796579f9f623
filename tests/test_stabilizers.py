import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict

from gan_jax import stabilizers

KEY = jax.random.key(0)


def config(**fields):
    common = {"r1": 0.0, "r2": 0.0, "augment": "", "learning_rate": 0.1, "discriminator_rate": 0.0}
    common |= {"beta1": 0.5, "beta2": 0.9, "steps": 10, "rate_every": 1, "decay_fraction": 0.0}
    return ConfigDict(common | {"discriminator": {"norm": "none", "spectral": False}} | fields)


def test_without_augmentation_the_discriminator_is_itself():
    assert stabilizers.augmented(len, config(), KEY) is len


def test_every_call_sees_other_changes_and_the_same_key_the_same():
    x = jnp.ones((2, 8, 8, 3))

    def calls():
        D = stabilizers.augmented(lambda x: x, config(augment="color"), KEY)
        return np.asarray(D(x)), np.asarray(D(x))

    (first, second), again = calls(), calls()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal((first, second), again)


def test_conditions_and_options_pass_through():
    D = stabilizers.augmented(lambda x, y, rng=None: (x.shape, y, rng), config(augment="cutout"), KEY)
    assert D(jnp.ones((2, 8, 8, 1)), "y", rng="key") == ((2, 8, 8, 1), "y", "key")


@pytest.mark.parametrize(("r1", "r2", "expected"), [(0, 0, 0), (2, 0, 25), (0, 4, 32), (2, 4, 57)])
def test_penalties_by_hand(r1, r2, expected):
    """D(x) = 3 x_1 + 4 x_2 on real points: R1 = 25 / 2; with 4 x_1 times the label 1 on ... R2 = 16 / 2."""

    def D(x):
        return jnp.where(x[:, 0] > 0, x @ np.float32([3, 4]), 4 * x[:, 0])

    real, fake = np.ones((2, 2), np.float32), -np.ones((2, 2), np.float32)
    np.testing.assert_allclose(stabilizers.penalty(D, real, fake, config(r1=r1, r2=r2)), expected)


def test_only_batch_norm_mixes():
    assert stabilizers.mixes(config(discriminator={"norm": "batch"}))
    assert not stabilizers.mixes(config())
    assert not stabilizers.mixes(config(discriminator={}))


@pytest.mark.parametrize(("rate", "step"), [(0.0, 0.1), (0.4, 0.4)])
def test_the_discriminators_rate_is_the_generators_where_it_is_0(rate, step):
    """Adam's first step is the rate."""
    adam = stabilizers.discriminator_adam(config(discriminator_rate=rate))
    update, _ = adam.update(jnp.float32(2), adam.init(jnp.float32(0)), jnp.float32(0))
    np.testing.assert_allclose(update, -step, rtol=1e-5)


def test_spectral_networks_have_their_power_iteration_in_the_optimizer():
    params = {"kernel": jnp.diag(jnp.float32([3, 1])), "u": jnp.float32([0.6, 0.8])}
    adam = stabilizers.discriminator_adam(config(discriminator={"spectral": True}))
    update, _ = adam.update(jax.tree.map(jnp.zeros_like, params), adam.init(params), params)
    u = params["u"] + update["u"]
    by_hand = np.array([9 * 0.6, 0.8])  # W W' u
    np.testing.assert_allclose(u, by_hand / np.linalg.norm(by_hand), rtol=1e-5)
    np.testing.assert_array_equal(update["kernel"], np.zeros((2, 2)))
