import numpy as np
import pandas as pd
import pytest
from pruned import constrained, curves
from studies import BATCH, FILLER, LR, SCHEDULER, ledger, space

from resweep.evidence.noise import noise as noise_table
from resweep.ledger.columns import at_position, column, position
from resweep.ledger.points import elite_flags, evidence_told, points
from resweep.ledger.trials import Ledger
from resweep.space.parameter import Parameter


def replicated():
    where = space(LR)
    return ledger(
        where,
        [0.1, 0.5, 0.3, 0.2, 0.4],
        lr=[1e-4, 1e-3, 1e-2, 1e-3, 1e-3],
        attrs={
            "kind": ["proposal", "proposal", "proposal", "replicate", "replicate"],
            "replicate_of": [None, None, None, 1, 3],
        },
    )


def test_replicates_are_repeats_of_one_point_even_through_another():
    table = points(replicated())
    assert table["number"].tolist() == [0, 1, 2]
    assert table["n_repeats"].tolist() == [1, 3, 1]
    assert table["score"].tolist() == pytest.approx([0.1, 1.1 / 3, 0.3])
    assert table["repeat_sd"].iloc[1] == pytest.approx(np.std([0.5, 0.2, 0.4], ddof=1))


def test_elites_are_points_ranked_by_their_mean():
    assert points(replicated())["elite"].tolist() == [False, True, False]


def test_failed_pruned_and_nan_trials_are_no_points():
    study = ledger(
        space(LR),
        [0.1, np.nan, 0.3, 0.4],
        ["COMPLETE", "COMPLETE", "PRUNED", "FAIL"],
        lr=[1e-3] * 4,
    )
    assert points(study)["number"].tolist() == [0]


def test_an_empty_ledger_has_no_points():
    assert points(ledger(space(LR), [], lr=[])).empty


@pytest.mark.parametrize(("n", "k"), [(0, 0), (1, 1), (4, 1), (5, 2), (20, 5), (50, 13)])
def test_the_number_of_elites_is_a_quarter_rounded_up(n, k):
    assert elite_flags(np.arange(n)).sum() == k


def test_among_equal_scores_the_earliest_are_elites():
    assert elite_flags(np.ones(8)).tolist() == [True, True] + [False] * 6


def test_order_of_rows_does_not_matter():
    study = replicated()
    shuffled = type(study)(study.trials.iloc[[4, 2, 0, 3, 1]], study.curves, study.space)
    pd.testing.assert_frame_equal(points(study), points(shuffled))


def test_position_and_its_inverse_use_log_units():
    assert position(LR, np.array([1e-5, 1e-3, 1e-1])) == pytest.approx([0, 0.5, 1])
    assert at_position(LR, 0.5) == pytest.approx(1e-3)


def test_columns_of_ladders_and_booleans():
    table = points(
        ledger(space(BATCH, SCHEDULER), [1, 2, 3], batch=[8, 64, 16], scheduler=[True, False, None])
    )
    assert column(BATCH, table).x == pytest.approx([0, 1, 1 / 3])
    assert column(SCHEDULER, table).x.tolist() == [0, 1]
    assert column(SCHEDULER, table).active.tolist() == [True, True, False]


def test_none_may_be_a_choice():
    norm = Parameter("norm", "categorical", choices=("batch", None))
    table = points(ledger(space(norm, FILLER), [1, 2, 3], norm=["batch", None, None]))
    assert column(norm, table).x.tolist() == [0, 1, 1]


def test_true_and_one_are_different_choices():
    mixed = Parameter("mixed", "categorical", choices=(1, True, "a"))
    table = points(ledger(space(mixed), [1, 2, 3], mixed=[True, 1, "a"]))
    assert column(mixed, table).x.tolist() == [1, 0, 2]


