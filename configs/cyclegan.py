"""CycleGAN: photos of monuments to line drawings and back, unpaired.

Paper:    Zhu, Park, Isola, Efros 2017, arXiv 1703.10593
Command:  python -m gan_jax.main --config=configs/cyclegan.py
Hardware: two CPU cores (AVX-512); 20 minutes for 10,000 steps (0.11 s a step)
Expect:   after 10,000 steps, seed 0: drawings there and back again at SSIM 0.89, drawn ink at F1 0.65; see
          experiments/monuments

Variants, as in --config=configs/cyclegan.py:campus
  campus      256 x 256, U-Net, 30 x 30 PatchGAN, cycle weight 10, least squares, no identity term, no pool.
              One GPU; not yet run
  reference   the defaults of the PyTorch implementation: ResNet of 9 blocks, 256 x 256 crops, 100 + 100
              epochs, for pictures of one's own, --config.data.root=DIR. One GPU; not yet run
  horse2zebra, maps, facades
              `reference` on the data set of that name from TensorFlow Datasets. One GPU; not yet run.
              horse2zebra by others: FID 62.1 with identity weight 0.5, 77.2 without
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary

CAMPUS = {
    "data.resize": 286,
    "data.crop": 256,
    "generator": {"network": "unet", "width": 64, "levels": 8, "norm": "instance", "dropout": 0.5},
    "discriminator": {"network": "patchgan", "width": 64, "layers": 3, "norm": "instance"},
    "cycle_x": 10.0,
    "cycle_y": 10.0,
    "identity": 0.0,
    "pool_size": 0,
    "average": 0.0,
    "adversarial": "least_squares",
}
REFERENCE = {
    "steps": 0,
    "epochs": 200,
    "data.resize": 286,
    "data.crop": 256,
    "generator": {"network": "resnet", "width": 64, "blocks": 9, "norm": "instance", "upsample": "deconv"},
    "discriminator": {"network": "patchgan", "width": 64, "layers": 3, "norm": "instance"},
    "cycle_x": 10.0,
    "cycle_y": 10.0,
    "identity": 0.5,
    "pool_size": 50,
    "average": 0.0,
    "adversarial": "least_squares",
    "decay_fraction": 0.5,
    "log_every": 100,
    "sample_every": 1000,
    "checkpoint_every": 5000,
    "evaluate_every": 0,
}
VARIANTS = {
    "campus": CAMPUS,
    "reference": REFERENCE,
    "horse2zebra": {
        **REFERENCE,
        "data.tfds": "cycle_gan/horse2zebra",
        "data.x_label": "horse",
        "data.y_label": "zebra",
    },
    "maps": {
        **REFERENCE,
        "data.tfds": "cycle_gan/maps",
        "data.x_label": "aerial photo",
        "data.y_label": "map",
    },
    "facades": {
        **REFERENCE,
        "data.tfds": "cycle_gan/facades",
        "data.x_label": "photo",
        "data.y_label": "labels",
    },
}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in pictures, or one of the VARIANTS."""
    config = ConfigDict(
        {
            "gan": "cyclegan",
            "seed": 0,
            "init_from": "",  # a run whose networks to begin with
            "steps": 10_000,  # 0: as many as `epochs` take
            "epochs": 0,
            "batch_size": 1,
            "data": {
                "root": "",  # a directory with trainA, trainB, testA, testB; "": the built-in pictures
                "x": "",  # or two directories
                "y": "",
                "tfds": "",  # or a data set from TensorFlow Datasets
                "paired": False,
                "resize": 128,
                "crop": 64,
                "flip": True,
                "x_channels": 3,
                "y_channels": 3,
                "bits": 8,
                "x_label": "photo",
                "y_label": "drawing",
                "workers": 0,
                "test_pictures": 0,  # 0: all
            },
            "generator": {
                "network": "resnet",
                "width": 32,
                "blocks": 6,
                "norm": "instance",
                "upsample": "resize",
            },
            "discriminator": {"network": "patchgan", "width": 64, "layers": 2, "norm": "instance"},
            "adversarial": "least_squares",
            # A photo holds more than its drawing: asked to restore all of it, G would hide the rest in specks.
            "cycle_x": 2.0,
            "cycle_y": 10.0,
            "cycle_noise": 0.0,  # 0.1: nothing faint can be hidden in G(x); see experiments/hidden_information
            "identity": 0.5,  # times the cycle weights
            "pool_size": 50,
            "learning_rate": 2e-4,
            "beta1": 0.5,
            "decay_fraction": 0.5,  # the last part of the steps, in which the learning rate falls to 0
            "rate_every": 1,
            "average": 0.99,  # of the generators, for the pictures shown; 0: none
            "dtype": "float32",
            "log_every": 50,
            "sample_every": 500,
            "sample_pictures": 12,
            "checkpoint_every": 1000,
            "evaluate_every": 500,
            "evaluate_features": "pixels",  # of the sets compared then; or efficientnet, lpips, none
            "keep": 3,
            "best_metric": "",
            "tensorboard": False,
        }
    )
    return vary(config, variant, VARIANTS).lock()
