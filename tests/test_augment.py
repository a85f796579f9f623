import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.augment import POLICIES, augment
from gan_jax.errors import UserError

KEY = jax.random.key(1)
ALL = "color,translation,cutout"


def draw(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def test_no_policy_changes_nothing():
    x = draw(2, 8, 8, 3)
    assert augment(x, "", KEY) is x


@pytest.mark.parametrize("policy", [*POLICIES, ALL, "cutout,color"])
@pytest.mark.parametrize("shape", [(3, 8, 8, 1), (2, 28, 20, 3)])
def test_shapes_stay_and_gradients_flow(policy, shape):
    x = draw(*shape)
    out = jax.jit(lambda x: augment(x, policy, KEY))(x)
    assert (out.shape, out.dtype) == (x.shape, x.dtype)
    assert not np.array_equal(out, x)
    slope = jax.grad(lambda x: augment(x, policy, KEY).sum())(x)
    assert bool(jnp.isfinite(slope).all())
    assert all(np.abs(one).max() > 0 for one in slope)


def test_color_by_hand():
    """On one flat picture only brightness acts; the mean of any picture moves by it, whatever the other two do."""
    grey = np.full((1000, 2, 2, 3), 0.1, np.float32)
    shift = np.asarray(augment(grey, "color", KEY)) - grey
    np.testing.assert_allclose(shift, np.broadcast_to(shift[:, :1, :1, :1], shift.shape), atol=1e-5)
    assert -0.5 <= shift.min() < -0.45 < 0.45 < shift.max() <= 0.5
    x = draw(1000, 2, 2, 3)
    moved = np.asarray(augment(x, "color", KEY)).mean((1, 2, 3)) - x.mean((1, 2, 3))
    np.testing.assert_allclose(moved, shift[:, 0, 0, 0], atol=1e-5)


def test_saturation_and_contrast_have_their_ranges():
    """A picture of two rows whose differences between channels, and of grey between rows, tell the two factors."""
    rows = np.float32([[1, 0, 0], [0, 0, -1]]).reshape(1, 2, 1, 3).repeat(2000, 0)
    out = np.asarray(augment(rows, "color", KEY))
    contrast = (out[:, 0].mean((1, 2)) - out[:, 1].mean((1, 2))) / (2 / 3)
    saturation = (out[:, 0, 0, 0] - out[:, 0, 0, 1]) / contrast
    assert 0.5 <= contrast.min() < 0.55 < 1.45 < contrast.max() <= 1.5
    assert -1e-4 <= saturation.min() < 0.1 < 1.9 < saturation.max() <= 2 + 1e-4


def test_translation_shifts_by_up_to_an_eighth_and_lets_zeros_in():
    x = np.zeros((500, 16, 24, 1), np.float32)
    x[:, 8, 12] = 1
    x[:, 0, 0] = 2
    out = np.asarray(augment(x, "translation", KEY))
    at = np.argwhere(out[..., 0] == 1)
    assert len(at) == 500
    assert set(at[:, 1] - 8) == set(range(-2, 3))
    assert set(at[:, 2] - 12) == set(range(-3, 4))
    corner = out[at[:, 0], np.maximum(at[:, 1] - 8, 0), np.maximum(at[:, 2] - 12, 0), 0]
    inside = (at[:, 1] >= 8) & (at[:, 2] >= 12)
    assert (corner[inside] == 2).all()
    assert (out.sum((1, 2, 3))[~inside] == 1).all()


def test_cutout_takes_a_rectangle_of_half_of_each_side():
    """Whole where its middle is well inside, cut off at the border, never moved."""
    out = np.asarray(augment(np.ones((500, 16, 8, 2), np.float32), "cutout", KEY))
    np.testing.assert_array_equal(out[..., 0], out[..., 1])
    hole = out[..., 0] == 0
    heights, widths = hole.any(2).sum(1), hole.any(1).sum(1)
    np.testing.assert_array_equal(hole.sum((1, 2)), heights * widths)
    assert (heights.max(), widths.max()) == (8, 4)
    assert (heights.min(), widths.min()) == (5, 3) or (heights.min() >= 4 and widths.min() >= 2)
    assert set(np.unique(out)) == {0, 1}


def test_pictures_of_a_batch_change_differently():
    out = np.asarray(augment(np.ones((20, 16, 16, 1), np.float32), "cutout", KEY))
    assert len({one.tobytes() for one in out}) > 10


def test_user_mistakes_are_told():
    with pytest.raises(
        UserError, match=r"config\.augment='colour': expected some of color,translation,cutout"
    ):
        augment(draw(1, 8, 8, 1), "colour", KEY)
    with pytest.raises(UserError, match="changes pictures, and these examples have 1 axes"):
        augment(draw(4, 2), "color", KEY)