def test_equal_parameters_are_one_point_and_their_repeats_the_noise():
    rng = np.random.default_rng(3)
    opt = Parameter("opt", "categorical", choices=("adam", "sgd"))
    grid = [(lr, b, o) for lr in (1e-4, 1e-3, 1e-2) for b in (8, 16, 32) for o in opt.choices]
    level = np.repeat(0.7 + 0.05 * rng.normal(size=len(grid)), 5)
    lr, batch, opts = zip(*[one for one in grid for _ in range(5)], strict=True)
    study = ledger(
        space(LR, BATCH, opt),
        level + 0.01 * rng.normal(size=90),
        lr=lr,
        batch=list(batch),
        opt=list(opts),
    )
    table = points(study)
    assert len(table) == 18 and (table["n_repeats"] == 5).all()
    assert table["number"].tolist() == list(range(0, 90, 5))
    assert table["value"].to_numpy() == pytest.approx(level[::5], abs=0.02)
    facts = noise_table(study).set_index("quantity")
    assert facts.loc["replicate_sd", "value"] == pytest.approx(0.01, rel=0.2)
    assert facts.loc["replicate_sd", "n"] == 72
    assert facts.loc["best_standard_error", "value"] == pytest.approx(0.01 / np.sqrt(5), rel=0.2)


def test_pruned_trials_are_points_by_their_scores():
    study = curves(
        ("COMPLETE", 1.0, {1: 0.5, 2: 1.0}),
        ("PRUNED", 0.1, {1: 0.1}),
        ("COMPLETE", 0.8, {1: 0.4, 2: 0.8}),
        ("PRUNED", 0.45, {1: 0.45}),
        width=[0.1, 0.2, 0.3, 0.4],
    )
    table = points(study)
    assert table["n_complete"].tolist() == [1, 0, 1, 0]
    assert table["score"].rank().tolist() == [4, 1, 2, 3]
    assert table["value"].tolist() == table["score"].tolist()
    assert table["elite"].tolist() == [True, False, False, False]
    assert table["repeat_sd"].isna().all()


def test_a_point_with_a_pruned_repeat_is_worth_the_mean_of_both():
    study = curves(
        ("COMPLETE", 1.0, {1: 0.5, 2: 1.0}),
        ("PRUNED", 0.1, {1: 0.1}),
        ("COMPLETE", 0.8, {1: 0.4, 2: 0.8}),
        ("PRUNED", 0.45, {1: 0.45}),  # just below the best trial, so above the best mean
        width=[0.1, 0.1, 0.3, 0.4],
    )
    table = points(study)
    assert table["n_repeats"].tolist() == [2, 1, 1] and table["n_complete"].tolist() == [1, 1, 0]
    low = study.scored["score"].iloc[1]
    assert table["score"].iloc[0] == pytest.approx((1.0 + low) / 2)
    assert table["n_complete"][table["score"].argmax()] == 1


def test_infeasible_points_are_no_elites_however_good():
    study = constrained(
        curves(*[("COMPLETE", float(v), {}) for v in range(8)], width=np.arange(8) / 8),
        memory=[-1, -1, -1, -1, 1, 2, 3, 4],
    )
    table = points(study)
    assert table["feasible"].tolist() == [True] * 4 + [False] * 4
    assert np.flatnonzero(table["elite"]).tolist() == [3]
    assert table["score"].tolist()[:4] == [0, 1, 2, 3]
    assert (np.diff(table["score"].tolist()[4:]) < 0).all() and table["score"][4] < 0


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (["COMPLETE"] * 3 + ["FAIL"], "4 trials (3 complete, 1 failed), 3 used as evidence"),
        (["COMPLETE"] * 3, "3 trials (3 complete), all 3 used as evidence"),
        (["COMPLETE"], "1 trial (1 complete), 1 used as evidence"),
        ([], "0 trials, 0 used as evidence"),
    ],
)
def test_a_person_reads_how_many_trials_are_evidence(states, told):
    records = [
        {"number": n, "params": {"lr": 1e-4 * (n + 1)}, "state": state,
         "value": float(n) if state == "COMPLETE" else None}
        for n, state in enumerate(states)
    ]  # fmt: skip
    assert evidence_told(Ledger.from_records(records, space(LR))) == told


def test_pruned_trials_are_told_as_evidence():
    steps = {1: 0.1, 2: 0.2}
    found = curves(*[("COMPLETE", 0.3, {**steps, 3: 0.3})] * 3, ("PRUNED", None, steps))
    assert evidence_told(found) == "4 trials (3 complete, 1 pruned), all 4 used as evidence"
