"""A chart of numbers that needs no plotting package: a bar for each, and lines across for what to hold them against."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from gan_jax.grids import INK, PAPER

ROW, WIDTH, PAD, FONT_SIZE = 22, 420, 10, 14
BAR, LINE = (120, 160, 205), (190, 60, 40)


def bars(
    title: str, values: Mapping[str, float], marks: Mapping[str, float]
) -> UInt8[np.ndarray, "height width 3"]:
    """Bars from 0 for `values`, with their numbers, and vertical lines for `marks`, whose names stand below."""
    font = ImageFont.load_default(FONT_SIZE)
    left = PAD + max(int(font.getlength(name)) for name in values) + PAD
    top, bottom = ROW + PAD, ROW * (len(values) + 1) + PAD
    size = (left + WIDTH + 6 * PAD, bottom + ROW * len(marks) + PAD)
    size = (max(size[0], int(font.getlength(title)) + 2 * PAD), size[1])
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    scale = WIDTH / max(*values.values(), *marks.values(), 1e-9)
    draw.text((PAD, PAD // 2), title, INK, font)
    for i, (name, value) in enumerate(values.items()):
        y = top + ROW * i
        draw.text((left - PAD // 2, y + ROW // 2), name, INK, font, anchor="rm")
        draw.rectangle((left, y + 3, left + scale * value, y + ROW - 3), BAR)
    # The lowest first, each name left of its line: so no line crosses a name below it.
    for i, (name, value) in enumerate(sorted(marks.items(), key=lambda mark: mark[1])):
        x, y = left + scale * value, bottom + ROW * i + ROW // 2
        draw.line((x, top, x, y), LINE, 2)
        text = f"{name} {value:.3f}"
        fits = x - PAD - font.getlength(text) > 0
        draw.text(
            (x - PAD // 2 if fits else x + PAD // 2, y), text, LINE, font, anchor="rm" if fits else "lm"
        )
    for i, value in enumerate(values.values()):
        draw.text((left + PAD // 2, top + ROW * i + ROW // 2), f"{value:.3f}", INK, font, anchor="lm")
    return np.asarray(sheet)
