"""What every game of two players shares, tried on the original GAN."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gan_jax import duel
from gan_jax.gans import gan

PICTURES = {"batch_size": 3, "generator.width": 4}


def made(tiny, **changes):
    return gan.game(tiny("gan.py", PICTURES | changes))


def pictures(number):
    return jnp.full((3, 8, 8, 1), number)


def first(x):
    return x.reshape(len(x), -1)[:, 0]


@pytest.mark.parametrize("augment", ["", "color"])
def test_d_sees_examples_and_samples_through_the_changes_in_both_moves(tiny, loss, augment):
    game, seen = made(tiny, augment=augment), []

    def D(x):
        seen.append(np.asarray(x))
        return first(x)

    for move in ("discriminator", "generator"):
        loss(game, move, x=pictures(0.5), G=lambda z: pictures(-0.5), D=D)
    given = [pictures(0.5), pictures(-0.5), pictures(-0.5)]
    assert len(seen) == 3
    for found, picture in zip(seen, given, strict=True):
        assert np.array_equal(found, picture) == (not augment)


def test_the_gradient_of_g_goes_through_the_changes(tiny, loss):
    """A shift in brightness changes no slope: 1 at the pixel that D reads, times the slope of sp(-q) on average."""

    def objective(level):
        game = made(tiny, augment="translation")
        return loss(game, "generator", x=pictures(0), G=lambda z: pictures(level), D=lambda x: x[:, 4, 4, 0])[
            0
        ]

    np.testing.assert_allclose(jax.grad(objective)(0.0), -0.5, rtol=1e-6)


def test_r1_and_r2_are_added_to_ds_loss_alone(tiny, loss):
    """D = 2 times a pixel has R1 = R2 = 4 / 2, wherever it is."""
    plain, both = made(tiny), made(tiny, r1=3.0, r2=5.0)
    given = {"x": pictures(0.5), "G": lambda z: pictures(-0.5), "D": lambda x: 2 * first(x)}
    apart = {
        move: loss(both, move, **given)[0] - loss(plain, move, **given)[0]
        for move in ("discriminator", "generator")
    }
    np.testing.assert_allclose(apart["discriminator"], 3 * 2 + 5 * 2, rtol=1e-6)
    np.testing.assert_allclose(apart["generator"], 0, atol=1e-6)


def test_latents_are_as_many_as_the_batch_has_examples(tiny, loss):
    game, drawn = made(tiny), []

    def G(z):
        drawn.append(np.asarray(z))
        return pictures(0.0)

    for move in ("discriminator", "generator"):
        loss(game, move, x=pictures(0.0), G=G, D=first)
    assert [z.shape for z in drawn] == [(3, 32)] * 2


def test_other_optimizers_than_adam(tiny, draw, play, begin):
    """With plain gradient descent of rate 1 D moves by its gradient, whose length is logged; G, of rate 0, rests."""
    config = tiny("gan.py", PICTURES | {"discriminator.depth": 0})

    def discriminator(D, x, fake, key):
        return jnp.mean(D(x)), {}

    def generator(D, fake):
        return jnp.mean(D(fake))

    game = duel.duel(config, discriminator, generator, optimizers=(optax.sgd(0.0), optax.sgd(1.0)))
    start = {name: p.init(jax.random.key(0)) for name, p in game.players.items()}
    batch = draw(config)
    state, log = play(game)(begin(game, start), batch, jax.random.key(0))
    moved = start["D"]["dense_0"]["kernel"] - state.params["D"]["dense_0"]["kernel"]
    np.testing.assert_allclose(moved[:, 0], batch["image"].reshape(3, -1).mean(0), atol=1e-5)
    jax.tree.map(np.testing.assert_array_equal, start["G"], state.params["G"])
    assert log["gradient/discriminator"] > 0
