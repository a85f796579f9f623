"""HTML by construction: what is not markup already is escaped."""

import html
import json
from typing import Any

VOID = ("img", "input", "meta", "link", "br", "line", "path", "circle", "rect", "use")


class Html(str):
    """Text that is markup already."""


def escaped(value: object) -> Html:
    """Markup as it is, anything else as text without control characters."""
    if isinstance(value, Html):
        return value
    text = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in str(value))
    return Html(html.escape(text))


def tag(name: str, /, *inside: object, **attributes: object) -> Html:
    """<name attributes>inside</name>; `class_` is class, `data_step` data-step, True bare, None and False left out."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escaped(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID and not inside:
        return Html(f"<{name}{written}>" if name in VOID[:5] else f"<{name}{written}/>")
    return Html(f"<{name}{written}>{''.join(escaped(one) for one in inside)}</{name}>")


def data(value: Any, **attributes: object) -> Html:
    """A block of JSON that a script may read, and that no text in it can end."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return tag("script", Html(text), type="application/json", **attributes)


def table(head: list[object], rows: list[list[object]], **attributes: object) -> Html:
    """A table in a box that scrolls sideways where the screen is narrow; the first cell of a row names it."""
    top = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = (tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows)
    return tag(
        "div",
        tag("table", tag("thead", top), tag("tbody", *body), **attributes),
        class_="wide",
        tabindex="0",
        role="region",
        aria_label=attributes.get("aria_label", "table"),
    )
