import numpy as np

from gan_jax.page.shelf import Held, Shelf


def held(value):
    return Held(np.full((1, 1, 1), value), "x2y", np.zeros((1, 1, 1)), None)


def test_the_newest_are_held_under_names_of_their_own():
    shelf = Shelf(2)
    first, second = (shelf.put(held(value)) for value in (1, 2))
    assert first != second
    assert min(len(first), len(second)) >= 22  # 128 bits
    assert shelf.get(first).given.item() == 1  # and is the newest now
    third = shelf.put(held(3))
    assert [shelf.get(name) is not None for name in (first, second, third)] == [True, False, True]
    assert shelf.get("") is shelf.get("else") is None
