"""The built-in pictures: 57 buildings, photos and line drawings, 256x256 (credits in monuments/CREDITS.json)."""

from pathlib import Path
from typing import Any

from gan_jax.data import folder
from gan_jax.data.pictures import Source

MONUMENTS = Path(__file__).parent / "monuments"


def source(data: Any) -> Source:
    """45 photos (x) and 45 drawings (y) to train on, 12 true pairs to test on, split by building."""
    found = folder.reference_layout(MONUMENTS, data, name="built-in monuments")
    return found
