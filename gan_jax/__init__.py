"""GANs in JAX: a GAN is a game, players own parameters, moves are losses that players descend."""

__version__ = "0.1.0"
