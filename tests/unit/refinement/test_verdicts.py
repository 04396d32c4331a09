from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from chains import chain, follow
from studies import BATCH, DEPTH, FILLER, assignments, ledger, mirrored, noise, space, v2

from resweep.errors import InputError
from resweep.ledger.trials import Ledger
from resweep.refinement.predictions import predictions
from resweep.refinement.refine import refine
from resweep.refinement.verdicts import (
    COLUMNS,
    calibration,
    joint_space,
    judge,
    made_from,
    new_trials,
    read_predictions,
    read_verdicts,
    verdict_lines,
    verdicts,
)

WRONG = {
    "pool": {"fix": "mean", "reason": "planted"},
    "lr": {"low": 1e-5, "high": 1e-4, "reason": "planted"},
}


def judged(parent, refinement, child):
    return verdicts(predictions(refinement), parent, child).set_index("id")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_right_restrictions_are_confirmed(seed):
    table = judged(*chain(seed))
    assert tuple(table.reset_index().columns) == COLUMNS
    assert table.loc["pool.dropped", "verdict"] == "confirmed"
    assert 0.05 < table.loc["pool.dropped", "low"] < 0.1 < table.loc["pool.dropped", "high"]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_wrong_restrictions_are_refuted(seed):
    table = judged(*chain(seed, peak=0.8, overrides=WRONG))
    assert table.loc["pool.dropped", "verdict"] == "refuted"  # fixed at the worst choice
    assert table.loc["lr.dropped", "verdict"] == "refuted"
    assert (table[["n"]] > 0).all().all()


def test_a_restriction_that_does_not_matter_stays_undecided():
    found = [judged(*chain(seed, effect=0.0, overrides=WRONG)) for seed in range(4)]
    assert {table.loc["pool.dropped", "verdict"] for table in found} == {"undecided"}


def test_without_a_trial_of_what_was_dropped_nothing_is_decided():
    parent, refinement, _ = chain(0)
    rng = np.random.default_rng(0)
    child = follow(parent, refinement.space, 60, rng, 0.1, fallback=0.0)
    row = judged(parent, refinement, child).loc["pool.dropped"]
    assert row["verdict"] == "undecided" and row["n"] == 0
    assert row["test"] == "no point of the new sweep tried one of the two sides"


@pytest.mark.parametrize("told", ["", "pool other"])
def test_a_restriction_that_the_sweep_took_back_is_refuted(told):
    parent, refinement, child = chain(0, effect=0.0, overrides=WRONG)
    assert judged(parent, refinement, child).loc["pool.dropped", "verdict"] == "undecided"
    outside = child.outside.assign(user_attrs_opened=told)
    outside.loc[outside.index[-1], "number"] = child.trials["number"].max() + 1
    again = replace(child, outside=outside)
    row = judged(parent, refinement, again).loc["pool.dropped"]
    assert row["verdict"] == ("refuted" if told else "undecided")
    assert ("taken back" in row["test"]) == bool(told)


def test_an_empty_child_decides_nothing():
    parent, refinement, child = chain(0)
    empty = Ledger.from_records([], child.space)
    assert set(judged(parent, refinement, empty)["verdict"]) == {"undecided"}


def expanded(peak, n=80, seed=0):
    """A parent that presses on the upper bound of `depth`, and a child with its best at `peak`."""
    where = space(DEPTH, BATCH, FILLER)
    rng = np.random.default_rng(seed)

    def sweep(space_, count, best):
        found = assignments(space_, count, rng)
        value = -0.05 * np.abs(np.array(found["depth"], dtype=float) - best)
        return ledger(space_, value + 0.02 * rng.normal(size=count), **found)

    parent = sweep(where, 60, 10)
    refinement = refine(where, parent)
    assert refinement.space["depth"].high > 6
    return parent, refinement, sweep(refinement.space, n, peak)


@pytest.mark.parametrize(
    ("peak", "beyond", "trend"), [(9, "confirmed", "confirmed"), (4, "refuted", "undecided")]
)
def test_an_expansion_is_judged_by_where_the_best_quarter_lies(peak, beyond, trend):
    table = judged(*expanded(peak))
    assert table.loc["depth.beyond.high", "verdict"] == beyond
    if trend == "confirmed":
        assert table.loc["depth.trend.high", "verdict"] == trend
    else:
        assert table.loc["depth.trend.high", "verdict"] != "confirmed"


