"""What the page does when a visitor asks: from what the browser sent to pictures, or to words why there are none."""

import base64
import binascii
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from gan_jax.decoding import Unreadable
from gan_jax.errors import UserError
from gan_jax.model import Model
from gan_jax.page import damage as damages
from gan_jax.page import sizes
from gan_jax.page.limits import Limits
from gan_jax.page.reader import Reader
from gan_jax.page.shelf import Held, Shelf

FILE, TEST = "file:", "test:"  # how what the browser sends begins: base64 of a file follows, or a number
GONE = "The page does not hold this picture any more: choose it once more."
Image = Float[np.ndarray, "height width channels"]


class Sample(NamedTuple):
    """A test picture, in [-1, 1], and its kind: "x" or "y"."""

    kind: str
    picture: Image


class Page(NamedTuple):
    """All that the handlers need."""

    model: Model
    limits: Limits
    reader: Reader
    shelf: Shelf
    tests: tuple[Sample, ...] = ()

    @property
    def sizes(self) -> dict[str, int]:
        """The working sizes that a visitor may choose."""
        return sizes.offered(self.model.config.data, self.limits.work_pixels)

    def back(self, way: str) -> str | None:
        """The direction that leads back, if the model has it."""
        back = "2".join(reversed(way.split("2")))
        return back if back in self.model.directions else None


class Hidden(NamedTuple):
    """What the way back makes of a damaged picture."""

    held: Held
    damaged: Image
    back: Image


def translate(page: Page, given: object, way: object, size: object) -> tuple[str, Held]:
    """The chosen picture there and, if the model can, back again; it is held under the name that comes first.

    A test picture decides on the direction where it can. Raises UserError or Unreadable, for the visitor.
    """
    if not isinstance(given, str) or not given:
        raise UserError("Choose a picture first.")
    if way not in page.model.directions or size not in page.sizes:
        raise UserError("There is no such direction or size: load the page again.")
    area = page.sizes[str(size)]
    if given.startswith(TEST):
        test = _test(page, given)
        natural = [name for name in page.model.directions if name.startswith(test.kind)]
        if not natural:
            raise UserError("The model does not translate pictures of this kind.")
        way, picture = natural[0], sizes.working((test.picture + 1) / 2, area)
    else:
        channels, _ = page.model.channels(str(way))
        pixels = page.reader.read(_bytes(page, given), channels, page.model.config.data.bits)
        picture = sizes.working(pixels, area)
    held = _there_and_back(page, picture, str(way))
    return page.shelf.put(held), held


def hidden(page: Page, name: object, values: tuple[object, ...]) -> Hidden:
    """The held picture's translation damaged as the sliders say, and what the way back makes of it.

    Raises UserError where it is held no more, or there is no way back.
    """
    held, back = _held(page, name)
    made = damages.damaged(held.made[None], damages.checked(values))
    return Hidden(held, made[0], page.model.translate(made, back)[0])


def curves(page: Page, name: object) -> dict[str, list[float]]:
    """`damage.curves` of the held picture. Raises UserError as `hidden` does."""
    held, back = _held(page, name)
    return damages.curves(held.made, held.given, lambda made: page.model.translate(made, back))


def explain(error: BaseException) -> str | None:
    """What to tell a visitor, or None where it is not the visitor's matter."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, Unreadable):
        return f"This file cannot be used: {error}."
    if isinstance(error, TimeoutError):
        return "This took too long, so the page gave up: try a smaller size, or come back later."
    if isinstance(error, MemoryError) or (
        isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(error)
    ):
        return "There is too little memory for this: try a smaller size."
    return None


def _there_and_back(page: Page, picture: Image, way: str) -> Held:
    made = page.model.translate(picture, way)
    back = page.back(way)
    return Held(picture, way, made, page.model.translate(made, back) if back else None)


def _held(page: Page, name: object) -> tuple[Held, str]:
    held = page.shelf.get(name) if isinstance(name, str) else None
    if held is None:
        raise UserError(GONE if name else "Choose a picture first.")
    back = page.back(held.way)
    if back is None:
        raise UserError("This model has no way back.")
    return held, back


def _test(page: Page, given: str) -> Sample:
    number = given.removeprefix(TEST)
    if not (number.isascii() and number.isdigit() and len(number) < 5 and int(number) < len(page.tests)):
        raise UserError("There is no such test picture: load the page again.")
    return page.tests[int(number)]


def _bytes(page: Page, given: str) -> bytes:
    most = f"at most {page.limits.max_megabytes:g} MB are taken"
    try:
        data = base64.b64decode(given.removeprefix(FILE), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("it did not arrive whole; choose it once more") from error
    if len(data) > page.limits.upload:
        raise Unreadable(f"it has {len(data) / 2**20:.1f} MB; {most}")
    return data
