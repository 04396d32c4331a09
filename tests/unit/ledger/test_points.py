import numpy as np
import pandas as pd
import pytest
from studies import BATCH, LR, SCHEDULER, ledger, space

from resweep.ledger.columns import at_position, column, position
from resweep.ledger.points import elite_flags, points
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
    table = points(ledger(space(norm), [1, 2, 3], norm=["batch", None, None]))
    assert column(norm, table).x.tolist() == [0, 1, 1]


def test_true_and_one_are_different_choices():
    mixed = Parameter("mixed", "categorical", choices=(1, True, "a"))
    table = points(ledger(space(mixed), [1, 2, 3], mixed=[True, 1, "a"]))
    assert column(mixed, table).x.tolist() == [1, 0, 2]
