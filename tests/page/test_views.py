import base64
import io
import re

import numpy as np
from PIL import Image

from gan_jax.page import texts, views
from gan_jax.page.handlers import Hidden, Sample
from gan_jax.page.limits import Limits
from gan_jax.page.shelf import Held

BLACK, WHITE = (np.full((8, 16, 3), value, np.float32) for value in (-1, 1))


def pictures(html):
    found = re.findall(r'src="data:image/\w+;base64,([^"]+)"', html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one)))) for one in found]


def test_channels_are_shown_as_colour_or_grey():
    ramp = np.linspace(-1, 1, 8 * 16 * 5, dtype=np.float32).reshape(8, 16, 5)
    for channels, shape in ((1, (8, 16)), (2, (8, 16)), (3, (8, 16, 3)), (5, (8, 16, 3))):
        (shown,) = pictures(f'src="{views.source(ramp[..., :channels])}"')
        expected = ramp[..., :3] if channels > 2 else ramp[..., 0]
        assert shown.shape == shape
        assert np.array_equal(shown, np.rint((expected + 1) * 127.5))


def test_two_pictures_one_upon_the_other():
    after, before = pictures(views.compare(BLACK, WHITE, ("photo", "drawing")))
    assert (before == 0).all()
    assert (after == 255).all()


def test_names_are_escaped():
    html = views.compare(BLACK, WHITE, ('"><script>', "b")) + views.message("<script>")
    html += texts.heading("<script>", "<script>", 3, _config()) + texts.hides("<script>", "a")
    assert "<script>" not in html


def test_what_was_lost_is_told(config):
    held = Held(BLACK, "x2y", WHITE, WHITE)
    assert "255.0 of 255 levels off" in views.back(held, config.data)
    assert views.back(held._replace(back=None), config.data) == ""
    html = views.hidden(Hidden(held, BLACK, BLACK), config.data)
    assert re.findall(r"<b>([\d.]+)</b>", html) == ["255.0", "0.0"]
    assert [int(shown.max()) for shown in pictures(html)] == [0, 255, 0, 255]  # after, before


def test_charts_have_a_point_for_each_strength():
    html = views.curves({"blur": [0.0, 10.0, 20.0, 20.0, 20.0], "jpeg": [5.0, 5.0, 5.0, 5.0, 40.0]})
    assert html.count("<circle") == 10
    # 0, a quarter and a half of 40, which is 50 high
    assert 'points="20,70.0 60,57.5 100,45.0 140,45.0 180,45.0"' in html
    assert 'points="20,70.0 60,70.0 100,70.0 140,70.0 180,70.0"' in views.curves({"blur": [0.0] * 5})


def test_thumbs_are_numbered_through(config):
    html = views.thumbs((Sample("x", BLACK), Sample("y", WHITE), Sample("x", WHITE)), config.data)
    assert re.findall(r'data-test="(\d)"', html) == ["0", "2", "1"]
    assert "${" not in html + texts.choose(Limits())


def _config():
    from ml_collections import ConfigDict

    return ConfigDict({"gan": "cyclegan", "steps": 10})
