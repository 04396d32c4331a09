import numpy as np
import pytest

from resweep.errors import InputError
from resweep.sweep.budget import parse_budget, trials_within


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("90min", 5400), ("3h", 10800), ("1.5 d", 129600), ("5m", 300)],
)
def test_a_budget_is_a_number_and_a_unit(text, seconds):
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "3", "h", "0h", "-3h", "3 hours", "3h 20min", "inf h"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="is no time"):
        parse_budget(text)


def test_as_many_trials_as_fit():
    assert trials_within(100, [10.0], 1) == 10
    assert trials_within(100, [10.0, np.nan, 0.0], 4) == 37  # the last one may start alone
    assert trials_within(99.9, [10.0], 1) == 9


@pytest.mark.parametrize("seed", range(20))
def test_they_are_through_in_time_in_whatever_order_they_come(seed):
    rng = np.random.default_rng(seed)
    seconds, slots = rng.exponential(10, 40), int(rng.integers(1, 9))
    budget = seconds.sum() / slots + seconds.max()
    count = trials_within(budget, seconds, slots)
    free = np.zeros(slots)
    for took in rng.permutation(seconds)[: min(count, 40)]:
        free[free.argmin()] += took
    assert free.max() <= budget and count >= 40


def test_times_that_differ_a_little_plan_the_same():
    assert trials_within(10_000, [10.0], 1) == trials_within(10_000, [9.95], 1) == 1000


def test_a_budget_without_a_trial_is_refused():
    with pytest.raises(InputError, match="holds no trial: those of the parent took 10 s"):
        trials_within(9, [10.0], 4)
    with pytest.raises(InputError, match="no trial of the parent has a known time"):
        trials_within(9, [np.nan], 4)
