"""Sheets of pictures to look at: rows and columns with their names."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

from gan_jax.levels import to_uint8

Row = Sequence[Float[np.ndarray, "height width channels"]]

SIDE = 192  # pixels, about: smaller pictures are shown this large
GAP = 4
FONT_SIZE = 18
PAPER, INK = (255, 255, 255), (30, 30, 30)


def grid(
    rows: Sequence[Row], labels: Sequence[str] = (), row_labels: Sequence[str] = (), side: int = SIDE
) -> UInt8[np.ndarray, "height width 3"]:
    """Pictures in [-1, 1] as one sheet, `labels` over the columns and `row_labels` left of the rows.

    One channel is shown grey, two as grey (alpha left out), more by their first three. Every picture is
    enlarged by the same whole number without smoothing, so that its longest is about `side` pixels, and none is
    reduced. Rows may be of unequal length and pictures of unequal size: each stands amid its cell.
    """
    shown = [[_rgb(np.asarray(image)) for image in row] for row in rows]
    longest = max((max(image.shape[:2]) for row in shown for image in row), default=1)
    factor = max(1, round(side / longest))
    shown = [[image.repeat(factor, axis=0).repeat(factor, axis=1) for image in row] for row in shown]
    columns = max((len(row) for row in shown), default=0)
    widths = [max([row[c].shape[1] for row in shown if c < len(row)]) for c in range(columns)]
    heights = [max((image.shape[0] for image in row), default=1) for row in shown]
    font = ImageFont.load_default(FONT_SIZE)
    left = GAP + max((int(font.getlength(label)) + GAP for label in row_labels), default=0)
    top = GAP + (FONT_SIZE + GAP if labels else 0)
    xs, ys = _starts(left, widths), _starts(top, heights)
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
