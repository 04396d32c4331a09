"""Studies of folds: the level of a fold is no effect of a parameter, and hides none."""

from functools import cache

import numpy as np
import pytest
from folds import SPACE, folds

from resweep.champions.finalists import finalists
from resweep.evidence.blocks import block_effects
from resweep.evidence.caveats import caveats
from resweep.evidence.drift import drift
from resweep.evidence.elites import elite_choices
from resweep.evidence.interactions import interactions
from resweep.evidence.noise import noise
from resweep.evidence.significance import draw_tail, hypergeometric_tail, score_tests
from resweep.evidence.units import study_effects
from resweep.ledger.points import points
from resweep.refinement.refine import refine
from resweep.sweep.warmstart import carry


@cache
def chances(studies=60, **kind):
    """Return p of a's trend, of the contrast of kinds, and of a's span; adjusted p of a and kind.

    Shape (studies, 5).
    """
    found = []
    for seed in range(studies):
        ledger = folds(seed, **kind)
        table = points(ledger)
        tests = score_tests(SPACE, table, 199)
        effects = study_effects(ledger, table)
        found.append(
            [
                tests["a"].p_trend,
                tests["kind"].p_contrast,
                tests["a"].p_span,
                effects["a"].p,
                effects["kind"].p,
            ]
        )
    return np.array(found)


@pytest.mark.parametrize(
    "kind",
    [{}, {"apart": True}, {"same": True, "own": 1.0}, {"trials": 6, "blocks": 10}],
    ids=["own points", "other values in each fold", "one grid", "many small folds"],
)
def test_nothing_is_found_where_there_is_nothing(kind):
    p = chances(**kind)
    assert (p < 0.05).mean() <= 0.08  # 300 p-values
    assert (p < 0.05).mean(axis=0).max() <= 0.15  # 60 of each


def test_an_effect_that_the_levels_of_folds_hide_is_found():
    known, unknown = (chances(effect=1.5, marked=marked) for marked in (True, False))
    trend, adjusted = 0, 3
    for test in (trend, adjusted):
        assert (known[:, test] < 0.05).mean() > 0.6
        assert (unknown[:, test] < 0.05).mean() < 0.45


def test_without_levels_blocks_cost_little():
    known, unknown = (chances(effect=1.5, shift=0.0, marked=marked) for marked in (True, False))
    assert (known[:, 0] < 0.05).mean() > (unknown[:, 0] < 0.05).mean() - 0.15


def test_values_that_belong_to_a_fold_are_taken_for_an_effect_without_its_mark():
    assert (chances(apart=True, marked=False)[:, [0, 1, 3]] < 0.05).mean() > 0.4


def test_how_far_folds_lie_apart_changes_no_test_and_no_decision():
    near, far = (folds(3, effect=1.5, shift=shift) for shift in (0.0, 1000.0))
    p = [[t.p for t in score_tests(SPACE, points(one)).values()] for one in (near, far)]
    assert p[0] == p[1]
    decided = [
        refine(SPACE, one, n_trials=50, seed=0).decisions["action"].tolist() for one in (near, far)
    ]
    assert decided[0] == decided[1]


def test_one_assignment_in_five_folds_is_one_point():
    ledger = folds(0, same=True)
    table = points(ledger)
    assert len(table) == 12 and (table["n_repeats"] == 5).all()
    assert set(table["block"]) == {"(several)"}
    each = points(ledger, each_block=True)
    assert len(each) == 60 and set(each["block"]) == {f"fold_{i}" for i in range(5)}


def test_points_stand_on_the_level_of_the_average_block():
    ledger = folds(1, shift=50.0)
    table = points(ledger)
    assert table["score"].mean() == pytest.approx(ledger.trials["value"].mean())
    assert table["score"].std() < 2 < ledger.trials["value"].std()
    medians = table.groupby("block")["score"].median()
    assert medians.to_numpy() == pytest.approx(medians.iloc[0])
    raw = table["score"] + table["level"]
    assert raw.to_numpy() == pytest.approx(ledger.trials["value"].to_numpy())


