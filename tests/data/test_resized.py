import numpy as np
import pytest
from PIL import Image

from gan_jax.data.pictures import Pictures
from gan_jax.data.resized import Resized, load_together, resize
from gan_jax.decoding import Unreadable
from gan_jax.errors import UserError

NOISE = np.random.default_rng(0).integers(0, 256, (20, 30, 5)).astype(np.uint8)


class Shelf:
    """Pictures whose value is their number; those in `broken` cannot be read."""

    def __init__(self, count, broken=()):
        self.broken, self.loads = set(broken), []
        self.pictures = Pictures([f"{i}.png" for i in range(count)], self.load)

    def load(self, i):
        self.loads.append(i)
        if i in self.broken:
            raise Unreadable("torn")
        return np.full((4, 4, 3), i, np.uint8)


def test_colour_is_resized_as_pillow_does():
    expected = Image.fromarray(NOISE[..., :3]).resize((14, 9), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(resize(NOISE[..., :3], (9, 14)), np.asarray(expected))


def test_every_channel_of_many_is_resized_as_one_alone():
    many = resize(NOISE, (9, 14))
    assert many.shape == (9, 14, 5)
    assert many.dtype == np.uint8
    for channel in range(5):
        np.testing.assert_array_equal(
            many[..., channel : channel + 1], resize(NOISE[..., channel : channel + 1], (9, 14))
        )
    np.testing.assert_array_equal(many[..., :3], resize(NOISE[..., :3], (9, 14)))


@pytest.mark.parametrize(("dtype", "top"), [(np.uint16, 65535), (np.float32, 1)])
def test_depth_is_kept_and_overshoot_clipped(dtype, top):
    edge = np.zeros((8, 8, 1), dtype)
    edge[:, 4:] = top
    large = resize(edge, (8, 64))
    assert large.dtype == dtype
    assert (large.min(), large.max()) == (0, top)
    assert len(np.unique(large)) > 8


def test_sixteen_bits_are_not_resized_through_eight():
    ramp = np.linspace(1000, 1100, 16).astype(np.uint16).reshape(4, 4, 1)
    assert len(np.unique(resize(ramp, (16, 16)))) > 50


def test_mirrored_and_turned_views_are_resized_as_they_are_seen():
    for seen in (NOISE[:, ::-1, :3], NOISE[..., :3].swapaxes(0, 1), NOISE[::-1]):
        np.testing.assert_array_equal(resize(seen, (9, 14)), resize(seen.copy(), (9, 14)))


def test_each_picture_is_read_once_while_there_is_room():
    shelf = Shelf(3)
    reader = Resized(shelf.pictures, (2, 2), limit=2 * 2 * 3 * 2)
    for i in (0, 1, 0, 1, 2, 2, 0):
        assert reader.get(i)[0, 0, 0] == i
    assert shelf.loads == [0, 1, 2, 2]


def test_a_broken_picture_is_named_once(capfd):
    reader = Resized(Shelf(3, broken=[1]).pictures, (4, 4), limit=0)
    assert reader.get(1) is None
    assert reader.get(1) is None
    out, err = capfd.readouterr()
    assert err == "1.png: torn; skipped from now on\n"
    assert not out


@pytest.mark.parametrize(("i", "expected"), [(0, 0), (1, 3), (2, 3), (3, 3), (4, 0)])
def test_the_next_that_can_be_read_takes_its_place(i, expected):
    reader = Resized(Shelf(5, broken=[1, 2, 4]).pictures, (4, 4), limit=0)
    assert load_together([reader], i)[0][0, 0, 0] == expected


def test_a_pair_moves_on_together():
    x, y = (Resized(Shelf(4, broken).pictures, (4, 4), limit=99) for broken in ([1], [2]))
    assert [[int(p[0, 0, 0]) for p in load_together([x, y], i)] for i in range(4)] == [
        [0, 0],
        [3, 3],
        [3, 3],
        [3, 3],
    ]


def test_when_none_is_left_it_is_said():
    with pytest.raises(UserError, match="none of the 2 pictures"):
        load_together([Resized(Shelf(2, [0, 1]).pictures, (4, 4), limit=0)], 1)
