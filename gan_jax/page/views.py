"""Pictures and words as HTML. Pictures lie inside it, as data: nothing is stored that would have to be fetched."""

import base64
import io
from html import escape

import numpy as np
from jaxtyping import Float
from ml_collections import ConfigDict
from PIL import Image as Pillow

from gan_jax.levels import to_uint8
from gan_jax.page.damage import SLIDERS, lost
from gan_jax.page.handlers import Hidden, Sample
from gan_jax.page.shelf import Held

Image = Float[np.ndarray, "height width channels"]
THUMB = 96  # pixels


def labels(data: ConfigDict, way: str) -> tuple[str, str]:
    """The names of what goes in and what comes out: "photo", "drawing"."""
    into, out = way.split("2")
    return data[f"{into}_label"] or into, data[f"{out}_label"] or out


def source(image: Image, form: str = "PNG", most: int = 0) -> str:
    """A picture in [-1, 1] as the address of an <img>: one or two channels grey, more by the first three.

    No side is longer than `most` pixels, where that is given.
    """
    shown = Pillow.fromarray(to_uint8(image[..., :3] if image.shape[-1] > 2 else image[..., 0]))
    if most:
        shown.thumbnail((most, most))
    stream = io.BytesIO()
    shown.save(stream, form, **({"compress_level": 1} if form == "PNG" else {"quality": 85}))
    return f"data:image/{form.lower()};base64,{base64.b64encode(stream.getvalue()).decode()}"


def compare(before: Image, after: Image, names: tuple[str, str]) -> str:
    """Two pictures one upon the other, with a handle that moves the border between them."""
    left, right = (escape(name) for name in names)
    height, width = before.shape[:2]
    return f"""<figure class="compare" style="--ratio: {width / height:.4f}">
<div class="pair"><img class="after" src="{source(after)}" alt="{right}"><img class="before" src="{source(before)}"
 alt="{left}"><span class="name left">{left}</span><span class="name right">{right}</span><span class="bar"></span>
<input type="range" min="0" max="100" value="50" step="0.5" aria-label="Border between {left} and {right}"></div>
<figcaption>{width} x {height} pixels. Save <a data-save="before" download="{left}.png" href="#">{left}</a> or <a
 data-save="after" download="{right}.png" href="#">{right}</a></figcaption></figure>"""


def there(held: Held, data: ConfigDict) -> str:
    """The picture beside its translation."""
    given, made = labels(data, held.way)
    return compare(held.given, held.made, (given, f"{made} made"))


def back(held: Held, data: ConfigDict) -> str:
    """The picture beside what came back, with what was lost."""
    if held.back is None:
        return ""
    given, made = labels(data, held.way)
    shown = compare(held.given, held.back, (given, f"{given} back"))
    told = f"made back of the {made} alone: {lost(held.back, held.given):.1f} of 255 levels off on average"
    return shown + f'<p class="told">The {escape(given)} {escape(told)}.</p>'


def hidden(found: Hidden, data: ConfigDict) -> str:
    """The translation beside the damaged one, and what came back of either."""
    held = found.held
    assert held.back is not None
    given, made = labels(data, held.way)
    first = compare(held.made, found.damaged, (made, f"{made} damaged"))
    second = compare(held.back, found.back, (f"{given} back", f"{given} back after damage"))
    before, after = lost(held.back, held.given), lost(found.back, held.given)
    return f"""<div class="two">{first}{second}</div>
<p class="told">How far the {escape(given)} that came back is off, in levels of 255:</p>
<dl class="bars">{_bar("undamaged", before)}{_bar("damaged", after)}</dl>"""


def _bar(name: str, value: float) -> str:
    share = min(100.0, value / 0.8)  # 80 levels fill the bar: pictures that have nothing in common
    return f'<dt>{name}</dt><dd><span style="width: {share:.1f}%"></span><b>{value:.1f}</b></dd>'


def curves(found: dict[str, list[float]]) -> str:
    """A small chart for each kind of damage: how far off the way back is, against its strength."""
    most = max(max(values) for values in found.values()) or 1.0
    return (
        f'<div class="charts">{"".join(_chart(name, values, most) for name, values in found.items())}</div>'
    )


def _chart(name: str, values: list[float], most: float) -> str:
    slider = SLIDERS[name]
    xs = [20 + 40 * i for i in range(len(values))]
    ys = [70 - 50 * value / most for value in values]
    line = " ".join(f"{x},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    dots = "".join(
        f'<circle cx="{x}" cy="{y:.1f}" r="2.5"/><text x="{x}" y="{y - 6:.1f}">{value:.0f}</text>'
        for x, y, value in zip(xs, ys, values, strict=True)
    )
    ticks = "".join(
        f'<text class="tick" x="{x}" y="86">{tried}</text>'
        for x, tried in zip(xs, ("none", *(f"{s:g}" for s in slider.tried)), strict=True)
    )
    return f"""<figure><svg viewBox="0 0 200 90" role="img" aria-label="{slider.label}: {line}">
<line x1="8" y1="72" x2="192" y2="72"/><polyline points="{line}"/>{dots}{ticks}</svg>
<figcaption>{slider.label} <small>{slider.unit}</small></figcaption></figure>"""


def thumbs(tests: tuple[Sample, ...], data: ConfigDict) -> str:
    """The test pictures as buttons, those of a kind after each other."""
    rows = []
    for kind in dict.fromkeys(test.kind for test in tests):
        name = escape(data[f"{kind}_label"] or kind)
        buttons = "".join(
            f'<button type="button" data-test="{i}" aria-label="Test picture {i + 1}, {name}">'
            f'<img src="{source(test.picture, "JPEG", THUMB)}" alt=""></button>'
            for i, test in enumerate(tests)
            if test.kind == kind
        )
        rows.append(f'<div class="row"><span>{name}</span>{buttons}</div>')
    return f'<div class="thumbs"><p>or take a test picture</p>{"".join(rows)}</div>' if rows else ""


def message(text: str) -> str:
    """Words for the visitor, or nothing."""
    return (
        f'<p class="message" role="alert">{escape(text)}<button type="button">close</button></p>'
        if text
        else ""
    )
