"""Pictures from a data set that tensorflow-datasets has prepared on this machine, without TensorFlow."""

import os
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_jax.data.folder import hold_out
from gan_jax.data.pictures import Domains, Pictures, Source
from gan_jax.decoding import Picture, Unreadable, check_size, convert, decode
from gan_jax.errors import UserError


@dataclass(frozen=True)
class Feature:
    """Loads the picture of example `i`: encoded bytes, or an array."""

    examples: Any
    key: str
    channels: int
    bits: int

    def __call__(self, i: int) -> Picture:
        try:
            value = self.examples[i][self.key]
        except (OSError, ValueError, IndexError) as error:
            raise Unreadable(f"damaged: {error}") from error
        if isinstance(value, bytes):
            return decode(value, self.channels, self.bits)
        value = np.asarray(value)
        if value.ndim not in (2, 3) or value.dtype.kind not in "uf":
            raise Unreadable(f"{value.dtype} of shape {value.shape}; a picture expected")
        check_size(*value.shape[:2])
        return convert(value.reshape(*value.shape[:2], -1), self.channels, self.bits)


def source(data: Any) -> Source:
    """The data set that `config.data.tfds` names.

    * "cycle_gan/horse2zebra": any with the splits trainA, trainB (testA, testB) and pictures named "image".
    * "name#photo,drawing": the features "photo" and "drawing" of every example of train and test: true pairs.
    * "name#horses.image,zebras.image": the feature "image" of two splits.

    Tensorflow-datasets looks below $TFDS_DATA_DIR, else ~/tensorflow_datasets.

    Raises UserError when the data set is unknown, not prepared for random access, or lacks a split or a
    feature.
    """
    name, _, wanted = data.tfds.partition("#")
    specs = _specs(data.tfds, wanted)
    if data.paired and specs[0].split != specs[1].split:
        raise UserError(
            f"config.data.paired=True, but config.data.tfds={data.tfds} takes x and y from two splits"
        )
    builder, sides, lines = prepared(name), [], []
    for spec, channels in zip(specs, (data.x_channels, data.y_channels), strict=True):
        train = _pictures(builder, data.tfds, spec, channels, data.bits)
        held = _test_split(builder, spec.split)
        if held:
            test = _pictures(builder, data.tfds, spec._replace(split=held), channels, data.bits)
        else:
            train, test = hold_out(train)
        sides.append((train, test))
        where = held or f"held out of {spec.split}"
        lines.append(f"{spec.key} of {spec.split}: {len(train)} pictures; for testing {where}: {len(test)}")
    (train_x, test_x), (train_y, test_y) = sides
    return Source(
        name=f"the TensorFlow data set {builder.info.full_name}",
        train=Domains(train_x, train_y),
        test=Domains(test_x, test_y),
        paired_test=specs[0].split == specs[1].split,
        found=tuple(lines),
    )


class Spec(NamedTuple):
    """A feature of a split."""

    split: str
    key: str


def _specs(text: str, wanted: str) -> tuple[Spec, Spec]:
    if not wanted:
        return Spec("trainA", "image"), Spec("trainB", "image")
    sides = [side.rpartition(".") for side in wanted.split(",")]
    if len(sides) != 2 or not all(key for _, _, key in sides):
        raise UserError(
            f"config.data.tfds={text}: behind # two features are expected, as in name#photo,drawing or "
            "name#splitA.image,splitB.image"
        )
    x, y = (Spec(split or "train", key) for split, _, key in sides)
    return x, y


def prepared(name: str) -> Any:
    """The builder of a data set that can be read at random. Raises UserError when it is unknown or not prepared."""
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"))  # it asks only when imported
    except Exception as error:  # of many types: unknown name, unknown config, no data directory
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"config.data.tfds={name}: {first} See https://www.tensorflow.org/datasets/catalog"
        ) from error
    split = bool(builder.info.splits)
    if not split or builder.info.file_format.name != "ARRAY_RECORD":
        state = "prepared, but not for reading at random" if split else f"not prepared in {builder.data_dir}"
        raise UserError(
            f"config.data.tfds={name}: {state}. Prepare it once: pip install tensorflow && python -c "
            f"\"import tensorflow_datasets as t; t.builder('{name}', file_format='array_record')"
            '.download_and_prepare()"'
        )
    return builder


def _test_split(builder: Any, split: str) -> str:
    names = [split.replace("train", other) for other in ("test", "validation")]
    return next((name for name in names if name != split and name in builder.info.splits), "")


def _pictures(builder: Any, text: str, spec: Spec, channels: int, bits: int) -> Pictures:
    import tensorflow_datasets as tfds

    splits, features = builder.info.splits, builder.info.features
    for what, name, known in (("split", spec.split, splits), ("feature", spec.key, features)):
        if name not in known:
            has = ", ".join(sorted(known))
            raise UserError(
                f"config.data.tfds={text}: no {what} {name!r}, only {has}; say which with "
                f"{text.partition('#')[0]}#split.feature,split.feature"
            )
    if len(features[spec.key].shape or ()) not in (2, 3):
        raise UserError(
            f"config.data.tfds={text}: the feature {spec.key} is no picture, but {features[spec.key]}"
        )
    if not splits[spec.split].num_examples:
        raise UserError(f"config.data.tfds={text}: the split {spec.split} has no examples")
    # Encoded pictures are decoded here: by our rules, and without TensorFlow.
    encoded = [
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.Image) and feature.np_dtype in (np.uint8, np.uint16)
    ]
    decoders = {key: tfds.decode.SkipDecoding() for key in encoded}
    examples = builder.as_data_source(split=spec.split, decoders=decoders)
    names = [f"{spec.split}/{i:06d}" for i in range(len(examples))]
    return Pictures(names, Feature(examples, spec.key, channels, bits))
