"""DCGAN: the GAN with convolutional networks that train.

    min over D   -E log D(x) - E log(1 - D(G(z)))
    min over G   -E log D(G(z))

Radford, Metz, Chintala: Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks,
ICLR 2016, arXiv 1511.06434. What is new is in the networks `dcgan_generator` and `dcgan_discriminator` (section 3):
strides instead of pooling, batch norm in every layer but G's last and D's first, no hidden dense layers, ReLU in G and
tanh at its end, leaky ReLU in D; and Adam with beta1 = 0.5 and a rate of 2e-4 (section 4). D has examples and samples
in batches of their own, so that batch norm cannot tell which is which from the company they keep.
"""

from jaxtyping import Array, Float
from ml_collections import ConfigDict

from gan_jax import duel, losses
from gan_jax.game import Game, Network


def game(config: ConfigDict) -> Game:
    """The game of a config."""

    def discriminator(D: Network, x: Array, fake: Array, key: Array) -> tuple[Float[Array, ""], duel.Log]:
        real_logits, fake_logits = D(x), D(fake)
        return losses.log_discriminator(real_logits, fake_logits), duel.outputs(real_logits, fake_logits)

    def generator(D: Network, fake: Array) -> Float[Array, ""]:
        return losses.log_generator(D(fake))

    return duel.duel(config, discriminator, generator)
