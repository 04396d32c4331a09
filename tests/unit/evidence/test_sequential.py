import numpy as np
import pytest
from scipy import stats
from studies import greedy

from resweep.evidence.sequential import follow_up_p


def test_it_is_uniform_though_the_sampler_concentrates():
    p = [follow_up_p(*greedy(60, seed)) for seed in range(400)]
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert np.mean(np.array(p) < 0.05) < 0.08


def test_it_sees_that_following_the_elites_paid():
    p = np.array([follow_up_p(*greedy(60, seed, effect=10)) for seed in range(40)])
    assert (p < 0.2).mean() > 0.8


def test_it_depends_on_ranks_of_the_score_alone():
    x, y = greedy(50, 1)
    assert follow_up_p(x, y) == pytest.approx(follow_up_p(x, np.exp(3 * y)))
    assert follow_up_p(x, y) == pytest.approx(follow_up_p(5 - 2 * x, y))


@pytest.mark.parametrize("n", [0, 1, 9])
def test_too_few_points_say_nothing(n):
    assert np.isnan(follow_up_p(np.arange(n), np.arange(n)))


def test_one_place_says_nothing():
    assert np.isnan(follow_up_p(np.ones(30), np.arange(30)))
