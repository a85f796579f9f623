from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ml_collections import ConfigDict
from PIL import Image

Tree = Callable[[dict[str, Any]], Path]


@pytest.fixture
def config() -> Callable[..., ConfigDict]:
    """A config by its few odd values: config(seed=3, crop=8)."""

    def make(**odd: Any) -> ConfigDict:
        data = {
            "root": "",
            "x": "",
            "y": "",
            "tfds": "",
            "paired": False,
            "resize": 12,
            "crop": 8,
            "flip": True,
        }
        data |= {
            "resize": 12,
            "crop": 8,
            "x_channels": 3,
            "y_channels": 3,
            "bits": 8,
            "workers": 0,
            "test_pictures": 0,
        }
        top = {key: odd.pop(key) for key in ("seed", "batch_size") if key in odd}
        assert odd.keys() <= data.keys()
        return ConfigDict({"seed": 0, "batch_size": 1} | top | {"data": data | odd})

    return make


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Writes files below one folder: a number is a flat picture, bytes are bytes, an array is a picture."""

    def write(files: dict[str, Any]) -> Path:
        for name, what in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(what, bytes):
                path.write_bytes(what)
            else:
                pixels = np.full((12, 12, 3), what, np.uint8) if isinstance(what, int) else what
                Image.fromarray(pixels).save(path)
        return tmp_path

    return write
