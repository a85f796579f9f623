"""Sheets of pictures to look at: rows and columns with their names."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

from gan_jax.levels import to_uint8

Row = Sequence[Float[np.ndarray, "height width channels"]]

SIDE = 192  # pixels, about: smaller pictures are shown this large
GAP = 4
FONT_SIZE = 18
PAPER, INK = (255, 255, 255), (30, 30, 30)


class Sheet(NamedTuple):
    """A picture of pictures, and where they stand on it: JSON, see `show.layout`; empty where that is not known."""

    pixels: UInt8[np.ndarray, "height width 3"]
    layout: dict[str, Any] = {}


def grid(
    rows: Sequence[Row], labels: Sequence[str] = (), row_labels: Sequence[str] = (), side: int = SIDE
) -> UInt8[np.ndarray, "height width 3"]:
    """Pictures in [-1, 1] as one sheet, `labels` over the columns and `row_labels` left of the rows.

    One channel is shown grey, two as grey (alpha left out), more by their first three. Every picture is
    enlarged by the same whole number without smoothing, so that its longest is about `side` pixels, and none is
    reduced. Rows may be of unequal length and pictures of unequal size: each stands amid its cell.
    """
    shown = [[_rgb(np.asarray(image)) for image in row] for row in rows]
    factor, xs, ys, widths, heights = frame(
        [[image.shape[:2] for image in row] for row in shown], bool(labels), row_labels, side
    )
    shown = [[image.repeat(factor, axis=0).repeat(factor, axis=1) for image in row] for row in shown]
    font = ImageFont.load_default(FONT_SIZE)
    sheet = Image.new("RGB", (xs[-1], ys[-1]), PAPER)
    for row, y, height in zip(shown, ys, heights, strict=False):
        for image, x, width in zip(row, xs, widths, strict=False):
            sheet.paste(
                Image.fromarray(image),
                (x + (width - image.shape[1]) // 2, y + (height - image.shape[0]) // 2),
            )
    draw = ImageDraw.Draw(sheet)
    for label, x, width in zip(labels, xs, widths, strict=False):
        draw.text((x + width // 2, GAP), fitting(label, width, font), INK, font, anchor="ma")
    for label, y, height in zip(row_labels, ys, heights, strict=False):
        draw.text((GAP, y + height // 2), label, INK, font, anchor="lm")
    return np.asarray(sheet)


class Frame(NamedTuple):
    """Where cells stand on a sheet, in pixels; `xs` and `ys` end with the sheet's own width and height."""

    factor: int
    xs: list[int]
    ys: list[int]
    widths: list[int]
    heights: list[int]


def frame(
    sizes: Sequence[Sequence[tuple[int, int]]],
    labelled: bool,
    row_labels: Sequence[str] = (),
    side: int = SIDE,
) -> Frame:
    """The frame of a sheet of pictures of these (height, width), which it enlarges `factor` times."""
    longest = max((max(size) for row in sizes for size in row), default=1)
    factor = max(1, round(side / longest))
    columns = max((len(row) for row in sizes), default=0)
    widths = [factor * max(row[c][1] for row in sizes if c < len(row)) for c in range(columns)]
    heights = [max((factor * size[0] for size in row), default=1) for row in sizes]
    font = ImageFont.load_default(FONT_SIZE)
    left = GAP + max((int(font.getlength(label)) + GAP for label in row_labels), default=0)
    top = GAP + (FONT_SIZE + GAP if labelled else 0)
    return Frame(factor, _starts(left, widths), _starts(top, heights), widths, heights)


def fitting(label: str, width: int, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> str:
    """The label, cut short with dots where it is wider than `width` pixels."""
    if font.getlength(label) <= width:
        return label
    while label and font.getlength(label + "...") > width:
        label = label[:-1]
    return label + "..." if label else ""


def _starts(first: int, lengths: Sequence[int]) -> list[int]:
    return [first, *(first + int(n) for n in np.cumsum([length + GAP for length in lengths]))]


def _rgb(image: Float[np.ndarray, "height width channels"]) -> UInt8[np.ndarray, "height width 3"]:
    channels = image.shape[-1]
    return to_uint8(image[..., :3] if channels > 2 else np.repeat(image[..., :1], 3, axis=-1))
