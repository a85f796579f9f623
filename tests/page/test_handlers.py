"""A visitor's wishes: what is right gets pictures, everything else gets words."""

import base64
import io

import jax
import numpy as np
import pytest
from PIL import Image

from gan_jax.decoding import Unreadable
from gan_jax.errors import UserError
from gan_jax.model import Model
from gan_jax.page.handlers import curves, explain, hidden, translate

OFF = (0, 1, 0, 8, 100)


def file(pixels, form="PNG"):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, form)
    return "file:" + base64.b64encode(stream.getvalue()).decode()


GREY = file(np.full((40, 40, 3), 51, np.uint8))  # -0.6


def test_a_photo_there_and_back(page):
    name, held = translate(page, GREY, "x2y", "32 x 32")
    assert (held.given.shape, held.way) == ((32, 32, 3), "x2y")
    for picture, value in ((held.given, -0.6), (held.made, 0.6), (held.back, -0.3)):
        assert np.allclose(picture, value, atol=1e-6)
    assert page.shelf.get(name) is held


def test_the_other_direction_and_size(page):
    _, held = translate(page, GREY, "y2x", "64 x 64")
    assert held.made.shape == (64, 64, 3)
    assert np.allclose(held.made, 0.3, atol=1e-6)
    assert np.allclose(held.back, -0.3, atol=1e-6)


def test_a_test_picture_has_its_own_direction(page):
    _, held = translate(page, "test:1", "x2y", "32 x 32")
    assert (held.way, held.given[0, 0, 0], held.made[0, 0, 0]) == ("y2x", -0.5, 0.25)


def test_a_model_of_one_direction(page, config):
    one = page._replace(model=Model(config, 1, {"x2y": page.model.networks["x2y"]}))
    name, held = translate(one, GREY, "x2y", "32 x 32")
    assert held.back is None
    with pytest.raises(UserError, match="no way back"):
        hidden(one, name, OFF)
    with pytest.raises(UserError, match="does not translate pictures of this kind"):
        translate(one, "test:1", "x2y", "32 x 32")


@pytest.mark.parametrize(
    ("given", "way", "size", "error", "words"),
    [
        ("", "x2y", "32 x 32", UserError, "Choose a picture first"),
        (None, "x2y", "32 x 32", UserError, "Choose a picture first"),
        (GREY, "x2z", "32 x 32", UserError, "no such direction or size"),
        (GREY, None, "32 x 32", UserError, "no such direction or size"),
        (GREY, "x2y", "9999 x 9999", UserError, "no such direction or size"),
        ("test:2", "x2y", "32 x 32", UserError, "no such test picture"),
        ("test:-1", "x2y", "32 x 32", UserError, "no such test picture"),
        ("test:../../etc/passwd", "x2y", "32 x 32", UserError, "no such test picture"),
        ("/etc/passwd", "x2y", "32 x 32", Unreadable, "did not arrive whole"),
        ("file:", "x2y", "32 x 32", Unreadable, "empty file"),
        ("file:/etc/passwd", "x2y", "32 x 32", Unreadable, "did not arrive whole"),
        ("file:" + "QUJD" * 100, "x2y", "32 x 32", Unreadable, "not a picture of a known kind"),
        ("file:" + "A" * 400_000, "x2y", "32 x 32", Unreadable, r"it has 0.3 MB; at most 0.25 MB are taken"),
        (
            file(np.zeros((101, 100, 3), np.uint8)),
            "x2y",
            "32 x 32",
            Unreadable,
            "more than the limit of 10000",
        ),
    ],
)
def test_wishes_that_cannot_be_met(page, given, way, size, error, words):
    with pytest.raises(error, match=words):
        translate(page, given, way, size)
    assert not page.shelf.held


def test_the_sliders_change_the_way_back(page):
    name, held = translate(page, GREY, "x2y", "32 x 32")
    same = hidden(page, name, OFF)
    assert np.array_equal(same.damaged, held.made)
    assert np.array_equal(same.back, held.back)
    one_bit = hidden(page, name, (0, 1, 0, 1, 100))
    assert np.allclose(one_bit.damaged, 1)  # 0.6 rounded to black or white
    assert np.allclose(one_bit.back, -0.5)
    assert curves(page, name)["bits"][0] == pytest.approx(0.3 * 127.5, abs=1e-3)  # |-0.3 + 0.6|


def test_a_picture_is_forgotten_after_others(page):
    first, *_ = (translate(page, GREY, "x2y", "32 x 32")[0] for _ in range(3))
    with pytest.raises(UserError, match="does not hold this picture any more"):
        hidden(page, first, OFF)
    for nobody in ("", None, 3, "x" * 22):
        with pytest.raises(UserError):
            hidden(page, nobody, OFF)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("Choose."), "Choose."),
        (Unreadable("empty file"), "This file cannot be used: empty file."),
        (TimeoutError(), "This took too long"),
        (MemoryError(), "too little memory"),
        (jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory"), "too little memory"),
        (jax.errors.JaxRuntimeError("INTERNAL"), None),
        (ZeroDivisionError(), None),
    ],
)
def test_what_is_told(error, words):
    told = explain(error)
    assert told is None if words is None else told.startswith(words) or words in told


def test_pictures_of_other_channels(page, config):
    """A grey model takes colour; one of five channels says what it takes."""
    for channels, words in ((1, ""), (5, "3 channels where 5 are asked for")):
        config = config.copy_and_resolve_references()
        config.unlock()
        config.data.x_channels = config.data.y_channels = channels
        other = page._replace(model=Model(config, 1, page.model.networks))
        if words:
            with pytest.raises(Unreadable, match=words):
                translate(other, GREY, "x2y", "32 x 32")
        else:
            assert translate(other, GREY, "x2y", "32 x 32")[1].made.shape == (32, 32, 1)
