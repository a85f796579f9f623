import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.errors import UserError
from gan_jax.game import init
from gan_jax.gans import cgan
from gan_jax.sampling import sample

LABELS = np.int32([3, 0, 9])


def made(tiny, **changes):
    return cgan.game(tiny("cgan.py", {"batch_size": 3} | changes))


def pictures(numbers):
    return jnp.broadcast_to(jnp.reshape(jnp.float32(numbers), (-1, 1, 1, 1)), (len(numbers), 8, 8, 1))


def first(x):
    return x.reshape(len(x), -1)[:, 0]


def test_losses_by_hand(tiny, loss):
    """Outputs (2, -1, 0.5) and (-1.5, 0.3, 1), which D must put together of the picture and 10 times the label."""
    real, fake = (np.float32(v) - 10 * LABELS for v in ([2, -1, 0.5], [-1.5, 0.3, 1]))

    def D(x, y):
        return first(x) + 10 * jnp.argmax(y, 1)

    given = {"D": D, "G": lambda z, y: pictures(fake), "x": pictures(real), "label": LABELS}
    np.testing.assert_allclose(loss(made(tiny), "discriminator", **given)[0], 1.427766, atol=1e-5)
    np.testing.assert_allclose(loss(made(tiny), "generator", **given)[0], 0.856343, atol=1e-5)


@pytest.mark.parametrize("hide", [False, True])
def test_who_is_told_the_labels(tiny, loss, hide):
    told = {"G": [], "D": []}

    def G(z, y):
        told["G"].append(y)
        return pictures([0, 0, 0])

    def D(x, y):
        told["D"].append(y)
        return first(x)

    for move in ("discriminator", "generator"):
        loss(made(tiny, hide_labels=hide), move, G=G, D=D, x=pictures([0, 0, 0]), label=LABELS)
    assert [len(calls) for calls in told.values()] == [2, 3]
    for y in told["G"]:
        np.testing.assert_array_equal(y, np.eye(10)[LABELS])
    for y in told["D"]:
        np.testing.assert_array_equal(y, np.eye(10)[LABELS] * (not hide))


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_r1_asks_with_each_pictures_own_label(tiny, loss, norm):
    """D(x, y) = x_11 (y + 1) has slope y + 1: R1 is half the mean of 16, 1, 100, with the weight 2."""
    changes = {"r1": 2.0, "discriminator.norm": norm}

    def D(x, y):
        return first(x) * (jnp.argmax(y, 1) + 1)

    given = {"D": D, "G": lambda z, y: pictures([0, 0, 0]), "x": pictures([0, 0, 0]), "label": LABELS}
    found = loss(made(tiny, **changes), "discriminator", **given)[0]
    np.testing.assert_allclose(found - 2 * np.log(2), 117 / 3, rtol=1e-5)


def test_samples_are_of_the_labels_asked_for(tiny):
    game = made(tiny)
    assert game.sampler.classes == 10
    asked = []

    def G(z, y):
        asked.append(y)
        return z

    sample(game.sampler, G, jax.random.key(0), 3, LABELS)
    np.testing.assert_array_equal(asked[0], np.eye(10)[LABELS])
    assert "condition" in init(game, jax.random.key(0)).params["D"]["dense_0"]


def test_without_labels_it_is_told(tiny):
    with pytest.raises(UserError, match=r"config\.data\.classes is 0: CGAN needs labels"):
        made(tiny, **{"data.classes": 0})
