"""The pictures of a run, small enough to keep."""

import io
import shutil
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

LIMIT = 200_000  # bytes a picture


def copy(samples: Path, out: Path, steps: Iterable[int], limit: int = LIMIT) -> dict[int, str]:
    """Copies the grids of those of `steps` that were saved, as JPEG where above `limit`; their names."""
    saved = {int(file.stem.split("_")[-1]): file for file in samples.glob("step_*.png")}
    names = {}
    for step in (step for step in steps if step in saved):
        source = saved[step]
        if source.stat().st_size <= limit:
            names[step] = source.name
            shutil.copyfile(source, out / source.name)
        else:
            names[step] = f"{source.stem}.jpg"
            (out / names[step]).write_bytes(as_jpeg(source, limit))
    return names


def as_jpeg(picture: Path, limit: int) -> bytes:
    """Half as wide (sheets show every pixel twice), at the best of some JPEG qualities that fits, else the smallest."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB").reduce(2)
    for quality in (92, 85, 75, 60, 45):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= limit:
            break
    return file.getvalue()
