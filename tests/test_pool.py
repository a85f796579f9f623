import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax import pool

exchange = jax.jit(pool.exchange)


def pictures(*numbers):
    """1 x 2 x 1 pictures, told apart by the number that fills them."""
    return jnp.tile(jnp.array(numbers, jnp.float32).reshape(-1, 1, 1, 1), (1, 1, 2, 1))


def numbers(images):
    np.testing.assert_array_equal(images[:, 0, 0], images[:, 0, 1])
    return [int(number) for number in images[:, 0, 0, 0]]


def passed(held, fakes, swap, place):
    """The new pool, what it stores, and what is shown."""
    held, shown = exchange(held, pictures(*fakes), jnp.array(swap), jnp.array(place))
    return held, numbers(held.images)[: int(held.stored)], numbers(shown)


def test_fills_first_whatever_the_draws():
    held, stored, shown = passed(pool.empty(3, 1, 2, 1), [1, 2], [True, False], [2, 0])
    assert (stored, shown) == ([1, 2], [1, 2])
    _, stored, shown = passed(held, [3], [True], [0])
    assert (stored, shown) == ([1, 2, 3], [3])


def test_a_full_pool_swaps_or_lets_pass():
    held, *_ = passed(pool.empty(3, 1, 2, 1), [1, 2, 3], [False] * 3, [0] * 3)
    held, stored, shown = passed(held, [4], [True], [1])
    assert (stored, shown) == ([1, 4, 3], [2])
    held, stored, shown = passed(held, [5], [False], [0])
    assert (stored, shown) == ([1, 4, 3], [5])
    held, stored, shown = passed(held, [6, 7, 8], [True, True, False], [1, 1, 2])
    assert (stored, shown) == ([1, 7, 3], [4, 6, 8])
    assert held.stored == 3


def test_a_batch_larger_than_the_pool():
    """The pool fills within the batch; what comes later in it meets a full pool."""
    _, stored, shown = passed(
        pool.empty(2, 1, 2, 1), [1, 2, 3, 4, 5], [True, True, True, False, True], [0, 0, 1, 1, 0]
    )
    assert (stored, shown) == ([5, 3], [1, 2, 2, 4, 1])


class Reference:
    """The pool of the PyTorch implementation, with the draws handed in."""

    def __init__(self, size):
        self.size, self.images = size, []

    def query(self, images, draws):
        shown = []
        for image, (chance, place) in zip(images, draws, strict=True):
            if len(self.images) < self.size:
                self.images.append(image)
                shown.append(image)
            elif chance > 0.5:
                shown.append(self.images[place])
                self.images[place] = image
            else:
                shown.append(image)
        return shown


def test_equals_the_reference_on_random_draws():
    dice, reference, held = random.Random(0), Reference(7), pool.empty(7, 1, 2, 1)
    swaps = 0
    for batch in range(50):
        fakes = [4 * batch + i + 1 for i in range(4)]
        draws = [(dice.uniform(0, 1), dice.randint(0, 6)) for _ in fakes]
        held, stored, shown = passed(
            held, fakes, [chance > 0.5 for chance, _ in draws], [place for _, place in draws]
        )
        assert shown == reference.query(fakes, draws)
        assert stored == reference.images
        swaps += shown != fakes
    assert swaps > 25


def test_draws_are_fair():
    """Of 10,000: half are swaps, each of 50 places is taken by 200; bounds of five standard deviations."""
    swap, place = jax.device_get(pool.draw(jax.random.key(0), 10_000, 50))
    assert abs(swap.sum() - 5000) < 5 * 50
    counts = np.bincount(place, minlength=50)
    assert len(counts) == 50
    assert np.abs(counts - 200).max() < 5 * 14
    assert abs(np.corrcoef(swap, place)[0, 1]) < 0.05


def test_show_draws_from_its_key():
    held, *_ = passed(pool.empty(4, 1, 2, 1), [1, 2, 3, 4], [False] * 4, [0] * 4)
    fakes, keys = pictures(*range(5, 13)), jax.random.split(jax.random.key(0), 2)
    results = [pool.show(held, fakes, key) for key in (keys[0], keys[0], keys[1])]
    one, again, other = (numbers(shown) for _, shown in results)
    assert one == again != other
    expected, shown = exchange(held, fakes, *pool.draw(keys[0], 8, 4))
    assert (numbers(expected.images), numbers(shown)) == (numbers(results[0][0].images), one)


def test_a_pool_of_no_places_shows_what_comes():
    held, fakes = pool.empty(0, 1, 2, 1), pictures(1, 2)
    assert jax.tree.leaves(held) == []
    held, shown = pool.show(held, fakes, jax.random.key(0))
    assert (held, numbers(shown)) == (None, [1, 2])


@pytest.mark.parametrize("size", [1, 50])
def test_an_empty_pool_is_arrays_of_the_pictures_shape(size):
    held = pool.empty(size, 4, 6, 3)
    assert held.images.shape == (size, 4, 6, 3)
    assert held.stored == 0
