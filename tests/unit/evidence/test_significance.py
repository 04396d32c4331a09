import numpy as np
import pytest
from scipy import stats
from studies import BATCH, LR, POOL, SCHEDULER, WIDTH, ledger, mirrored, noise, space

from resweep.evidence.significance import hypergeometric_tail, score_tests, significance
from resweep.ledger.points import points


def one(study, name, **more):
    return score_tests(study.space, points(study), **more)[name]


@pytest.mark.parametrize(("k", "n", "marked", "drawn"), [(3, 15, 5, 5), (0, 9, 4, 2), (2, 8, 8, 2)])
def test_hypergeometric_tail_is_scipys(k, n, marked, drawn):
    expected = stats.hypergeom.sf(k - 1, n, marked, drawn)
    assert hypergeometric_tail(k, n, marked, drawn) == pytest.approx(expected)


def test_trend_is_spearmans_and_its_p_is_near_scipys():
    study = noise(40, 3)
    test = one(study, "lr")
    expected = stats.spearmanr(study.trials["params_lr"], study.trials["value"])
    assert test.rho == pytest.approx(expected.statistic)
    assert test.p_trend == pytest.approx(expected.pvalue, abs=0.05)


def test_boolean_contrast_p_is_near_the_rank_sum_test():
    study = noise(60, 4)
    flag = study.trials["params_scheduler"].to_numpy(dtype=bool)
    y = study.trials["value"].to_numpy()
    expected = stats.mannwhitneyu(y[flag], y[~flag]).pvalue
    assert one(study, "scheduler").p_contrast == pytest.approx(expected, abs=0.05)


def test_p_of_choices_is_corrected_for_their_number():
    test = one(noise(50, 5), "pool")
    assert test.p_contrast == np.nanmin(test.p_choice)
    assert len(test.p_choice) == 3


def test_p_does_not_depend_on_the_other_parameters():
    study = noise(30, 6)
    alone = ledger(space(LR), study.trials["value"], lr=study.trials["params_lr"])
    assert one(study, "lr").p_trend == one(alone, "lr").p_trend


def test_p_of_a_number_is_the_smallest_of_two_times_two():
    test = one(noise(30, 7), "width")
    assert test.p == pytest.approx(min(1, 2 * min(test.p_trend, test.p_cluster)))


def test_minimising_mirrors_maximising():
    study = noise(40, 8)
    here, there = significance(study), significance(mirrored(study))
    assert here.equals(there)


def test_conditional_parameters_are_tested_where_active():
    study = noise(40, 9)
    row = significance(study).set_index("parameter").loc["heads"]
    assert row["n_active"] == study.trials["params_heads"].notna().sum()


def test_parameters_active_in_fewer_than_ten_points_have_no_q():
    where = space(LR, WIDTH)
    rng = np.random.default_rng(0)
    study = ledger(
        where, rng.random(20), lr=rng.uniform(1e-4, 1e-2, 20), width=[1.0, 2.0] + [None] * 18
    )
    table = significance(study).set_index("parameter")
    assert np.isnan(table.loc["width", "q"])
    assert table.loc["lr", "q"] == table.loc["lr", "p"]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_trials_give_no_p(n):
    study = noise(n)
    table = significance(study)
    assert table["p"].isna().all()
    assert len(table) == len(study.space.params)


@pytest.mark.parametrize(
    "columns",
    [
        {"lr": [1e-3] * 12, "scheduler": [True] * 12, "batch": [8] * 12, "pool": ["max"] * 12},
    ],
)
def test_constant_parameters_have_no_p(columns):
    study = ledger(space(LR, SCHEDULER, BATCH, POOL), np.arange(12), **columns)
    assert significance(study)["p"].isna().all()


def test_equal_values_give_no_p():
    study = noise(20)
    flat = ledger(study.space, np.ones(20), lr=study.trials["params_lr"])
    assert significance(flat)["p"].isna().all()


def test_p_values_of_noise_are_uniform():
    p = {name: [] for name in ("trend", "contrast", "cluster")}
    where = space(LR, SCHEDULER)
    for i in range(250):
        tests = score_tests(where, points(noise(40, i, where)), 300, i)
        p["trend"].append(tests["lr"].p_trend)
        p["contrast"].append(tests["scheduler"].p_contrast)
        p["cluster"].append(tests["lr"].p_span)
    for name, values in p.items():
        assert stats.kstest(values, "uniform").pvalue > 0.001, name


def test_a_planted_trend_and_a_planted_contrast_are_found():
    rng = np.random.default_rng(1)
    where = space(LR, SCHEDULER, WIDTH)
    lr, flag = 10 ** rng.uniform(-5, -1, 60), rng.random(60) < 0.5
    study = ledger(
        where,
        -np.log10(lr) + 2.0 * flag + rng.normal(size=60),
        lr=lr,
        scheduler=[bool(f) for f in flag],
        width=rng.uniform(0.5, 3, 60),
    )
    table = significance(study).set_index("parameter")
    assert table.loc["lr", "q"] < 0.05
    assert table.loc["scheduler", "q"] < 0.05
    assert table.loc["width", "q"] > 0.05
