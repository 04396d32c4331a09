import dataclasses

import numpy as np
import pandas as pd
import pytest
from studies import BATCH, LR, POOL, SCHEDULER, WIDTH, assignments, ledger, noise, space

from resweep.evidence.additive import fit_additive, normal_scores, study_groups, tails_of
from resweep.evidence.adjusted_tables import adjusted, adjusted_curves
from resweep.evidence.simultaneous import holm, scheffe
from resweep.evidence.units import study_effects
from resweep.ledger.columns import columns
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.refinement.refine import refine
from resweep.space.parameter import Parameter

WHERE = space(LR, WIDTH, BATCH, SCHEDULER, POOL)


def study(n, seed, effect=lambda f: 0.0, sd=1.0, where=WHERE, tpe=False):
    """A study whose value is an effect of its assignment and noise."""
    rng = np.random.default_rng([seed, n, 77])
    found = assignments(where, n, rng)
    rows = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
    value = np.array([effect(row) for row in rows]) + sd * rng.normal(size=n)
    return ledger(where, value, **found)


def effects(found):
    return study_effects(found, points(found))


def four(row):
    """Four effects, each hiding the others."""
    value = 10.0 * row["scheduler"] - 4 * min(2, abs(np.log10(row["lr"]) + 3))
    return value + 2.4 * row["width"] - 4 * (row["pool"] == "max")


def test_strong_effects_do_not_hide_weak_ones():
    found = 0
    for seed in range(10):
        p = {name: e.p_holm for name, e in effects(study(60, seed, four)).items()}
        assert p["scheduler"] < 1e-6
        found += all(p[name] < 0.02 for name in ("lr", "width", "pool"))
    assert found >= 9


def test_null_parameters_are_rejected_at_the_nominal_rate():
    p = [
        e.p
        for seed in range(150)
        for name, e in effects(study(40, seed, lambda r: 8.0 * r["scheduler"])).items()
        if name != "scheduler"
    ]
    share = np.mean(np.array(p) < 0.05)
    assert 0.02 < share < 0.085  # 600 tests that share studies: 5% and twice its standard error


def test_intervals_of_a_difference_cover_the_truth():
    hits = 0
    for seed in range(200):
        found = study(60, seed, lambda r: 3.0 * r["scheduler"] + 2.0 * r["width"])
        row = adjusted(found).set_index("parameter").loc["scheduler"]
        hits += row["gap_low"] <= 3.0 <= row["gap_high"]
    assert 0.90 <= hits / 200 <= 0.985


def test_a_curve_is_read_at_the_values_that_were_tried():
    where = space(WIDTH, SCHEDULER)
    found = study(60, 1, lambda r: -8 * abs(r["width"] - 1.0), where=where)
    effect = effects(found)["width"]
    best = 0.5 + 2.5 * effect.parts[effect.best]
    assert abs(best - 1.0) < 0.4
    lost = effect.surely_worse()
    assert lost[-1] and not lost[effect.best]


def test_what_is_beyond_every_tried_value_is_never_worse_by_itself():
    where = space(WIDTH, SCHEDULER)
    rng = np.random.default_rng(0)
    width = list(1.75 + 1.25 * rng.random(40))
    value = -4 * np.array(width) + rng.normal(size=40)
    found = ledger(where, value, width=width, scheduler=[bool(i % 2) for i in range(40)])
    effect = effects(found)["width"]
    assert not effect.surely_worse()[:18].any()  # 0.5 to 1.6 was never tried


def test_one_parameter_alone_is_judged_by_its_trials():
    where = space(POOL)
    rng = np.random.default_rng(3)
    gain = {"mean": 0.0, "max": 2.0, "attention": 1.0}
    pool = [POOL.choices[i] for i in rng.integers(0, 3, 45)]
    value = [gain[c] + 0.1 * rng.normal() for c in pool]
    found = refine(where, ledger(where, value, pool=pool))
    assert found.space["pool"].choices == ("max", "attention")


def test_configurations_with_effects_of_their_own_are_no_effect_of_a_parameter():
    where = space(
        Parameter("a", "categorical", choices=("x", "y", "z")),
        Parameter("b", "categorical", choices=(1, 2, 4), ordered=True),
        Parameter("c", "categorical", choices=(True, False)),
    )
    false = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = [(a, b, c) for a in "xyz" for b in (1, 2, 4) for c in (True, False)]
        own = 0.05 * rng.normal(size=len(rows))
        repeated = [(*row, v + 0.01 * rng.normal()) for row, v in zip(rows, own, strict=True)
                    for _ in range(5)]  # fmt: skip
        a, b, c, value = (list(column) for column in zip(*repeated, strict=True))
        false += any(e.p_holm < 0.05 for e in effects(ledger(where, value, a=a, b=b, c=c)).values())
    assert false <= 6  # 5% of 40, and three standard errors


