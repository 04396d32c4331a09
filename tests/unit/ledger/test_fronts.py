"""Ranks over several objectives, and ledgers that hold them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pairs import pair_ledger, pair_space

from resweep.errors import InputError
from resweep.ledger.fronts import as_losses, fronts, pareto_scores, ranked
from resweep.ledger.trials import Ledger
from resweep.space.model import Space

points = arrays.arrays(
    float, st.tuples(st.integers(1, 20), st.integers(2, 3)), elements=st.integers(0, 5).map(float)
)
POINTS = [(0.0, 0.0), (1.0, 0.5), (3.0, 0.0), (2.0, 0.0), (4.0, 1.0), (1.0, 0.0)]


@settings(max_examples=60, deadline=None)
@given(points)
def test_a_point_that_dominates_another_scores_higher(losses):
    scores = pareto_scores(losses)
    better = (losses[:, None] <= losses).all(axis=2) & (losses[:, None] < losses).any(axis=2)
    first, second = np.nonzero(better)
    assert (scores[first] > scores[second]).all()
    same = (losses[:, None] == losses).all(axis=2)
    assert all(scores[i] == scores[j] for i, j in zip(*np.nonzero(same), strict=True))
    assert 0 < scores.min() <= scores.max() <= 1


@settings(max_examples=60, deadline=None)
@given(points, st.randoms(use_true_random=False))
def test_what_is_forbidden_stands_behind_and_changes_no_order(losses, random):
    forbidden = [random.random() < 0.4 for _ in losses]
    scores, able = pareto_scores(losses, forbidden), ~np.array(forbidden)
    if able.any() and not able.all():
        assert scores[able].min() > scores[~able].max()
    alone = pareto_scores(losses[able])
    assert (np.sign(np.subtract.outer(scores[able], scores[able]))
            == np.sign(np.subtract.outer(alone, alone))).all()  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(points, st.randoms(use_true_random=False))
def test_neither_order_nor_units_change_a_rank(losses, random):
    order = list(range(len(losses)))
    random.shuffle(order)
    scores = pareto_scores(losses)
    assert np.array_equal(pareto_scores(losses[order]), scores[order])
    assert np.array_equal(pareto_scores(losses * 1024 + 8), scores)


def test_infinite_objectives_stand_behind_and_before_all_others():
    losses = np.array([[0.0, np.inf], [0.5, 2.0], [0.6, 3.0], [-np.inf, 4.0], [np.inf, np.inf]])
    scores = pareto_scores(losses)
    assert np.argmin(scores) == 4
    assert scores[1] > scores[2]
    everything = pareto_scores(np.array([[np.inf, 0.0], [np.inf, 1.0], [np.inf, 1e308]]))
    assert (np.diff(everything) < 0).all()


def test_a_ledger_comes_back_with_values_and_ranks(tmp_path):
    ledger = pair_ledger(POINTS)
    trials = ledger.trials
    assert list(trials.columns[:5]) == [
        "number", "value", "values_accuracy", "values_size", "state",
    ]  # fmt: skip
    level = fronts(as_losses(trials[["values_accuracy", "values_size"]].to_numpy(),
                             ledger.space.objectives))  # fmt: skip
    assert set(trials["number"][level == 0]) == {0, 2, 3, 5}
    assert trials["value"][level == 0].min() > trials["value"][level > 0].max()
    ledger.dump(tmp_path)
    back = Ledger.load(tmp_path / "trials.csv", ledger.space)
    pd.testing.assert_frame_equal(back.trials, trials)


def test_a_table_of_optuna_is_ranked_when_it_is_read(tmp_path):
    ledger = pair_ledger(POINTS)
    ledger.dump(tmp_path)
    text = (tmp_path / "trials.csv").read_text()
    table = pd.read_csv(tmp_path / "trials.csv").drop(columns="value")
    for names in ({}, {"values_accuracy": "values_0", "values_size": "values_1"}):
        table.rename(columns=names).to_csv(tmp_path / "other.csv", index=False)
        other = Ledger.load(tmp_path / "other.csv", ledger.space)
        assert other.trials["value"].tolist() == ledger.trials["value"].tolist()
    (tmp_path / "trials.csv").write_text(text.replace(",0.0,COMPLETE", ",,COMPLETE", 1))
    with pytest.raises(InputError, match="is COMPLETE without a value of size"):
        Ledger.load(tmp_path / "trials.csv", ledger.space)
    one = Space.loads("direction: maximize\nparam_ranges: {x: {type: float, low: 0, high: 4}}\n")
    table.rename(columns=names).to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(InputError, match="Declare `objectives:` in the space"):
        Ledger.load(tmp_path / "other.csv", one)


def test_a_threshold_on_one_objective_puts_what_violates_it_behind():
    space = pair_space(constraints={"cost": {"max": 5.0}})
    costs = [1.0, 1.0, 9.0, 1.0, 1.0, 1.0]
    free, bound = pair_ledger(POINTS), pair_ledger(POINTS, space, cost=costs)
    assert free.trials["value"][2] > free.trials["value"][1]
    assert bound.trials["value"].idxmin() == 2
    assert (~bound.scored["feasible"]).sum() == 1


def test_ledgers_ranked_together_have_one_scale():
    good, bad = pair_ledger([(0.0, 0.0), (2.0, 0.0)]), pair_ledger([(0.0, 0.9), (2.0, 0.5)])
    assert good.trials["value"].max() == bad.trials["value"].max() == 1.0
    good, bad = ranked(good, bad)
    assert good.trials["value"].min() > bad.trials["value"].max()


def test_each_block_is_ranked_for_itself():
    blocks = ["a", "a", "a", "b", "b", "b"]
    found = pair_ledger(POINTS, block=blocks).trials
    assert found["value"][:3].max() == found["value"][3:].max() == 1.0
