import numpy as np
import pytest

from gan_jax.metrics import coverage, frechet, kernel, sets, two_sample
from gan_jax.metrics.features import Extracted
from gan_jax.metrics.inception_score import inception_score


def extracted(seed, count, shift=0.0, classes=0):
    rng = np.random.default_rng(seed)
    return Extracted(
        rng.normal(shift, 1, (count, 4)), rng.normal(0, 3, (count, classes)) if classes else None
    )


@pytest.fixture(scope="module")
def different():
    real, fake, other = extracted(0, 40, classes=5), extracted(1, 30, 1.5, classes=5), extracted(2, 60)
    return real, fake, {score.metric: score for score in sets.compare(real, fake, other)}


def test_values_are_those_of_the_metrics(different):
    real, fake, found = different
    assert found["kid"].value == pytest.approx(kernel.kid(real.features, fake.features))
    width = kernel.median_width(real.features)
    assert found["mmd"].value == pytest.approx(
        kernel.mmd(real.features, fake.features, kernel.gaussian(width))
    )
    assert found["frechet"].value == pytest.approx(frechet.frechet(real.features, fake.features))
    assert found["inception_score"].value == pytest.approx(inception_score(fake.logits))


def test_neighbours_are_counted_among_as_many_of_each(different):
    assert (found := different[2])["kid"][2:4] == (40, 30)
    assert found["nn_accuracy"][2:4] == found["coverage"][2:4] == (30, 30)


def test_sets_that_differ_are_told_from_real_against_real(different):
    found = different[2]
    assert found["kid"].p_value < 0.01
    assert found["nn_accuracy"].p_value < 0.01
    assert found["kid"].interval.low > found["kid"].floor.value
    assert (found["kid"].floor.n_real, found["kid"].floor.n_fake) == (40, 30)
    assert abs(found["kid"].floor.value) < 0.1 * found["kid"].value
    assert found["nn_accuracy"].floor.value == pytest.approx(0.5, abs=0.1)


def test_intervals_hold_the_value_and_stay_in_range(different):
    for score in different[2].values():
        assert score.interval.low <= score.value <= score.interval.high
    for name in sets.SHARES:
        assert 0 <= different[2][name].interval.low <= different[2][name].interval.high <= 1


def test_without_other_pictures_halves_of_the_real_ones_are_the_floor():
    found = sets.compare(extracted(3, 21), extracted(4, 12))
    assert {score.floor[2:] for score in found} == {(10, 10)}
    assert "inception_score" not in {score.metric for score in found}


def test_few_pictures_leave_out_what_needs_more_and_say_so():
    found = sets.compare(extracted(5, 5), extracted(6, 4))
    assert {score.metric for score in found} == {"kid", "mmd", "frechet", "nn_accuracy", "nn_real", "nn_fake"}
    with pytest.raises(ValueError, match="at least 4"):
        sets.compare(extracted(5, 5), extracted(6, 3))


def test_equal_pictures_have_no_kernel_width():
    same = Extracted(np.ones((8, 3)), None)
    found = {score.metric: score.value for score in sets.compare(same, same)}
    assert "mmd" not in found
    assert found["frechet"] == pytest.approx(0)


def test_copies_are_told_by_the_nearest_neighbours():
    real = extracted(7, 30)
    found = {score.metric: score for score in sets.compare(real, real)}
    assert found["nn_accuracy"].value == 0
    assert found["nn_accuracy"].p_value < 0.01
    assert found["kid"].value < 0


def test_warnings_name_the_metrics_that_want_more():
    scores = sets.compare(extracted(8, 30), extracted(9, 30))
    few = sets.too_few(scores, dimension=1280)
    assert few[0].startswith("kid, mmd, nn_accuracy: 30 pictures are few, 100 are wanted")
    assert "frechet: 30 pictures are few, 2,048 are wanted" in few[-1]
    assert "3,001" in sets.too_few(scores, dimension=3000)[-1]
    many = [score._replace(n_real=9999, n_fake=9999) for score in scores]
    assert sets.too_few(many, dimension=1280) == []


def test_one_seed_gives_one_answer():
    real, fake = extracted(10, 12), extracted(11, 12)
    assert sets.compare(real, fake, seed=3) == sets.compare(real, fake, seed=3)


def test_numbers_agree_with_the_single_metrics():
    a, b = extracted(12, 9).features, extracted(13, 9).features
    found = sets.numbers(a, b, 1.0)
    assert found["nn_real"] == two_sample.nearest_neighbour(a, b).real
    assert found["density"] == coverage.coverage(a, b).density
