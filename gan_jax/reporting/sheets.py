"""Sample sheets made small enough for one page: thinned evenly, reduced, and compressed again."""

import base64
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from gan_jax.run import LAYOUT

MOST = 32  # sheets
PIXELS, BYTES = 900_000, 180_000  # of a sheet on the page: a larger one is reduced
LAST_PIXELS, LAST_BYTES = 6_000_000, 1_500_000  # of the last one
QUALITIES = (85, 75, 60, 45)
READABLE = 80_000_000  # pixels of a file: a larger one is left out
KEPT = re.compile(r'data-kept="([^"<>]+)" src="(data:image/jpeg;base64,[A-Za-z0-9+/=]+)"')


class Small(NamedTuple):
    """A sheet on the page: its data URI, and its layout in pixels of the file, which may be empty."""

    step: int
    kept: str
    uri: str
    layout: Mapping[str, Any]
    size: tuple[int, int]


def chosen(sheets: Sequence[tuple[int, Path]], most: int = MOST) -> list[tuple[int, Path]]:
    """At most `most`: every one, every 2nd, 4th, ..., and the last. What is chosen later was chosen before."""
    stride = 1
    while -(-len(sheets) // stride) + 1 > most:
        stride *= 2
    return [sheet for i, sheet in enumerate(sheets) if i % stride == 0 or i == len(sheets) - 1]


def earlier(page: Path) -> dict[str, str]:
    """The data URIs on the page that is there, so that a sheet is compressed once only."""
    try:
        return dict(KEPT.findall(page.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return {}


def small(step: int, path: Path, last: bool, known: Mapping[str, str]) -> Small | None:
    """The sheet for the page; None where the file is no picture that can be read."""
    try:
        told = path.stat()
        kept = f"{path.name} {told.st_size} {told.st_mtime_ns} {'whole' if last else 'small'}"
        with Image.open(path, formats=("PNG",)) as picture:
            if picture.width * picture.height > READABLE:
                return None
            size, layout = picture.size, _layout(picture)
            uri = known.get(kept)
            if uri is None:
                limits = (LAST_PIXELS, LAST_BYTES) if last else (PIXELS, BYTES)
                uri = compressed(picture.convert("RGB"), *limits)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    return Small(step, kept, uri, layout, size)


def compressed(picture: Image.Image, pixels: int, most: int) -> str:
    """A data URI of at most `most` bytes and `pixels`. JPEG: WebP is a tenth smaller and 30 times slower."""
    share = min(1.0, (pixels / (picture.width * picture.height)) ** 0.5)
    while True:
        size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
        reduced = picture if share == 1 else picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)
        for quality in QUALITIES:
            stream = io.BytesIO()
            reduced.save(stream, "JPEG", quality=quality)
            if stream.tell() <= most or size == (1, 1):
                return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
        share *= 0.7


def _layout(picture: Image.Image) -> Mapping[str, Any]:
    """Where the pictures stand, if the file says so and it can be."""
    try:
        found = json.loads(picture.text.get(LAYOUT, "{}"))  # type: ignore[attr-defined]
        columns = [[int(x), int(w), str(label)] for x, w, label in found["columns"]]
        rows = [[int(y), int(h)] for y, h in found["rows"]]
        groups = [int(n) for n in found["groups"]]
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return {}
    fits = sum(groups) == len(columns) and list(picture.size) == found.get("size")
    return {"columns": columns, "rows": rows, "groups": groups} if fits and rows else {}
