"""DCGAN: the GAN with convolutional networks that train.

    min over D   -E log D(x) - E log(1 - D(G(z)))
    min over G   -E log D(G(z))

Radford, Metz, Chintala: Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks,
ICLR 2016, arXiv 1511.06434. What is new is in the networks `dcgan_generator` and `dcgan_discriminator` (section 3):
strides instead of pooling, batch norm in every layer but G's last and D's first, no hidden dense layers, ReLU in G and
tanh at its end, leaky ReLU in D; and Adam with beta1 = 0.5 and a rate of 2e-4 (section 4). D has examples and samples
in batches of their own, so that batch norm cannot tell which is which from the company they keep.
"""

from ml_collections import ConfigDict

from gan_jax import duel, losses
from gan_jax.game import Game


def game(config: ConfigDict) -> Game:
    """The game of a config; other losses than "log" may be tried with these networks."""
    return duel.adversarial(config, losses.ADVERSARIAL[config.adversarial])
