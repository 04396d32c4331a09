import numpy as np
import pandas as pd
import pytest
from studies import BATCH, DEPTH, LR, POOL, SCHEDULER, assignments, ledger, space

from resweep.evidence.costs import cost_effects, costs, time_of_change
from resweep.space.parameter import Parameter

WHERE = space(LR, DEPTH, BATCH, SCHEDULER, POOL)


def study(n=60, seed=0, of=lambda row: 10.0, sd=0.1, states=None):
    """A study without any effect on the value, and the seconds of its trials."""
    rng = np.random.default_rng([seed, n, 5])
    found = assignments(WHERE, n, rng)
    rows = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
    seconds = [of(row) * np.exp(sd * rng.normal()) for row in rows]
    return ledger(WHERE, rng.normal(size=n), states, **found), pd.Series(seconds)


def depth_costs(row):
    return 5 * 1.5 ** row["depth"] * (2.0 if row["pool"] == "attention" else 1.0)


def test_says_how_many_times_as_long_the_dearest_value_takes():
    table = costs(*study(of=depth_costs)).set_index("parameter")
    assert (table.loc["depth", "cheapest"], table.loc["depth", "dearest"]) == (2, 6)
    assert table.loc["depth", "times"] == pytest.approx(1.5**4, rel=0.15)
    assert table.loc["depth", "times_low"] < 1.5**4 < table.loc["depth", "times_high"]
    assert table.loc["pool", "dearest"] == "attention"
    assert table.loc["pool", "times"] == pytest.approx(2, rel=0.1)
    assert (table.loc[["depth", "pool"], "p_holm"] < 1e-6).all()


def test_times_that_depend_on_nothing_are_rarely_told_to():
    found = [costs(*study(40, seed, sd=0.5))["p"] for seed in range(60)]
    assert np.mean(pd.concat(found) < 0.05) < 0.08


def test_stragglers_do_not_turn_times_into_ranks():
    trials, seconds = study(of=depth_costs)
    seconds[::12] *= 30
    table = costs(trials, seconds).set_index("parameter")
    assert table.loc["depth", "times_low"] < 1.5**4 < table.loc["depth", "times_high"]


@pytest.mark.parametrize(
    ("new", "value", "times"),
    [
        (DEPTH.replace(low=2, high=3), None, 1.5 ** (2.5 - 4)),
        (None, 6, 1.5**2),
        (DEPTH, None, 1.0),
        (DEPTH.replace(high=10), None, np.nan),  # it was never that deep
    ],
)
def test_the_time_of_a_changed_range(new, value, times):
    effect = cost_effects(*study(of=depth_costs))["depth"]
    found = time_of_change(effect, new, value)
    assert found.times == pytest.approx(times, rel=0.08, nan_ok=True)
    assert np.isnan(times) or found.low <= times <= found.high


def test_the_time_of_changed_choices():
    effect = cost_effects(*study(of=depth_costs))["pool"]
    fewer = Parameter("pool", "categorical", choices=("mean", "max"))
    assert time_of_change(effect, fewer).times == pytest.approx(2 ** (-1 / 3), rel=0.05)
    weighted = POOL.replace(weights=(0.0, 0.0, 1.0))
    assert time_of_change(effect, weighted).times == pytest.approx(2 ** (2 / 3), rel=0.05)
    more = Parameter("pool", "categorical", choices=("mean", "sum"))
    assert np.isnan(time_of_change(effect, more).times)


def test_intervals_hold_the_truth_in_95_of_100():
    held = 0
    for seed in range(100):
        effect = cost_effects(*study(40, seed, depth_costs, sd=0.4))["depth"]
        found = time_of_change(effect, DEPTH.replace(low=2, high=4))
        old = np.mean(effect_mean(DEPTH.low, DEPTH.high))
        held += found.low <= 1.5 ** (np.mean(effect_mean(2, 4)) - old) <= found.high
    assert held >= 88


def effect_mean(low, high):
    return np.arange(low, high + 1)


def test_pruned_trials_and_unknown_times_do_not_count():
    states = ["COMPLETE"] * 40 + ["PRUNED"] * 20
    trials, seconds = study(of=depth_costs, states=states)
    seconds[40:] = 0.01
    seconds[:3] = np.nan
    table = costs(trials, seconds).set_index("parameter")
    assert table.loc["depth", "n_active"] == 37
    assert table.loc["depth", "times"] == pytest.approx(1.5**4, rel=0.2)


def test_without_times_there_is_nothing_to_say():
    trials, _ = study()
    assert costs(trials, pd.Series(dtype=float)).empty
    few = costs(trials, pd.Series([1.0, 2.0]))
    assert few["times"].isna().all() and len(few) == len(WHERE.params)
    assert np.isnan(time_of_change(cost_effects(trials, pd.Series([1.0]))["depth"], DEPTH).times)
