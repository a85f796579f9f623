"""pix2pix: photos of monuments to line drawings, from true pairs.

Paper:    Isola, Zhu, Zhou, Efros 2017, arXiv 1611.07004
Command:  python -m gan_jax.main --config=configs/pix2pix.py
          --config.direction=y2x draws photos from drawings instead
Hardware: two CPU cores (AVX-512); not yet run for all its 10,000 steps
Expect:   with --config.steps=2500, seed 0: drawn ink at F1 0.75, precision 0.92; see experiments/monuments

Variants, as in --config=configs/pix2pix.py:reference
  reference   the defaults of the PyTorch implementation: U-Net with dropout, batch norm, 256 x 256 crops,
              100 + 100 epochs, for pairs of one's own, --config.data.root=DIR. One GPU; not yet run
  facades     `reference` from labels to photos, for the facades that CycleGAN's authors publish, unpacked in
              datasets/facades. (TensorFlow Datasets drops the file names, and with them the pairs.) One GPU;
              not yet run. FID by others: 119 to 125
"""

from ml_collections import ConfigDict

from gan_jax.settings import vary

REFERENCE = {
    "steps": 0,
    "epochs": 200,
    "data.resize": 286,
    "data.crop": 256,
    "generator": {"network": "unet", "width": 64, "levels": 8, "norm": "batch", "dropout": 0.5},
    "discriminator": {"network": "patchgan", "width": 64, "layers": 3, "norm": "batch"},
    "l1": 100.0,
    "average": 0.0,
    "adversarial": "log",
    "decay_fraction": 0.5,
    "log_every": 100,
    "sample_every": 1000,
    "checkpoint_every": 5000,
    "evaluate_every": 0,
}
FACADES = {
    "data.root": "datasets/facades",
    "data.x_label": "photo",
    "data.y_label": "labels",
    "direction": "y2x",
}
VARIANTS = {"reference": REFERENCE, "facades": REFERENCE | FACADES}


def get_config(variant: str = "") -> ConfigDict:
    """The built-in pictures, or one of the VARIANTS."""
    config = ConfigDict(
        {
            "gan": "pix2pix",
            "direction": "x2y",
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
                "paired": True,
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
            # The generator of configs/cyclegan.py, so that the two can be compared.
            "generator": {
                "network": "resnet",
                "width": 32,
                "blocks": 6,
                "norm": "instance",
                "upsample": "resize",
            },
            "discriminator": {"network": "patchgan", "width": 64, "layers": 2, "norm": "instance"},
            "adversarial": "log",
            "l1": 100.0,
            "learning_rate": 2e-4,
            "beta1": 0.5,
            "decay_fraction": 0.5,  # the last part of the steps, in which the learning rate falls to 0
            "rate_every": 1,
            "average": 0.99,  # of the generator, for the pictures shown; 0: none
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
