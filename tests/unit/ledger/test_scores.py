from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pruned import SPACE, constrained, curves, effects, study
from scipy.stats import binom, spearmanr
from studies import LR, ledger, mirrored, noise, space, v2

from resweep.ledger.scores import trial_scores

C, P, F = "COMPLETE", "PRUNED", "FAIL"


def scores(*trials, **more):
    return trial_scores(curves(*trials, **more)).set_index("number")


def test_without_pruning_scores_are_the_signed_values():
    _, published = v2()
    for one in (published, noise(30), mirrored(noise(30))):
        found = trial_scores(one)
        assert found["score"].tolist() == one.scores.tolist()
        assert found["complete"].all() and found["feasible"].all()
        assert (found["step"] == -1).all()


def test_a_pruned_trial_keeps_the_place_of_its_last_step():
    found = scores(
        (C, 1.0, {1: 0.5, 2: 0.8, 3: 1.0}),
        (P, 0.1, {1: 0.1}),
        (P, 0.7, {1: 0.9, 2: 0.7}),  # led at first, then fell behind
        (C, 0.9, {1: 0.55, 2: 0.75, 3: 0.9}),
        (P, 0.6, {1: 0.6}),  # left before the third fell behind
    )
    assert found["place"].tolist() == [4, 0, 1, 2, 3]
    assert found["score"][0] == 1.0 and found["score"][3] == 0.9
    assert 0.9 < found["score"][4] < 1.0
    assert found["score"][1] < found["score"][2] < 0.9
    assert found["step"].tolist() == [3, 1, 2, 3, 1]


def test_no_pruned_trial_stands_above_the_best_complete_one():
    found = scores((P, 9.0, {1: 9.0}), (C, 1.0, {1: 0.5, 2: 1.0}), (C, 0.5, {1: 0.4, 2: 0.5}))
    assert found["place"].tolist() == [1, 2, 0]
    assert 0.5 < found["score"][0] < 1.0


def test_what_diverged_is_worst_and_silent_trials_are_left_out():
    found = scores(
        (C, 1.0, {1: 0.5, 2: 1.0}),
        (F, None, {1: float("nan")}),
        (P, 0.1, {1: 0.1}),
        (F, None, {}),
        (P, 0.4, {}),  # a value of an unknown step
        (C, float("inf"), {}),
    )
    assert found.index.tolist() == [0, 1, 2]
    assert found["place"].tolist() == [2, 0, 1]
    assert np.isfinite(found["score"]).all()


def test_equal_pruned_trials_share_their_places_and_those_that_go_on_keep_an_order():
    found = scores(
        (C, 0.2, {1: 0.0, 2: 0.2}),
        (P, 0.0, {1: 0.0}),
        (C, 0.9, {1: 0.0, 2: 0.9}),
        (P, 0.0, {1: 0.0}),
    )
    assert found["place"].tolist() == [0, 1.5, 3, 1.5]


def test_a_trial_that_ended_early_by_itself_is_compared_later_by_its_last_value():
    found = scores(
        (C, 0.6, {1: 0.5, 2: 0.6}), (P, 0.55, {1: 0.2, 2: 0.4, 3: 0.55}), (C, 0.9, {3: 0.7, 9: 0.9})
    )
    assert found["place"].tolist() == [1, 0, 2]


def test_steps_of_different_grids_meet_at_the_last_value_before():
    found = scores(
        (C, 0.9, {1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4, 5: 0.5, 6: 0.9}),
        (P, 0.35, {5: 0.35}),
        (P, 0.6, {5: 0.6}),
        (C, 0.4, {10: 0.4}),  # reports only after the others have left
    )
    # At step 5 the last one is known by its first report.
    assert found["place"].tolist() == [3, 0, 2, 1]


def test_complete_trials_without_curves_stand_among_the_others_by_value():
    found = scores(
        (C, 1.0, {1: 0.6, 2: 1.0}),
        (P, 0.5, {1: 0.5}),
        (C, 0.3, {1: 0.2, 2: 0.3}),
        (C, 0.7, {}),
        (C, 0.1, {}),
        (C, 2.0, {}),
        (C, 1.0, {}),
    )
    assert found["place"].tolist() == [4.5, 2, 1, 3, 0, 6, 4.5]


def test_if_no_complete_trial_has_a_curve_the_pruned_ones_stand_below():
    found = scores((C, 0.2, {}), (P, 0.9, {1: 0.9}), (C, 0.1, {}), (P, 0.8, {1: 0.8}))
    assert found["place"].tolist() == [3, 1, 2, 0]
    assert 0 <= found["score"][3] < found["score"][1] < 0.1


