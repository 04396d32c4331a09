"""What every evidence table promises, and what each one says of studies with known truth."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from studies import (
    ALL,
    BATCH,
    LR,
    POOL,
    SCHEDULER,
    WIDTH,
    assignments,
    ledger,
    mirrored,
    noise,
    space,
    v2,
)

from resweep.evidence import directionality, elites, interactions, power, ranges
from resweep.evidence.adjusted_tables import adjusted, adjusted_curves
from resweep.evidence.caveats import caveats
from resweep.evidence.contours import contours, informative_pairs
from resweep.evidence.drift import drift
from resweep.evidence.fingerprints import dead_parameters
from resweep.evidence.noise import noise as noise_table
from resweep.evidence.noise import shrunk
from resweep.evidence.overview import best_so_far, overview
from resweep.evidence.significance import significance
from resweep.evidence.stability import stability
from resweep.evidence.summary import summary
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger

TABLES = (
    adjusted,
    adjusted_curves,
    overview,
    best_so_far,
    ranges.ranges_explored,
    directionality.directionality_continuous,
    directionality.directionality_booleans,
    directionality.directionality_categoricals,
    directionality.directionality_contrasts,
    elites.elite_choices,
    elites.elite_spans,
    elites.elite_crowding,
    interactions.interactions,
    informative_pairs,
    contours,
    significance,
    power.power_table,
    noise_table,
    drift,
    stability,
    dead_parameters,
    caveats,
)


def failed(n):
    study = noise(n)
    trials = study.trials.assign(state="FAIL", value=np.nan)
    return type(study)(trials, study.curves, study.space)


ODD = {
    "no trial": noise(0),
    "one trial": noise(1),
    "two trials": noise(2),
    "all failed": failed(12),
    "equal values": ledger(space(LR, SCHEDULER), np.ones(15), lr=[1e-3, 1e-2, 1e-4] * 5,
                           scheduler=[True, False, True] * 5),
    "constant parameters": ledger(space(*ALL), np.arange(12.0), lr=[1e-3] * 12,
                                  scheduler=[True] * 12, batch=[8] * 12, pool=["max"] * 12,
                                  encoder=["cnn"] * 12, width=[1.0] * 12, depth=[3] * 12,
                                  smoothing=[0.1] * 12),
    "NaN values": ledger(space(LR), [np.nan, 1, 2, np.inf, 3] * 4,
                         lr=list(np.geomspace(1e-5, 1e-1, 20))),
    "ties": noise(30, sd=0.0005, mean=0.25),
}  # fmt: skip


@pytest.mark.parametrize("table", TABLES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", ODD)
def test_odd_studies_give_the_same_columns_as_any_other(table, name):
    with np.errstate(all="raise", under="ignore"):
        found = table(ODD[name])
    usual = table(noise(30, 1))
    assert list(found.columns) == list(usual.columns)
    assert isinstance(found.index, pd.RangeIndex) or found.empty


@pytest.mark.parametrize("name", ODD)
def test_odd_studies_have_a_summary_and_empirical_ranges(name):
    assert summary(ODD[name], 50).startswith("# Summary of sweep v2")
    assert set(ranges.empirical_ranges(ODD[name])) == set(ODD[name].space.names)


@pytest.mark.parametrize("table", TABLES, ids=lambda f: f.__name__)
def test_tables_are_functions_of_the_ledger(table):
    study = noise(25, 2)
    shuffled = type(study)(
        study.trials.sample(frac=1, random_state=0).reset_index(drop=True),
        study.curves,
        study.space,
    )
    pd.testing.assert_frame_equal(table(study), table(shuffled))


def test_overview_of_the_fixture():
    facts = overview(v2()[1]).set_index("quantity")["value"]
    assert facts["trials"] == facts["points"] == 20
    assert facts["best_trial"] == 12
    assert facts["best_value"] == 0.306524
    assert facts["elites"] == 5


def test_overview_of_durations():
    facts = overview(noise(5), pd.Series([1.0, 2.0, np.nan])).set_index("quantity")
    assert facts.loc["total_duration", "value"] == 3
    assert facts.loc["median_duration", "n"] == 2


def test_best_so_far_follows_the_direction():
    study = ledger(
        space(LR), [3, 1, 2, 0], ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"], lr=[1e-3] * 4
    )
    assert best_so_far(study)["best"].tolist() == [3, 3, 3, 3]
    assert best_so_far(mirrored(study))["best"].tolist() == [-3, -3, -3, -3]


def test_published_statistics_of_the_fixture():
    trend = directionality.directionality_continuous(v2()[1]).set_index("parameter")["rho"]
    published = {"batch_size": -0.67, "depth": 0.48, "label_smoothing": -0.41, "weight_decay": 0.37}
    published |= {"width_mult": 0.29, "mlp_hidden": 0.23, "lr": -0.15, "embed_dim": 0.05}
    assert trend[list(published)].round(2).to_dict() == published
    means = directionality.directionality_booleans(v2()[1]).set_index("parameter")
    assert means.loc["use_scheduler", ["mean_true", "mean_false"]].astype(float).round(
        3
    ).tolist() == [
        0.275,
        0.225,
    ]


def test_explored_ranges_find_gaps_and_untried_choices():
    study = ledger(space(LR, POOL), [1, 2, 3], lr=[1e-5, 1e-4, 1e-1], pool=["mean", "max", "mean"])
    table = ranges.ranges_explored(study).set_index("parameter")
    assert table.loc["lr", "largest_gap"] == pytest.approx(0.75)
    assert table.loc["pool", "untried"] == "attention"
    assert table.loc["pool", "coverage"] == pytest.approx(2 / 3)


def test_empirical_ranges_are_plain_data():
    found = ranges.empirical_ranges(v2()[1])
    assert found["lr"]["low"] == 6.7e-05
    assert found["use_scheduler"]["choices"] == {True: 5}
    assert found["temperature"] == {"n_active": 5, "n_elites": 0, "best": None}
    json.dumps({k: {a: str(b) for a, b in v.items()} for k, v in found.items()})


def test_cliffs_delta_and_difference_on_known_groups():
    score = np.array([1.0, 2.0, 3.0, 4.0])
    mine = np.array([False, False, True, True])
    assert directionality.cliffs_delta(score, mine) == 1
    assert directionality.cliffs_delta(-score, mine) == -1
    assert directionality.cliffs_delta(np.ones(4), mine) == 0
    assert directionality.relative_difference(score, mine) == pytest.approx(2 / 1.5)
    assert np.isnan(directionality.cliffs_delta(score, ~np.zeros(4, bool)))


def test_cliffs_delta_is_that_of_the_rank_sum_test():
    rng = np.random.default_rng(0)
    y, mine = rng.normal(size=30).round(1), rng.random(30) < 0.4
    u = stats.mannwhitneyu(y[mine], y[~mine]).statistic
    expected = 2 * u / (mine.sum() * (~mine).sum()) - 1
    assert directionality.cliffs_delta(y, mine) == pytest.approx(expected)


def test_directions_of_a_minimised_study_are_mirrored():
    study = noise(30, 3)
    here = directionality.directionality_booleans(study).iloc[0]
    there = directionality.directionality_booleans(mirrored(study)).iloc[0]
    assert here["difference"] == pytest.approx(-there["difference"])
    assert (here["cliffs_delta"], here["better"]) == (there["cliffs_delta"], there["better"])


def test_trend_intervals_cover_the_truth():
    rng = np.random.default_rng(0)
    true, hits = 6 / np.pi * np.arcsin(0.6 / 2), 0
    for i in range(150):
        x, e = rng.normal(size=(2, 50))
        where = space(WIDTH)
        ranked = 0.5 + 2.5 * np.argsort(np.argsort(x)) / 50
        study = ledger(where, 0.6 * x + 0.8 * e, width=ranked)
        row = directionality.directionality_continuous(study, 0, 200, i).iloc[0]
        hits += row["rho_low"] <= true <= row["rho_high"]
    assert 0.88 <= hits / 150 <= 0.99


@pytest.mark.parametrize("draw", ["normal", "exponential"])
def test_difference_intervals_of_small_groups_cover_the_truth(draw):
    mine = np.arange(20) % 4 == 0
    hits = 0
    for seed in range(400):
        value = 1.0 * mine + getattr(np.random.default_rng([7, seed]), draw)(size=20)
        low, high = directionality.difference_interval(value, mine, 400, seed)
        hits += low <= 1 <= high
    assert 0.90 <= hits / 400 <= 0.98


def test_two_points_have_no_interval():
    mine = np.arange(20) < 2
    assert np.isnan(directionality.difference_interval(np.arange(20.0), mine, 400, 0)).all()


def test_elite_share_has_the_wilson_interval():
    table = elites.elite_choices(v2()[1])
    row = table[(table["parameter"] == "encoder_type") & (table["choice"] == "cnn")].iloc[0]
    assert (row["n_elite"], row["elite_share"], row["share"]) == (5, 1.0, 0.75)
    assert row["elite_share_low"] == pytest.approx(proportion_confint(5, 5, method="wilson")[0])


def test_crowding_says_which_bound_may_grow():
    table = elites.elite_crowding(v2()[1]).set_index(["parameter", "side"])
    assert table.loc[("depth", "high"), "elite_share"] == 0.6
    assert table.loc[("depth", "high"), "can_grow"]
    assert not table.loc[("weight_decay", "high"), "can_grow"]
    assert not table.loc[("label_smoothing", "low"), "can_grow"]


def test_a_planted_interaction_is_first_and_main_effects_alone_are_none():
    rng = np.random.default_rng(0)
    where = space(LR, WIDTH, BATCH, SCHEDULER)
    a, b = rng.random(80), rng.random(80)
    columns = {
        "lr": 1e-5 * 1e4**a,
        "width": 0.5 + 2.5 * b,
        "batch": [BATCH.choices[i] for i in rng.integers(0, 4, 80)],
        "scheduler": [bool(v) for v in rng.integers(0, 2, 80)],
    }
    together = ledger(where, 20 * (a - 0.5) * (b - 0.5) + rng.normal(size=80), **columns)
    first = interactions.interactions(together).iloc[0]
    assert {first["parameter_a"], first["parameter_b"]} == {"lr", "width"}
    assert first["q"] < 0.01
    assert 0 < first["explained_low"] <= first["explained"] <= first["explained_high"] <= 1
    apart = ledger(where, 5 * a + 5 * b**2 + rng.normal(size=80), **columns)
    assert interactions.interactions(apart)["q"].min() > 0.01


def test_interaction_p_of_noise_is_uniform():
    where = space(LR, SCHEDULER, POOL)
    p = [
        interactions.interactions(noise(40, i, where)).set_index("parameter_b").loc["pool"]["p"]
        for i in range(60)
    ]
    assert stats.kstest(np.concatenate(p), "uniform").pvalue > 0.001


def test_curved_effects_of_few_points_are_no_interaction():
    where, false = space(LR, WIDTH, BATCH, SCHEDULER, POOL), 0
    for seed in range(40):
        rng = np.random.default_rng([seed, 7])
        found = assignments(where, 20, rng)
        a, b = np.log10(np.array(found["lr"])) / 4, np.array(found["width"]) / 2.5
        value = -30 * (a + 0.85) ** 2 - 20 * (b - 0.6) ** 2 + 4.0 * np.array(found["scheduler"])
        table = interactions.interactions(ledger(where, value + rng.normal(size=20), **found))
        false += bool((table["q"] < 0.10).any())
    assert false <= 9  # a tenth of 40, and three standard errors


def test_contours_show_the_informative_pair_on_its_own_scale():
    rng = np.random.default_rng(0)
    where = space(LR, WIDTH, BATCH)
    a, b = rng.random(60), rng.random(60)
    study = ledger(where, -((a - 0.3) ** 2) - (b - 0.7) ** 2, lr=1e-5 * 1e4**a, width=0.5 + 2.5 * b,
                   batch=[8, 16, 32, 64] * 15)  # fmt: skip
    pair = informative_pairs(study).iloc[0]
    assert (pair["parameter_a"], pair["parameter_b"]) == ("lr", "width")
    surface = contours(study, 1, 21)
    assert len(surface) == 21 * 21
    top = surface.loc[surface["value"].idxmax()]
    assert np.log10(top["a"]) == pytest.approx(-5 + 4 * 0.3, abs=0.6)
    assert top["b"] == pytest.approx(0.5 + 2.5 * 0.7, abs=0.4)


def test_power_matches_a_simulation():
    n, hits = 40, 0
    effect = power.detectable_effect(n)
    rng = np.random.default_rng(0)
    r = 2 * np.sin(np.pi * effect / 6)
    for _ in range(400):
        x, e = rng.normal(size=(2, n))
        hits += stats.spearmanr(x, r * x + np.sqrt(1 - r * r) * e).pvalue < 0.05
    assert hits / 400 == pytest.approx(0.8, abs=0.07)
    assert power.trials_needed(effect) == pytest.approx(n, abs=1)


@pytest.mark.parametrize(
    ("effect", "needed"), [(0, np.inf), (np.nan, np.inf), (1, 4), (1e-6, np.inf)]
)
def test_trials_needed_at_the_ends(effect, needed):
    assert power.trials_needed(effect) == needed


def test_noise_comes_from_replicates_and_from_the_number_of_examples():
    rng = np.random.default_rng(0)
    truth = rng.normal(0.5, 0.05, 100)
    of = [i for i in range(100) for _ in range(3)]
    value = np.repeat(truth, 3) + rng.normal(0, 0.02, 300)
    study = ledger(
        space(LR),
        value,
        lr=[10 ** (-4 + i / 100) for i in of],
        attrs={
            "kind": ["replicate" if i % 3 else "proposal" for i in range(300)],
            "replicate_of": [3 * k if i % 3 else None for i, k in enumerate(of)],
            "n_examples": [400] * 300,
            "majority": [0.3] * 300,
        },
    )
    facts = noise_table(study).set_index("quantity")["value"]
    assert facts["replicate_sd"] == pytest.approx(0.02, rel=0.15)
    assert facts["binomial_se"] == pytest.approx(np.sqrt(0.25 / 400), rel=0.02)
    assert facts["noise_sd"] == max(facts["replicate_sd"], facts["binomial_se"])
    assert facts["best_corrected"] < facts["best_value"]
    assert facts["best_above_majority"] > 2


def test_the_winners_curse_is_corrected_on_average():
    rng = np.random.default_rng(0)
    raw, corrected = [], []
    for _ in range(300):
        truth = rng.normal(0, 1, 30)
        seen = truth + rng.normal(0, 1, 30)
        best = seen.argmax()
        raw.append(seen[best] - truth[best])
        corrected.append(shrunk(seen[best], seen.mean(), seen.var(ddof=1), 1.0) - truth[best])
    assert np.mean(raw) > 0.7
    assert abs(np.mean(corrected)) < 0.2


def test_drift_is_cleared_of_the_trial_number():
    n = 60
    rng = np.random.default_rng(0)
    late = np.arange(n) / n
    study = ledger(
        space(WIDTH),
        late + 0.05 * rng.normal(size=n),
        width=0.5 + 2.4 * late + 0.05 * rng.random(n),
    )
    table = drift(study).set_index("parameter")
    assert table.loc["(score)", "p"] < 0.01
    assert table.loc["width", "rho"] > 0.9
    assert abs(table.loc["width", "rho_cleared"]) < 0.4
    assert "drift" in set(caveats(study)["topic"])


def test_failures_beyond_a_bound_are_a_wall():
    width = np.linspace(0.5, 3, 40)
    state = ["FAIL" if w > 2.6 else "COMPLETE" for w in width]
    study = ledger(space(WIDTH), width, state, width=width)
    table = stability(study).set_index("side")
    assert table.loc["high", "fail_share"] > 0.7
    assert table.loc["high", "p"] < 0.001
    assert table.loc["low", "n_failed"] == 0
    assert "failures" in set(caveats(study)["topic"])


@pytest.mark.parametrize(("direction", "best"), [("minimize", 0.5), ("maximize", 3.5)])
def test_a_best_outside_the_space_is_called_so(direction, best, tmp_path):
    small = space(WIDTH).replace(direction=direction, fixed={"depth": 4})
    rows = [
        {"number": n, "value": 1.0 + n, "state": "COMPLETE", "params": {"width": 1.0 + n / 2}}
        for n in range(3)
    ]
    far = {"state": "COMPLETE", "user_attrs": {"kind": "fallback"}}
    rows += [
        far | {"number": 3, "value": best, "params": {"width": 9.0, "depth": 4, "lr": 0.1}},
        far | {"number": 4, "value": 2.0, "params": {"width": 9.5, "depth": 3, "lr": 0.1}},
    ]
    told = "(width = 9.5, depth = 3, fixed here, lr = 0.1)"
    assert told in " ".join(caveats(Ledger.from_records(rows[4:], small))["message"])
    Ledger.from_records(rows, small).dump(tmp_path)
    study = Ledger.load(tmp_path / "trials.csv", small)
    found = caveats(study).set_index("topic")["message"]
    own = "1" if direction == "minimize" else "3"
    assert found["refinement"] == (
        f"the best value {best} is that of trial 3, a fallback trial outside this space "
        f"(width = 9, lr = 0.1); its own best is {own}"
    )
    facts = overview(study).set_index("quantity")["value"]
    assert (facts["trials"], facts["trials_outside"]) == (3, 2)
    assert facts["best_value_outside"] == best
    assert "Fallback trials outside the space, which are no evidence here: 2." in summary(study)
    worse = Ledger.from_records([*rows[:3], rows[4]], small)
    assert "refinement" not in set(caveats(worse)["topic"])
    alone = Ledger.from_records(rows[3:], small)
    assert (
        "no trial of this space ended" in caveats(alone).set_index("topic")["message"]["refinement"]
    )


def test_dead_parameters_are_found_by_equal_fingerprints():
    study = ledger(
        space(LR, SCHEDULER),
        [1, 1, 2],
        lr=[1e-3, 1e-3, 1e-2],
        scheduler=[True, False, True],
        attrs={"fingerprint": ["aa", "aa", "bb"]},
    )
    table = dead_parameters(study).set_index("parameter")
    assert table["dead"].to_dict() == {"lr": False, "scheduler": True}


def test_a_headline_that_is_a_group_mean_is_called_so():
    messages = " ".join(caveats(v2()[1], headline=0.286)["message"])
    assert "is the mean of 12 points with flatten, not a trial" in messages


def test_a_best_within_noise_of_the_majority_is_called_so():
    study = ledger(
        space(LR), [0.30, 0.31, 0.29] * 5, lr=list(np.geomspace(1e-5, 1e-1, 15)),
        attrs={"n_examples": [100] * 15, "majority": [0.29] * 15},
    )  # fmt: skip
    assert "majority" in " ".join(caveats(study)["message"])


def test_summary_of_the_fixture_names_what_matters_and_what_does_not():
    text = summary(v2()[1])
    assert "`use_scheduler`: 0.2749 with, 0.2249 without" in text
    assert "`weight_decay`" in text.split("Not told from noise:")[1].split("That is no proof")[0]


def test_the_summary_leads_with_what_is_adjusted():
    text = summary(v2()[1])
    adjusted_part, raw = text.split("## Raw: each parameter alone")
    assert "`demo_agg`: best with flatten, with mean worse by 0.0693 (95% interval" in adjusted_part
    assert "Surely worse than the best: context." in adjusted_part
    assert "`use_scheduler` (p 1.000)" in adjusted_part and "`use_scheduler`: " in raw
    assert "Too few points or values to say anything: `temperature`" in adjusted_part


def test_points_of_the_fixture_have_five_elites():
    assert points(v2()[1]).query("elite")["number"].tolist() == [10, 11, 12, 14, 19]
