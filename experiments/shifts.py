"""Critics of two Gaussians, one of them shifted: their Wasserstein distance is the shift, so all can be checked."""

from importlib import import_module
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree
from ml_collections import ConfigDict

from gan_jax import penalties, settings
from gan_jax.game import Game, Player, call, init, moves
from gan_jax.play import Play

POINTS = 10_000

CRITIC = {  # what a critic of the shifts needs, on the variant "ring" of any game of two players
    "discriminator.width": 64,
    "discriminator.depth": 2,
    "batch_size": 256,
    "learning_rate": 1e-3,
    "discriminator_steps": 1,
}


class Critic(NamedTuple):
    """What a trained critic says of the two Gaussians, by POINTS points of each."""

    distance: float  # E f(x) - E f(x + shift)
    slope: float  # E |grad f| between points of the two
    largest_slope: float
    pull: float  # E |d loss of G / d sample|, what a generator would learn from
    largest_weight: float


def critic(config: ConfigDict, shift: float, steps: int, seed: int) -> Critic:
    """Trains D alone, by the game's own move: examples N(0, I) in the plane, samples N((shift, 0), I)."""
    game = import_module(f"gan_jax.gans.{config.gan}").game(config)
    beside = np.float32([[shift, 0]])
    G = Player(init=lambda key: {}, apply=lambda params, z: z + beside)
    alone = game._replace(players={**game.players, "G": G}, moves=moves(game)[:1])
    key, state, rounds = jax.random.key(seed), init(alone, jax.random.key(seed)), Play(alone)
    random = np.random.default_rng(seed)
    for _ in range(steps):
        x = random.standard_normal((config.batch_size, 2)).astype(np.float32)
        state, _ = rounds(state, {"image": x}, key)
    return _says(game, state.params["D"], random, beside, key)


def _says(game: Game, params: PyTree, random: np.random.Generator, beside: np.ndarray, key: Array) -> Critic:
    x, fake = (jnp.asarray(random.standard_normal((POINTS, 2)), jnp.float32) for _ in range(2))
    fake = fake + beside

    def f(x: Array) -> Array:
        return game.players["D"].apply(params, x)

    def loss(fake: Array) -> Array:
        given = {"D": f, "G": lambda z: fake, "batch": {"image": x}, "rng": key}
        return call(moves(game)[1].loss, given)[0]

    slopes = penalties.norms(f, penalties.between(x, fake, key)[0], mixes=False)
    pulls = POINTS * jnp.linalg.norm(jax.grad(loss)(fake), axis=1)
    weight = max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(params))
    distance = float(f(x).mean() - f(fake).mean())
    return Critic(distance, float(slopes.mean()), float(slopes.max()), float(pulls.mean()), weight)


def trained(file: str, shift: float, steps: int, seed: int, **changes: Any) -> Critic:
    """`critic` of a config file, with CRITIC's changes and these."""
    config = settings.load(file).copy_and_resolve_references()
    return critic(settings.vary(config, "shift", {"shift": {**CRITIC, **changes}}), shift, steps, seed)
