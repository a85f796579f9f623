"""The shapes of the batches that a config asks for, known before any picture is read."""

from ml_collections import ConfigDict


def pair(side: int | tuple[int, int]) -> tuple[int, int]:
    """(height, width) of a side given as one number (a square) or as two."""
    return (side, side) if isinstance(side, int) else (side[0], side[1])


def batch_shapes(config: ConfigDict) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """(batch, height, width, channels) of `batch["x"]` and of `batch["y"]`."""
    size = (config.batch_size, *pair(config.data.crop))
    return (*size, config.data.x_channels), (*size, config.data.y_channels)