def test_noise_between_blocks_is_told_apart_from_noise_within():
    rows = noise(folds(0, same=True, shift=20.0, blocks=8)).set_index("quantity")
    assert rows.loc["block_sd", "value"] > 5
    assert rows.loc["block_sd", "n"] == 8
    assert 0.7 < rows.loc["replicate_sd", "value"] < 1.3
    assert rows.loc["spread_sd", "value"] < 2
    assert "block_sd" not in noise(folds(0, marked=False))["quantity"].tolist()


def agreement(**kind):
    table = block_effects(folds(**kind))
    return table.drop_duplicates("parameter").set_index("parameter")["p"]


def test_blocks_that_agree_are_told_so():
    p = np.array([agreement(seed=seed, effect=3.0).to_numpy() for seed in range(60)])
    assert (p < 0.05).mean() <= 0.09
    assert (p < 0.05).mean(axis=0).max() <= 0.15


def test_blocks_that_do_not_agree_are_told_with_their_effects():
    p = [agreement(seed=seed, effect=3.0, turned=True)["a"] for seed in range(20)]
    assert np.mean(np.array(p) < 0.05) > 0.8
    ledger = folds(0, effect=6.0, turned=True)
    table = block_effects(ledger)
    mine = table[table["parameter"] == "a"].set_index("block")
    assert (mine["agree"] == "no").all()
    assert np.sign(mine["effect"]).tolist() == [1, -1, 1, -1, 1]
    assert (mine["effect_low"] < mine["effect"]).all()
    assert set(table.loc[table["parameter"] == "kind", "compared"]) == {"y to x", "z to x"}
    warned = caveats(ledger)
    assert warned.loc[warned["topic"] == "blocks", "parameter"].tolist() == ["a"]


def test_a_sweep_without_blocks_has_no_table_of_them():
    table = block_effects(folds(0, marked=False))
    assert table.empty and table.columns[0] == "parameter"


def test_drift_is_the_drift_within_blocks():
    """The level of later folds is no drift, a trend within each is."""
    ledger = folds(0, shift=20.0)
    assert drift(ledger).loc[0, "p"] > 0.01
    order = ledger.trials["number"] % 12
    ledger.trials["value"] += 0.5 * order
    fresh = type(ledger)(ledger.trials, ledger.curves, ledger.space)
    assert drift(fresh).loc[0, "p"] < 0.01


def test_tables_of_blocks_are_whole():
    ledger = folds(2, effect=2.0)
    assert interactions(ledger)["p"].notna().all()
    assert elite_choices(ledger)["p"].between(0, 1).all()


def test_a_draw_from_each_block():
    rng = np.random.default_rng(0)
    marked, drawn = rng.random(30) < 0.4, rng.random(30) < 0.3
    hits = int((marked & drawn).sum())
    whole = hypergeometric_tail(hits, 30, int(marked.sum()), int(drawn.sum()))
    assert draw_tail(marked, drawn) == pytest.approx(whole)
    blocks = np.repeat(["a", "b", "c"], 10)
    counts = []
    for _ in range(20000):
        order = np.concatenate([10 * i + rng.permutation(10) for i in range(3)])
        counts.append((marked & drawn[order]).sum())
    assert draw_tail(marked, drawn, blocks) == pytest.approx(
        np.mean(np.array(counts) >= hits), abs=0.015
    )


def test_a_child_starts_from_values_on_one_level():
    ledger = folds(0, shift=50.0)
    carried = carry(ledger, "v1", SPACE)
    assert carried["carried"].all() and len(carried) == 60
    assert carried["value"].std() < 2 < ledger.trials["value"].std()
    plain = carry(folds(0, marked=False), "v1", SPACE)
    assert plain["value"].tolist() == folds(0, marked=False).trials["value"].tolist()


def test_one_assignment_in_five_folds_is_one_finalist():
    found = finalists(folds(0, same=True), 12)
    assert len({str(point["params"]) for point, _ in found}) == 12
