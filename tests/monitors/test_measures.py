"""Numbers worked out by hand."""

import numpy as np
import pytest

from gan_jax.monitors import measures

RNG = np.random.default_rng(0)


def pictures(n: int = 6, side: int = 40) -> np.ndarray:
    """Smooth ones, as photos are: noise on 4 x 4 fields."""
    return RNG.uniform(-1, 1, (n, 4, 4, 3)).repeat(side // 4, axis=1).repeat(side // 4, axis=2)


def test_features_are_means_over_fields() -> None:
    ramp = np.arange(32.0)[None, :, None, None] * np.ones((1, 1, 20, 1))
    rows = measures.features(ramp).reshape(16, 16)
    assert rows[:, 0].tolist() == [0.5 + 2 * i for i in range(16)]
    assert (rows == rows[:, :1]).all(), "20 columns make fields of one or two"
    assert measures.features(np.ones((2, 3, 5, 2))).shape == (2, 30), "small pictures stay as they are"
    assert measures.features(np.ones((4, 2))).tolist() == [[1.0, 1.0]] * 4


def test_diversity_is_a_ratio_of_distances_to_the_nearest_other() -> None:
    real, made = np.array([[0.0], [2.0], [6.0], [14.0]]), np.array([[0.0], [1.0], [1.0], [1.5]])
    # nearest others: 2, 2, 4, 8 -> median 3; and 1, 0, 0, 0.5 -> 0.25
    assert measures.diversity(made, real) == pytest.approx(0.25 / 3)
    assert measures.diversity(real, real) == 1
    assert measures.diversity(made, np.zeros((4, 1))) == np.inf
    with pytest.raises(ValueError, match="no other"):
        measures.diversity(made[:1], real)


def test_change_is_a_share_of_the_distance_between_inputs() -> None:
    given = np.array([0.0, 1.0]).reshape(2, 1, 1, 1) * np.ones((1, 4, 4, 3))
    assert measures.change(given + 0.25, given) == pytest.approx(0.25)
    assert measures.change(given, given) == 0
    assert measures.change(given[..., :1] + 0.5, given) == pytest.approx(0.5), "grey where channels differ"
    assert measures.change(given, np.zeros_like(given)) == np.inf
    with pytest.raises(ValueError, match="shape"):
        measures.change(given[:, :2], given)


def test_likeness_is_a_correlation() -> None:
    given = pictures()
    assert measures.likeness(0.3 * given + 0.1, given) == pytest.approx(1)
    assert measures.likeness(-given, given) == pytest.approx(-1)
    assert measures.likeness(np.zeros_like(given), given) == 0
    a, b = np.array([[0.0, 1.0], [2.0, 5.0]]), np.array([[1.0, 0.0], [4.0, 3.0]])
    expected = np.corrcoef(a.ravel(), b.ravel())[0, 1]
    assert measures.likeness(a[None, ..., None], b[None, ..., None]) == pytest.approx(expected)


def test_copied_is_a_share_of_outputs() -> None:
    train = np.array([[0.0], [10.0]])
    test = np.array([[4.0], [14.0]])  # both 4 from one trained on
    made = np.array([[0.9], [9.1], [12.0], [10.0]])
    assert measures.copied(made, test, train, 0.25) == 0.75
    assert measures.copied(made, test, train, 0.2) == 0.25
    assert measures.copied(train, train, train, 0.25) == 0, (
        "what is tested on was trained on: nothing can be said"
    )
