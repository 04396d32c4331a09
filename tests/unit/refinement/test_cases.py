"""Whole studies, from Optuna's database to decisions: pruned, failing and bounded ones."""

import pytest
from cases import always_pruned, bounded, hyperband

from resweep.evidence.noise import noise
from resweep.evidence.overview import best_so_far, overview
from resweep.ledger.points import points
from resweep.ledger.ranking import rank_points
from resweep.ledger.trials import Ledger
from resweep.refinement.refine import refine
from resweep.reporting.live.progress import Progress
from resweep.sources.importing import import_study
from resweep.space.model import Space
from resweep.sweep.launch import build
from resweep.sweep.midsweep import best_value
from resweep.sweep.study import export_study


def read(url):
    return import_study(url)


@pytest.mark.parametrize(("seed", "tpe"), [(1, False), (2, False), (3, True), (4, True)])
def test_the_feasible_optimum_stays_in_the_space(tmp_path, seed, tpe):
    space, ledger = read(bounded(tmp_path, seed, tpe=tpe))
    found = refine(space, ledger, n_trials=100)
    kept = found.space["x"]
    assert kept.low <= 5.0 <= kept.high
    assert kept.low >= -10  # nothing opens toward what is forbidden
    assert found.space["y"].low == 0  # less is better by a little


def test_what_a_constraint_forbids_is_no_elite_no_best_and_no_start(tmp_path):
    space, ledger = read(bounded(tmp_path))
    ledger.dump(tmp_path)
    ledger = Ledger.load(tmp_path / "trials.csv", space)
    x = ledger.trials.set_index("number")["params_x"]
    feasible = ledger.trials["value"][ledger.trials["params_x"] >= 5]
    table = points(ledger)
    assert (table["feasible"] == (table["params_x"] >= 5)).all()
    assert (table.loc[table["elite"], "params_x"] >= 5).all()
    facts = overview(ledger).set_index("quantity")["value"]
    assert facts["best_value"] == feasible.min() == best_value(ledger)
    assert facts["trials_infeasible"] == (x < 5).sum() > 0
    assert noise(ledger).set_index("quantity").loc["best_value", "value"] == feasible.min()
    assert best_so_far(ledger)["best"].iloc[-1] == feasible.min()
    ranked = rank_points(table, space)
    assert (table.loc[ranked["p_best"] > 0, "params_x"] >= 5).all()
    launch, _ = build(space, [("v1", ledger)], enqueue_best=3)
    assert len(launch["enqueued"]) == 3
    assert all(point["x"] >= 5 for point in launch["enqueued"])
    assert len(launch["warm"]) == len(feasible)
    assert all(params["x"] >= 5 for params, _ in launch["warm"] + launch["fallback_warm"])


def test_constraints_reach_the_study_that_dashboards_open(tmp_path):
    _, ledger = read(bounded(tmp_path))
    export_study(ledger, tmp_path / "again.db")
    _, again = read(str(tmp_path / "again.db"))
    assert again.violation.tolist() == ledger.violation.tolist()
    assert (again.violation > 0).any()


def test_a_declared_constraint_counts_like_one_that_was_set(tmp_path):
    space, ledger = read(bounded(tmp_path))
    trials = ledger.trials.drop(columns="user_attrs_constraints:least")
    trials["user_attrs_size"] = -trials["params_x"]
    declared = space.replace(constraints={"size": {"max": -5.0}})
    bound = Ledger(trials, ledger.curves, declared)
    assert bound.violation.tolist() == pytest.approx(ledger.violation.tolist())
    kept = refine(declared, bound).space
    assert kept["x"].low <= 5.0 <= kept["x"].high
    assert Space.loads(kept.dumps()).constraints == declared.constraints


def test_the_screen_shows_no_best_that_is_forbidden():
    def record(number, value, size):
        attrs = {"size": size}
        return {"number": number, "state": "COMPLETE", "value": value, "user_attrs": attrs}

    records = [record(0, 1.0, 5), record(1, 0.0, 50), record(2, 2.0, 5)]
    limit = {"size": {"max": 10.0}}
    assert Progress("v2", "minimize", 3, records, constraints=limit).best["number"] == 0
    assert Progress("v2", "minimize", 3, records).best["number"] == 1


def test_a_choice_that_is_always_pruned_is_surely_worse(tmp_path):
    space, ledger = read(always_pruned(tmp_path))
    refined = refine(space, ledger)
    found = refined.decisions.set_index("parameter")
    assert found.loc["kind", ["action", "rule"]].tolist() == ["fix", "surely worse"]
    assert refined.space.fixed["kind"] == "b"
    assert found.loc["other", "action"] == "keep"


def test_effects_show_in_trials_that_hyperband_stopped(tmp_path):
    space, ledger = read(hyperband(tmp_path))
    assert (ledger.trials["state"] == "COMPLETE").sum() < 20
    refined = refine(space, ledger)
    found = refined.decisions.set_index("parameter")
    assert found.loc["rate", "action"] == "narrow"
    assert refined.space["rate"].low < 1e-3 < refined.space["rate"].high
    assert found.loc["nothing", "action"] == "keep"
    assert refined.space.fixed.get("opt", "adam") == "adam"
