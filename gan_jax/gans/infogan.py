"""InfoGAN: part of the noise is a code that must be readable from the samples, and so comes to mean something.

    min over G, Q, max over D   V(D, G) - lambda L_I(G, Q)
    L_I = E log Q(c | G(z, c)) + H(c)  <=  I(c; G(z, c))

Chen, Duan, Houthooft, Schulman, Sutskever, Abbeel: InfoGAN, NIPS 2016, arXiv 1606.03657, eq. 3, 5 and 6. The code is
one of `codes` categories, one-hot, and `continuous` numbers u ~ U(-1, 1), of which Q is a Gaussian of deviation 1
around the means that it gives. D and Q are heads on one trunk T, and all three step together (section 6): D descends
-V, the trunk and Q also -lambda L_I. `inform_generator` = False keeps L_I from G: a GAN with a Q beside it.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key
from ml_collections import ConfigDict

from gan_jax import losses, networks, sampling, stabilizers
from gan_jax.data.examples import batch_shapes
from gan_jax.duel import outputs
from gan_jax.game import Game, Move, Network, Report
from gan_jax.players import player
from gan_jax.when import every

Batch = dict[str, Float[Array, "batch *shape"]]


def game(config: ConfigDict) -> Game:
    """The game of a config. The last `continuous` numbers of a latent are u, the rest has no meaning."""
    latent, shape = coded(sampling.latent(config.latent), config.continuous), batch_shapes(config)["image"]

    def made(G: Network, key: Array) -> tuple[Array, Array, Array]:
        """G(z, c), c and u."""
        of_latent, of_code = jax.random.split(key)
        z = latent(of_latent, config.batch_size)
        c = jax.random.randint(of_code, (config.batch_size,), 0, config.codes)
        c = sampling.one_hot(c, config.codes)
        return G(z, c), c, z[:, config.latent.size :]

    def unread(read: Float[Array, "b codes"], c: Array, u: Array) -> tuple[Array, dict[str, Array]]:
        """-lambda L_I up to a constant, and what to log: how many nats of c are read, and how well u is."""
        categorical = cross_entropy(read[:, : config.codes], c)
        continuous = gaussian(read[:, config.codes :], u)
        log = {"information": math.log(config.codes) - categorical, "continuous": continuous}
        return config.information * categorical + config.information_continuous * continuous, log

    def discriminator(
        G: Network, T: Network, D: Network, Q: Network, batch: Batch, rng: Array
    ) -> tuple[Array, Report]:
        of_noise, of_changes = jax.random.split(rng)
        T = stabilizers.augmented(T, config, of_changes)
        x, (fake, c, u) = batch["image"], made(G, of_noise)
        features = T(fake)  # Q reads samples alone
        real_logits, fake_logits = D(T(x)), D(features)
        adversarial = losses.log_discriminator(real_logits, fake_logits)
        lost, log = unread(Q(features), c, u)
        penalty = stabilizers.penalty(lambda x: D(T(x)), x, fake, config)
        return adversarial + lost + penalty, Report(log | outputs(real_logits, fake_logits))

    def generator(G: Network, T: Network, D: Network, Q: Network, rng: Array) -> tuple[Array, Report]:
        of_noise, of_changes = jax.random.split(rng)
        fake, c, u = made(G, of_noise)
        features = stabilizers.augmented(T, config, of_changes)(fake)
        adversarial = losses.log_generator(D(features))
        if not config.inform_generator:
            return adversarial, Report()
        return adversarial + unread(Q(features), c, u)[0], Report()

    z = jnp.zeros((config.batch_size, config.latent.size + config.continuous))
    x, c = jnp.zeros(shape), jnp.zeros((config.batch_size, config.codes))
    fields = {"optimizer": stabilizers.adam(config), "average": config.average}
    G = player(networks.build(config.generator, shape=shape[1:], dtype=config.dtype), beside(z, c), **fields)
    T = networks.build(config.discriminator, outputs=0, dtype=config.dtype)
    D = networks.build({"network": "mlp_discriminator", "depth": 0}, dtype=config.dtype)
    Q = networks.build(config.recognition, outputs=config.codes + config.continuous, dtype=config.dtype)
    features = jax.eval_shape(lambda: T.init_with_output(jax.random.key(0), x)[0])
    adam, steps = stabilizers.discriminator_adam(config), config.discriminator_steps
    return Game(
        players={
            # The code enters where the noise does: in later layers it could be shown without changing the content.
            "G": G._replace(apply=lambda params, z, c: G.apply(params, beside(z, c))),
            "T": player(T, x, optimizer=adam),
            "D": player(D, features, optimizer=adam),
            "Q": player(Q, features, optimizer=adam),
        },
        moves=(
            Move("discriminator", ("T", "D", "Q"), discriminator),
            Move("generator", ("G",), generator, when=every(steps, offset=steps - 1)),
        ),
        sampler=sampling.Sampler("G", latent, config.codes),
    )


def coded(latent: sampling.Latent, continuous: int) -> sampling.Latent:
    """Latents with `continuous` numbers u ~ U(-1, 1) behind them."""

    def draw(key: Key[Array, ""], n: int) -> Float[Array, "n latent"]:
        of_noise, of_code = jax.random.split(key)
        return beside(latent(of_noise, n), sampling.uniform(continuous)(of_code, n))

    return draw


def beside(a: Float[Array, "n p"], b: Float[Array, "n q"]) -> Float[Array, "n p+q"]:
    """Each row of a and then that of b."""
    return jnp.concatenate([a, b], axis=1)


def cross_entropy(logits: Float[Array, "b codes"], c: Float[Array, "b codes"]) -> Float[Array, ""]:
    """-E log Q(c | x) of one-hot codes; L_I is log K, the entropy of c, less this. Source: arXiv 1606.03657, eq. 5."""
    return -jnp.mean(jnp.sum(c * jax.nn.log_softmax(logits), axis=1))


def gaussian(mean: Float[Array, "b numbers"], u: Float[Array, "b numbers"]) -> Float[Array, ""]:
    """E 1/2 |u - mean|^2, summed over the numbers: -E log Q(u | x) of deviation 1, less its constant."""
    return jnp.mean(jnp.sum(0.5 * jnp.square(u - mean), axis=1))
