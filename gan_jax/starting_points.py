"""What the configs of games from noise have in common: each config changes what its paper does otherwise."""

from typing import Any

RING = {  # what the 2-D toys need, on any game of two players
    "batch_size": 256,
    "steps": 4000,
    "data.examples": "ring",
    "data.classes": 0,
    "latent.size": 2,
    "generator": {"network": "mlp_generator", "width": 128, "depth": 3, "norm": "none", "bounded": False},
    "discriminator": {"network": "mlp_discriminator", "width": 128, "depth": 3, "norm": "none"},
    "learning_rate": 1e-3,
    "beta2": 0.9,
    "sample_pictures": 2500,
}
GRID = RING | {"data.examples": "grid"}
MNIST = {  # 28 x 28 pictures and convolutions
    "batch_size": 64,
    "steps": 20_000,
    "data.examples": "mnist",
    "data.root": "datasets/mnist",
    "data.side": 28,
    "data.test_pictures": 2000,
    "latent.size": 100,
    "generator": {"network": "dcgan_generator", "width": 32, "norm": "batch"},
    "discriminator": {"network": "dcgan_discriminator", "width": 32, "norm": "batch"},
}

STRINGS = {  # symbols that depend on each other, for the games of discrete examples
    "data.examples": "strings",
    "distribution": "categorical",
    "steps": 4000,
    "latent": {"kind": "normal", "size": 8},
    "generator": {"network": "mlp_generator", "width": 64, "depth": 2, "norm": "none", "bounded": False},
    "discriminator": {"network": "mlp_discriminator", "width": 64, "depth": 2, "norm": "none"},
    "learning_rate": 1e-3,
}
ZIPF = STRINGS | {  # a table of logits for each player
    "data.examples": "zipf",
    "steps": 3000,
    "batch_size": 256,
    "latent": {"kind": "constant", "size": 1},
    "generator": {"network": "mlp_generator", "depth": 0, "bounded": False},
    "discriminator": {"network": "mlp_discriminator", "depth": 0},
    "learning_rate": 1e-2,
    "decay_fraction": 0.5,
}


def noise_to_image() -> dict[str, Any]:
    """Digits of 8 x 8 pixels, small dense networks, Adam."""
    return {
        "seed": 0,
        "init_from": "",  # a run whose networks to begin with
        "steps": 6000,  # rounds; 0: as many as `epochs` take
        "epochs": 0,
        "batch_size": 64,
        "data": {
            "examples": "digits",  # or ring, grid, swiss_roll, mnist, ...: see gan_jax/data/examples.py
            "root": "",  # the folder of IDX files, for mnist and fashion_mnist
            "tfds": "",  # the data set, for examples=tfds
            "side": 28,  # pixels, where the examples do not say
            "channels": 1,
            "classes": 0,  # how many kinds of labels; 0: batches without labels
            "labelled": 0,  # how many examples have their label known; 0: all
            "test_pictures": 0,  # 0: all
            "workers": 0,
        },
        "latent": {"kind": "normal", "size": 32},
        "generator": {"network": "mlp_generator", "width": 256, "depth": 2, "norm": "batch", "bounded": True},
        "discriminator": {"network": "mlp_discriminator", "width": 256, "depth": 2, "norm": "none"},
        "discriminator_steps": 1,  # for each step of the generator
        "learning_rate": 2e-4,
        "discriminator_rate": 0.0,  # 0: the generator's
        "beta1": 0.5,
        "beta2": 0.999,
        "decay_fraction": 0.0,  # the last part of the steps, in which the learning rate falls to 0
        "rate_every": 1,
        "average": 0.999,  # of the generator, for the samples shown; 0: none
        "r1": 0.0,
        "r2": 0.0,
        "augment": "",  # some of color,translation,cutout
        "dtype": "float32",
        "log_every": 100,
        "sample_every": 1000,
        "sample_pictures": 100,
        "checkpoint_every": 2000,
        "evaluate_every": 1000,
        "evaluate_features": "pixels",  # of the sets compared then; or efficientnet, lpips, none
        "keep": 2,
        "best_metric": "",
        "tensorboard": False,
    }