def test_where_the_best_of_a_curve_counts_pruned_trials_are_judged_by_their_best():
    pruned = (P, 0.2, {1: 0.6, 2: 0.2})
    best = scores((C, 0.9, {1: 0.5, 2: 0.3, 3: 0.9, 4: 0.1}), pruned, (C, 0.4, {1: 0.4, 2: 0.3}))
    last = scores((C, 0.1, {1: 0.5, 2: 0.3, 3: 0.9, 4: 0.1}), pruned, (C, 0.3, {1: 0.4, 2: 0.3}))
    assert best["place"].tolist() == [2, 1, 0]
    assert last["place"].tolist() == [1, 0, 2]


def test_without_a_complete_trial_the_reported_values_make_the_scale():
    found = scores((P, 0.3, {1: 0.3}), (P, 0.1, {1: 0.2, 2: 0.1}), (P, 0.4, {1: 0.1, 2: 0.4}))
    assert found["place"].tolist() == [2, 0, 1]
    assert sorted(found["score"]) == pytest.approx([0.1, 0.3, 0.4])


@pytest.mark.parametrize("value", [0.5, 0.0])
def test_a_single_complete_trial_gives_a_finite_scale(value):
    found = scores((C, value, {1: 0.1, 2: value}), *[(P, v, {1: v}) for v in (0.0, 0.02, 0.05)])
    assert found["score"].is_unique and found["score"][0] == found["score"].max()
    assert np.ptp(found["score"]) < 1


def test_extrapolation_adds_at_most_the_range_of_the_complete_trials():
    many = [(P, v, {1: v}) for v in np.linspace(0, 0.4, 300)]
    found = scores((C, 0.50, {1: 0.5, 2: 0.50}), (C, 0.90, {1: 0.55, 2: 0.90}), *many)
    assert found["score"].min() == pytest.approx(0.5 - 0.4)


def test_infeasible_trials_stand_below_all_others_by_their_violation():
    study = constrained(
        curves((C, 9.0, {}), (C, 1.0, {}), (C, 2.0, {}), (F, None, {}), (F, None, {})),
        memory=[3.0, -1.0, 0.0, 5.0, np.nan],
        time=[-9.0, -1.0, np.nan, 1.0, np.nan],
    )
    found = trial_scores(study).set_index("number")
    assert found.index.tolist() == [0, 1, 2, 3]
    assert found["place"].tolist() == [1, 2, 3, 0]
    assert found["feasible"].tolist() == [False, True, True, False]
    assert found["score"][3] < found["score"][0] < found["score"][1] == 1.0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([C, P, F]),
            st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.7, 1.0, np.nan]), max_size=4),
            st.sampled_from([0.2, 0.5, 1.0]),
            st.sampled_from([None, -1.0, 0.5, 2.0]),
        ),
        max_size=12,
    )
)
def test_places_and_scores_of_any_study_are_in_order(rows):
    one = curves(
        *[(s, v if s == C else None, dict(enumerate(values, 1))) for s, values, v, _ in rows]
    )
    if any(c is not None for *_, c in rows):
        one = constrained(one, c=[np.nan if c is None else c for *_, c in rows])
    found = trial_scores(one)
    n = len(found)
    assert np.isfinite(found["score"]).all()
    assert found["place"].sum() == pytest.approx(n * (n - 1) / 2)
    order = found.sort_values(["place", "score"])
    assert (np.diff(order["score"]) >= -1e-12).all()
    anchors = found[found["complete"] & found["feasible"]]
    values = one.trials.set_index("number")["value"]
    assert anchors["score"].tolist() == values[anchors["number"]].tolist()
    if len(anchors):
        assert found["score"].max() == anchors["score"].max()
    turned = mirrored(one)
    turned = replace(turned, curves=turned.curves.assign(value=-turned.curves["value"]))
    pd.testing.assert_frame_equal(trial_scores(turned), found)
    shuffled = replace(one, trials=one.trials.iloc[::-1], curves=one.curves.iloc[::-1])
    pd.testing.assert_frame_equal(trial_scores(shuffled), found)


def p_values(pruner, level, n_studies, n=40, name="rate", **more):
    found = []
    for seed in range(n_studies):
        one = study(pruner, seed, n=n, level=level, **more)
        table = one.scored.merge(one.trials, on="number")
        x = table[f"params_{name}"]
        x = (x == "adam") if name == "opt" else x
        found.append(spearmanr(x, table["score"]).pvalue)
    return np.array(found)


@pytest.mark.parametrize("pruner", ["hyperband", "median", "halving"])
def test_pruning_without_an_effect_leaves_the_rank_test_its_level(pruner):
    p = p_values(pruner, lambda params: 0.7, 60)
    assert (p < 0.1).sum() <= binom.ppf(0.9999, len(p), 0.1)
    assert (p < 0.5).mean() == pytest.approx(0.5, abs=0.25)


def test_pruned_trials_make_an_effect_visible():
    everything = p_values("hyperband", effects, 20, name="opt")
    assert (everything < 0.05).mean() >= 0.6


def test_an_empty_sweep_has_no_scores():
    assert trial_scores(ledger(space(LR), [], lr=[])).empty
    assert trial_scores(curves(space=SPACE)).empty
