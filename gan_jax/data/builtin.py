"""The built-in pictures: photos and line drawings of 57 buildings (credits in monuments/CREDITS.json)."""

from pathlib import Path
from typing import Any

from gan_jax.data import folder
from gan_jax.data.pictures import Source

MONUMENTS = Path(__file__).parent / "monuments"


def source(data: Any) -> Source:
    """45 photos (x) and 45 drawings (y) to train on, 12 true pairs to test on, split by building."""
    return folder.letters(MONUMENTS, data, name="the built-in monuments")
