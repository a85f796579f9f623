import numpy as np
import pytest

from gan_jax.metrics import hidden

AMPLITUDE = 8 / 255


@pytest.fixture
def photos():
    return np.random.default_rng(0).uniform(-1, 1, (12, 32, 32, 3)).astype(np.float32)


@pytest.fixture
def base(photos):
    """A drawing of black and white blocks that leaves room above and below."""
    blocks = np.random.default_rng(1).integers(0, 2, (12, 4, 4, 1)).repeat(8, axis=1).repeat(8, axis=2)
    low, high = -1 + 2 * AMPLITUDE, 1 - 2 * AMPLITUDE
    return np.broadcast_to(np.where(blocks, high, low).astype(np.float32), photos.shape)


@pytest.fixture
def hiding(photos, base):
    """(x, y, F) of a translation that hides x in y, y = base + A x, and reads it, F = (y - base) / A."""
    return photos, base + AMPLITUDE * photos, lambda y: (y - base) / AMPLITUDE


@pytest.fixture
def honest(base):
    """(x, y, F) of a translation that shows all there is: blocks of two greys as blocks of black and white."""

    def decode(y):
        blocks = y.reshape(12, 4, 8, 4, 8, 3).mean(axis=(2, 4))
        return np.sign(blocks).repeat(8, axis=1).repeat(8, axis=2) / 2

    return np.sign(base) / 2, np.sign(base), decode


def test_analytic_steganography_loses_what_theory_says(hiding):
    found = hidden.errors(*hiding)
    assert found["as it is"].mean() == pytest.approx(0, abs=1e-6)
    # A level is 2/255: rounding misses by a quarter of it, a Gaussian by sqrt(2/pi) deviations; then divided by A.
    assert found["8 bits"].mean() == pytest.approx((2 / 255) / 4 / AMPLITUDE, rel=0.01)
    assert found["8 bits"].mean() == pytest.approx(0.0625, rel=0.01)
    assert found["noise 1"].mean() == pytest.approx(np.sqrt(2 / np.pi) * (2 / 255) / AMPLITUDE, rel=0.01)
    assert found["noise 1"].mean() == pytest.approx(0.1995, rel=0.01)
    assert found["noise 2"].mean() == pytest.approx(2 * 0.1995, rel=0.02)  # some of it leaves [-1, 1]


def test_references_are_those_of_uniform_pictures(hiding):
    found = hidden.errors(*hiding)
    # |a - b| of two uniform numbers in [-1, 1] has mean 2/3; |a - 0| has 1/2.
    assert found["another's"].mean() == pytest.approx(2 / 3, rel=0.01)
    assert found["mean colour"].mean() == pytest.approx(0.5, rel=0.01)


def test_what_is_hidden_is_found(hiding):
    scores = named(hiding)
    assert scores["hidden_share"].value > 1  # the noise does not only remove it, it misleads F
    assert scores["hidden_share"].interval.low > 1
    assert scores["transplant"].value == 1
    # Half of 2/3 is reached at 0.3333 / 0.1995 levels.
    assert hidden.half_way(hidden.errors(*hiding)) == pytest.approx(0.3333 / 0.1995, rel=0.02)


def test_an_honest_translation_hides_nothing(honest):
    x, y, decode = honest
    assert np.abs(decode(y) - x).max() < 1e-6
    scores = named(honest)
    assert scores["hidden_share"].value == 0
    assert scores["l1, 1/2 size"].value == 0
    assert scores["transplant"].value == 0
    assert hidden.half_way(hidden.errors(*honest)) is None


def test_numbers_by_hand():
    found = {"as it is": np.array([0.1, 0.3]), "another's": np.array([0.6, 0.8])}
    rises = {1: 0, 2: 0, 4: 0.05, 8: 0.2, 16: 0.5}
    found |= {f"noise {levels}": found["as it is"] + rise for levels, rise in rises.items()}
    np.testing.assert_allclose(hidden.fragility(found), 0.75 / 5)
    np.testing.assert_allclose(hidden.restored(found), 0.5)
    assert hidden.half_way(found) == pytest.approx(8 + 8 * (0.25 - 0.2) / (0.5 - 0.2))
    assert hidden.distance(np.zeros((2, 1, 2, 1)), np.array([[[[1.0], [0]]], [[[-3], [1]]]])).tolist() == [
        0.5,
        2,
    ]


def test_what_restores_nothing_hides_nothing():
    x = np.random.default_rng(0).uniform(-1, 1, (3, 8, 8, 1)).astype(np.float32)
    constant = (x, np.zeros_like(x), np.zeros_like)
    assert "hidden_share" not in named(constant)
    assert named(constant)["fragility"].value == 0


def test_every_corruption_is_of_its_kind_and_stays_in_range(photos):
    grey = photos[:2, ..., :1]
    for name, change in hidden.CORRUPTIONS.items():
        made = change(grey, 0)
        assert made.shape == grey.shape, name
        assert np.abs(made).max() <= 1, name
        assert np.abs(made - grey).max() > 0, name
    assert len(np.unique(hidden.CORRUPTIONS["3 bits"](grey, 0))) == 8
    assert len(np.unique(hidden.CORRUPTIONS["1 bit"](grey, 0))) == 2


def named(system):
    found = hidden.errors(*system)
    return {score.metric: score for score in hidden.scores(found, hidden.transplant(*system))}