def test_minimising_the_negated_sweeps_gives_the_same_verdicts():
    parent, refinement, child = expanded(9)
    there = mirrored(parent)
    other = judged(there, refine(there.space, there), mirrored(child))
    columns = ["verdict", "estimate", "low", "high", "n"]
    pd.testing.assert_frame_equal(judged(parent, refinement, child)[columns], other[columns])


def test_every_prediction_of_the_published_example_gets_a_verdict():
    where, found = v2()
    refinement = refine(where, found, policy="published")
    child = noise(40, space_=refinement.space)
    table = verdicts(predictions(refinement), found, child)
    assert list(table["id"]) == list(predictions(refinement)["id"])


def test_the_joint_space_holds_both():
    parent, _, child = chain(0, overrides=WRONG)
    whole = joint_space(parent.space, child.space)
    assert whole["pool"].choices == ("mean", "max", "attention")
    assert (whole["lr"].low, whole["lr"].high) == (1e-6, 1.0)
    trials = new_trials(child, whole).trials
    assert len(trials) == len(child.trials) + len(child.outside)
    assert set(trials["params_pool"]) == {"mean", "max", "attention"}


def test_an_excursion_need_not_repeat_what_the_child_fixed():
    parent, _, child = chain(0, overrides={"pool": {"fix": "max", "reason": "x"}})
    home = child.assignment(child.trials.iloc[0])
    stray = {"number": 0, "value": 1.0, "state": "COMPLETE", "params": home | {"lr": 0.9}}
    ledger = Ledger.from_records([stray | {"user_attrs": {"kind": "fallback"}}], child.space)
    assert len(ledger.outside) == 1
    found = new_trials(ledger, joint_space(parent.space, child.space)).trials
    assert list(found["params_pool"]) == ["max"] and list(found["params_lr"]) == [0.9]


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [((0.1, 2), "confirmed"), ((-2, -0.1), "refuted"), ((-1, 1), "undecided")],
)
def test_an_interval_decides(ends, verdict):
    assert judge(">", 0.0, *ends) == verdict
    assert judge("<", 0.0, -ends[1], -ends[0]) == verdict
    assert judge(">", 0.0, np.nan, np.nan) == "undecided"


def test_calibration_scores_what_was_decided():
    table = pd.DataFrame(
        {
            "probability": [0.9, 0.9, 0.995, np.nan, 0.6],
            "verdict": ["confirmed", "refuted", "confirmed", "confirmed", "undecided"],
            "kind": "dropped",
        }
    )
    scores = calibration(table).set_index("bin")
    assert list(scores.index) == ["0.5 to 0.8", "0.8 to 0.95", "0.99 to 1", "without", "all"]
    assert scores.loc["0.8 to 0.95", "brier"] == pytest.approx((0.1**2 + 0.9**2) / 2)
    assert list(scores.loc["all", ["n", "n_decided"]]) == [5, 4]
    assert scores.loc["all", "hit_rate"] == 0.75
    assert np.isnan(scores.loc["0.5 to 0.8", "hit_rate"])


def test_tables_survive_the_disk(tmp_path):
    parent, refinement, child = chain(0)
    claims = predictions(refinement)
    claims.to_csv(tmp_path / "predictions.csv", index=False)
    again = read_predictions(tmp_path / "predictions.csv")
    first, second = (verdicts(t, parent, child) for t in (claims, again))
    assert first.to_csv(index=False) == second.to_csv(index=False)
    first.to_csv(tmp_path / "verdicts.csv", index=False)
    pd.testing.assert_frame_equal(read_verdicts(tmp_path / "verdicts.csv"), first)
    (tmp_path / "predictions.csv").write_text("id,parameter\n")
    with pytest.raises(InputError, match="has no column kind"):
        read_predictions(tmp_path / "predictions.csv")


def test_only_the_decisions_of_a_parent_are_judged():
    parent, refinement, child = chain(0)
    assert made_from(refinement.decisions, parent.space)
    assert not made_from(refinement.decisions, child.space)


def test_a_person_reads_the_refuted_first():
    table = verdicts(*(lambda p, r, c: (predictions(r), p, c))(*chain(0, overrides=WRONG)))
    lines = verdict_lines(table, calibration(table))
    assert lines[0].startswith(f"{len(table)} prediction")
    assert "**refuted**" in lines[4]
    decided = (table["verdict"] != "undecided").sum()
    assert len(verdict_lines(table, undecided=False)) == 4 + decided
    assert verdict_lines(table.iloc[:0]) == ["The decisions claimed nothing that could be tested."]