def test_heavy_tails_are_ranked():
    found = study(60, 2)
    heavy = found.trials.assign(value=np.exp(3 * found.trials["value"]))
    ranked = effects(Ledger(heavy, found.curves, found.space))
    assert {e.scale for e in ranked.values()} == {"normal scores"}
    assert {e.scale for e in effects(found).values()} == {"value"}


def test_few_points_or_no_spread_say_nothing():
    few = study(6, 0)
    flat = ledger(WHERE, np.ones(30), **assignments(WHERE, 30, np.random.default_rng(0)))
    for found in (few, flat):
        assert not any(e.known for e in effects(found).values())
        assert set(refine(found.space, found).decisions["action"]) <= {"keep", "expand"}


@pytest.mark.parametrize("n", [20, 60])
def test_more_parameters_than_points_fade_to_the_marginal_test(n):
    where = space(*[Parameter(f"x{i}", "float", 0.0, 1.0) for i in range(25)])
    p = [e.p for seed in range(12) for e in effects(study(n, seed, where=where)).values()]
    assert 0.01 < np.mean(np.array(p) < 0.05) < 0.1


def test_holm_and_scheffe_against_statsmodels_and_t():
    from scipy.stats import t
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.01, np.nan, 0.04, 0.03, 0.5])
    known = np.isfinite(p)
    assert np.allclose(holm(p)[known], multipletests(p[known], method="holm")[1])
    assert np.isnan(holm(p)[1])
    assert scheffe(1, 20, 0.95) == pytest.approx(t.ppf(0.975, 20))


def test_the_fit_of_one_group_is_least_squares_where_the_prior_is_wide():
    found = study(200, 5, lambda r: 50.0 * r["scheduler"], sd=0.1, where=space(SCHEDULER, LR))
    table = points(found)
    cols = list(columns(found.space, table).values())
    y = table["score"].to_numpy()
    fit = fit_additive(y, study_groups(cols, table["number"].to_numpy()))
    assert fit.residual.std() < 0.12
    assert tails_of(fit) == "light"
    assert np.abs(normal_scores(y).mean()) < 1e-9


def test_tables_have_what_they_promise():
    found = study(60, 4, four)
    curves = adjusted_curves(found)
    assert set(curves["parameter"]) == set(WHERE.names)
    assert (curves["level_low"] <= curves["level"]).all()
    assert (curves["level"] <= curves["level_high"]).all()
    assert curves["p_worse"].between(0, 1).all()
    dropped = curves[(curves["parameter"] == "scheduler") & curves["surely_worse"]]
    assert list(dropped["part"]) == [False]


def _decisions(found, **more):
    table = refine(found.space, found, **more).decisions.set_index("parameter")
    return table[["action", "rule"]]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("a, b", [(100.0, 1.0), (0.0, 1e-3), (-5.0, 1e4)])
def test_decisions_do_not_depend_on_the_unit_of_the_value(seed, a, b):
    found = study(60, seed, four)
    moved = Ledger(found.trials.assign(value=a + b * found.trials["value"]), found.curves, WHERE)
    left, right = refine(WHERE, found), refine(WHERE, moved)
    columns_ = ["parameter", "action", "rule", "new", "confidence"]
    pd.testing.assert_frame_equal(left.decisions[columns_], right.decisions[columns_])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_decisions_do_not_depend_on_how_the_study_is_written(seed):
    found = study(60, seed, four)
    plain = _decisions(found)
    # names and order of the parameters
    renamed = space(*(p.replace(name=f"z{i}_{p.name}") for i, p in enumerate(WHERE.params[::-1])))
    trials = found.trials.rename(
        columns={f"params_{p.name}": f"params_z{i}_{p.name}"
                 for i, p in enumerate(WHERE.params[::-1])}
    )  # fmt: skip
    other = _decisions(Ledger(trials, found.curves, renamed))
    other.index = [name.split("_", 1)[1] for name in other.index]
    pd.testing.assert_frame_equal(plain, other.loc[plain.index], check_names=False)
    # booleans as words, a logarithmic range as logarithms, other numbers of the trials
    words = SCHEDULER.replace(choices=("yes", "no"))
    logs = dataclasses.replace(LR, low=-5.0, high=-1.0, log=False, limits=(-6.0, 0.0))
    there = space(logs, WIDTH, BATCH, words, POOL)
    trials = found.trials.assign(
        number=10 * found.trials["number"] + 3,
        params_lr=np.log10(found.trials["params_lr"]),
        params_scheduler=[{True: "yes", False: "no"}[v] for v in found.trials["params_scheduler"]],
    )
    pd.testing.assert_frame_equal(plain, _decisions(Ledger(trials, found.curves, there)))


def test_pure_noise_decides_next_to_nothing():
    restricted = sum(
        bool(set(_decisions(noise(60, seed))["action"]) & {"fix", "narrow", "shift"})
        for seed in range(60)
    )
    assert restricted <= 5  # 2% of 60 and more than three standard errors
