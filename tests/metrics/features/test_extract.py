import numpy as np
import pytest

from gan_jax.errors import UserError
from gan_jax.metrics.features import Answer, Extractor, extract, load


def levels(*values):
    return [np.full((2, 2, 3), value, np.uint8) for value in values]


def network(seen, chunk=4):
    def apply(batch):
        seen.append(batch.shape)
        return Answer(batch.reshape(len(batch), -1)[:, :2], batch.reshape(len(batch), -1)[:, :5])

    return Extractor("first two", "none", lambda picture: picture.astype(np.float32), apply, chunk)


def test_all_pictures_in_order_in_chunks_of_one_size():
    seen = []
    found = extract(network(seen), iter(levels(3, 1, 4, 1, 5, 9)))
    np.testing.assert_array_equal(found.features, [[v, v] for v in (3, 1, 4, 1, 5, 9)])
    assert found.logits.shape == (6, 5)
    assert found.features.dtype == np.float64
    assert seen == [(4, 2, 2, 3)] * 2


def test_no_pictures_are_refused():
    with pytest.raises(ValueError, match="no pictures"):
        extract(network([]), [])


def test_pixels_are_levels_between_0_and_1():
    found = extract(load("pixels:2"), levels(0, 255, 51))
    np.testing.assert_allclose(found.features, np.array([[0.0], [1.0], [0.2]]).repeat(12, axis=1), atol=1e-6)
    assert found.logits is None


def test_pixels_are_resized_to_32():
    picture = np.random.default_rng(0).integers(0, 256, (90, 40, 3)).astype(np.uint8)
    assert extract(load("pixels"), [picture]).features.shape == (1, 32 * 32 * 3)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("vgg", "expected one of pixels, efficientnet"),
        ("pixels:0", "from 1 to 256"),
        ("pixels:big", "from 1 to 256"),
        ("lpips:vgg19", "lpips:alexnet or lpips:vgg16"),
        ("inception:dirty", "inception:clean or inception:legacy"),
        ("efficientnet:b7", "efficientnet:clean"),
    ],
)
def test_unknown_networks_and_options_are_answered_with_those_there_are(text, why):
    with pytest.raises(UserError, match=why):
        load(text)
