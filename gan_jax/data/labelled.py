"""Labelled pictures from a data set that tensorflow-datasets has prepared, such as mnist or cifar10."""

from typing import Any

import numpy as np

from gan_jax.data.examples import Batch, Examples, from_arrays
from gan_jax.data.resized import resize
from gan_jax.data.tfds import Feature, prepared
from gan_jax.decoding import Unreadable
from gan_jax.errors import UserError


def source(data: Any) -> Examples:
    """The splits "train" and "test" of `config.data.tfds`, features "image" and "label", all read into memory.

    Raises:
        UserError: the data set is unknown, not prepared, or has no such splits and features.
    """
    if not data.tfds:
        raise UserError("config.data.examples=tfds needs --config.data.tfds=NAME, such as mnist")
    builder = prepared(data.tfds)
    features = builder.info.features
    has = {"train", "test"} <= set(builder.info.splits) and {"image", "label"} <= set(features)
    if not has or not hasattr(features["label"], "num_classes"):
        raise UserError(
            f"config.data.tfds={data.tfds}: expected the splits train and test with the features image and label, "
            "a class"
        )
    train, test = (_read(builder, split, data) for split in ("train", "test"))
    lines = (f"{len(train['label']):,} to train on, {len(test['label']):,} to test on",)
    classes = features["label"].num_classes
    return from_arrays(f"the TensorFlow data set {builder.info.full_name}", train, test, classes, lines)


def _read(builder: Any, split: str, data: Any) -> Batch:
    import tensorflow_datasets as tfds

    # Encoded pictures are decoded here: by our rules, and without TensorFlow.
    encoded = isinstance(builder.info.features["image"], tfds.features.Image)
    decoders = {"image": tfds.decode.SkipDecoding()} if encoded else None
    examples = builder.as_data_source(split=split, decoders=decoders)
    picture = Feature(examples, "image", data.channels, 8)
    try:
        images = [resize(picture(i), (data.side, data.side)) for i in range(len(examples))]
    except Unreadable as error:
        raise UserError(
            f"config.data.tfds={data.tfds}: a picture of {split} cannot be read: {error}"
        ) from error
    if not images:
        raise UserError(f"config.data.tfds={data.tfds}: the split {split} has no examples")
    labels = [int(examples[i]["label"]) for i in range(len(examples))]
    return {"image": np.stack(images), "label": np.array(labels, np.int32)}
