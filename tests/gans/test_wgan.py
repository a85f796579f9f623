import jax
import numpy as np
import pytest

from gan_jax.errors import UserError
from gan_jax.game import init
from gan_jax.gans import wgan


def made(tiny, **changes):
    return wgan.game(tiny("wgan.py:ring", changes))


def test_losses_by_hand(tiny, loss):
    critic, log = loss(made(tiny), "discriminator")
    np.testing.assert_allclose([critic, log["distance"]], [-0.566667, 0.566667], atol=1e-6)
    np.testing.assert_allclose(loss(made(tiny), "generator")[0], 0.066667, atol=1e-6)


@pytest.mark.parametrize("clip", [0.05, 0.2])
def test_every_weight_of_the_critic_is_clipped_after_each_step(tiny, draw, play, clip):
    config = tiny("wgan.py:ring", {"clip": clip, "discriminator.width": 16, "discriminator.depth": 2})
    game = wgan.game(config)
    state, round = init(game, jax.random.key(0)), play(game)

    def largest(player):
        return max(abs(leaf).max() for leaf in jax.tree.leaves(state.params[player]))

    assert largest("D") > clip
    for step in range(2):
        state, log = round(state, draw(config, step), jax.random.key(0))
        np.testing.assert_allclose(largest("D"), clip, rtol=1e-6)
        np.testing.assert_allclose(log["learning_rate/D"], config.learning_rate, rtol=1e-6)
    assert largest("G") > clip


def test_without_clipping_it_is_told(tiny):
    with pytest.raises(UserError, match=r"config\.clip is 0: expected a number above 0"):
        made(tiny, clip=0.0)
