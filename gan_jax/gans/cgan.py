"""CGAN: both players are told a label, so that samples can be asked for by it.

    min over G, max over D   E log D(x | y) + E log(1 - D(G(z | y) | y))

Mirza and Osindero: Conditional Generative Adversarial Nets, 2014, arXiv 1411.1784, eq. 2. y is one-hot, and enters
every layer of both networks by a linear map of its own. Samples are of the labels of the batch. G descends
-E log D(G(z | y) | y); other losses than "log" may be taken.
"""

from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import duel, losses
from gan_jax.errors import UserError
from gan_jax.game import Game, Network


def game(config: ConfigDict) -> Game:
    """The game of a config; with `config.hide_labels` D is told nothing: the control without which nothing is shown.

    Raises:
        UserError: the batches have no labels.
    """
    if not config.data.classes:
        raise UserError("config.data.classes is 0: CGAN needs labels, as in --config.data.classes=10")
    adversarial, told = losses.ADVERSARIAL[config.adversarial], 0.0 if config.hide_labels else 1.0

    def discriminator(
        D: Network, x: Array, fake: Array, key: Array, y: Array
    ) -> tuple[Float[Array, ""], duel.Log]:
        real_logits, fake_logits = D(x, told * y), D(fake, told * y)
        return adversarial.discriminator(real_logits, fake_logits), duel.outputs(real_logits, fake_logits)

    def generator(D: Network, fake: Array, y: Array) -> Float[Array, ""]:
        return adversarial.generator(D(fake, told * y))

    return duel.duel(config, discriminator, generator, classes=config.data.classes)
