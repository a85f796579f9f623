import pytest

from experiments import shifts

SHIFT = 1.5


@pytest.mark.slow
def test_the_penalty_of_wgan_gp_leaves_the_bias_that_theory_predicts():
    """Maximising W g - lambda (g - 1)^2 gives a slope of 1 + W / (2 lambda) = 1.075, and 1.61 as the distance."""
    found = shifts.trained("configs/wgan_gp.py:ring", SHIFT, 2000, 0, penalty=10.0, beta1=0.0)
    assert 0.97 * SHIFT < found.distance < SHIFT * (1 + SHIFT / 10)
    assert 0.9 < found.slope < 1.15


@pytest.mark.slow
def test_the_exponential_penalty_holds_the_slope():
    found = shifts.trained("configs/wgan_egp.py:ring", SHIFT, 2000, 0, penalty=10.0, beta1=0.0)
    assert 1.4 < found.distance < 1.65
    assert 0.9 < found.slope < 1.15


@pytest.mark.slow
def test_a_clipped_critic_tells_which_shift_is_larger():
    """Not how large: weights of at most 0.1 bound the slope by a number that nobody knows."""
    found = [shifts.trained("configs/wgan.py:ring", shift, 500, 0) for shift in (0.5, 1.0, 2.0, 4.0)]
    distances = [critic.distance for critic in found]
    assert distances == sorted(distances)
    assert max(critic.largest_weight for critic in found) <= 0.1 + 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "pulls"), [("configs/gan.py:minimax", False), ("configs/wgan.py:ring", True)]
)
def test_where_supports_are_disjoint_only_the_critic_pulls(file, pulls):
    """10 deviations apart, after 500 steps: a sure discriminator's minimax gradient is gone."""
    assert (shifts.trained(file, 10.0, 500, 0).pull > 0.1) == pulls
