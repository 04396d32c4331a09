"""Sweeps of several objectives: proposals, what they start from, the study that comes out."""

import numpy as np
import optuna
import pytest
from pairs import WASTE, X, pair_ledger, pair_record, pair_space
from sweeps import walk

from resweep.sweep.forecast import forecast, look_ahead
from resweep.sweep.launch import build, sweep_ledger
from resweep.sweep.midsweep import decide
from resweep.sweep.outlook import forecast_lines
from resweep.sweep.plan import Plan
from resweep.sweep.proposals import Proposer
from resweep.sweep.samplers import SAMPLERS
from resweep.sweep.schedule import Schedule
from resweep.sweep.scoring import known_scores
from resweep.sweep.study import export_study

COUNT = 18
ROLES = Schedule.plan(COUNT, 1, replicate=0.15, fallback=0.25)
CHILD = pair_space(X.replace(high=2.5), WASTE)
WARM = [({"x": 1.0, "waste": 0.5}, [-3.5, 1.5]), ({"x": 2.0, "waste": 0.0}, [0.0, 4.0])]
OUTER = [*WARM, ({"x": 3.0, "waste": 0.0}, [1.0, 9.0])]


def plan_of(sampler="tpe", **changes):
    given = {
        "space": CHILD,
        "seed": 3,
        "window": 3,
        "schedule": ROLES,
        "enqueued": [{"x": 1.5}],
        "warm": WARM,
        "fallback_space": pair_space(),
        "fallback_warm": OUTER,
    }
    return Plan(sampler=sampler, **given | changes)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_proposal_can_be_recomputed_anywhere(sampler):
    plan = plan_of(sampler)
    proposals, records = walk(plan, COUNT, pair_record)
    for number in (0, 5, 11, COUNT - 1):
        known = {n: records[n] for n in reversed(range(max(0, number - plan.window + 1)))}
        assert Proposer(plan).propose(number, known) == proposals[number]
    assert {p.kind for p in proposals} >= {"enqueued", "replicate", "fallback", "proposal"}


def test_proposals_follow_both_objectives():
    """Only waste is bad in both: a sampler that sees both objectives learns to avoid it."""
    plan = Plan(pair_space(), 0, window=1)
    proposals, _ = walk(plan, 50, pair_record)
    early, late = ([p.params["waste"] for p in proposals[i : i + 15]] for i in (0, 35))
    assert np.mean(late) < 0.5 * np.mean(early)
    assert np.ptp([p.params["x"] for p in proposals[35:]]) > 1  # and stays spread over the front


def test_scores_are_ranks_among_all_that_is_known():
    plan = plan_of()
    _, records = walk(plan, COUNT, pair_record)
    ended = [records[n] for n in range(COUNT)]
    found = known_scores(plan, ended)
    assert set(found.own) == {n for n in range(COUNT) if n % 7 != 3}
    assert found.warm == found.fallback_warm[:2]
    best = max(found.own, key=found.own.get)
    better = [
        r for r in ended
        if r["state"] == "COMPLETE" and r["number"] != best
        and r["values"][0] >= records[best]["values"][0]
        and r["values"][1] <= records[best]["values"][1]
        and r["values"] != records[best]["values"]
    ]  # fmt: skip
    assert better == []


def test_a_child_starts_from_the_values_of_its_ancestors():
    parent = pair_ledger([(0.5, 0.1), (2.0, 0.2), (3.5, 0.3)])
    launch, table = build(CHILD, [("v2", parent)], enqueue_best=1)
    assert launch["warm"] == [
        [{"x": 0.5, "waste": 0.1}, pytest.approx([-5.35, 0.35])],
        [{"x": 2.0, "waste": 0.2}, pytest.approx([-0.2, 4.2])],
    ]
    assert len(launch["fallback_warm"]) == 3
    assert list(table.columns) == ["sweep", "number", "value", "carried", "reason"]


def test_the_ledger_is_ranked_as_a_whole_whatever_the_order_of_its_records():
    plan = plan_of()
    _, records = walk(plan, COUNT, pair_record)
    there, back = (
        sweep_ledger(order, CHILD, pair_space())
        for order in (list(records.values()), list(records.values())[::-1])
    )
    assert there.trials.equals(back.trials)
    assert len(there.outside)
    both = [*there.trials["value"], *there.outside["value"]]
    assert 0.9 < np.nanmax(both) <= 1.0  # a point and its replicate share a place
    assert np.isnan(both).sum() == sum(r["state"] == "FAIL" for r in records.values())


def test_the_study_has_a_front(tmp_path):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    ledger = pair_ledger([(0.0, 0.0), (1.0, 0.5), (3.0, 0.0), (1.0, 0.0)])
    for name in ("a.db", "b.db"):
        export_study(ledger, tmp_path / name)
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path / 'a.db'}")
    assert [d.name for d in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert study.metric_names == ["accuracy", "size"]
    assert {t.number for t in study.best_trials} == {0, 2, 3}
    assert [t.values for t in study.trials] == [
        [row.values_accuracy, row.values_size] for row in ledger.trials.itertuples()
    ]


def test_there_is_no_forecast_and_half_way_a_sweep_goes_on():
    ledger = pair_ledger([(0.3 * i, 0.1 * (i % 5)) for i in range(12)])
    assert forecast(ledger).empty
    assert "one objective" in forecast_lines(forecast(ledger))[0]
    outlook, promised = look_ahead(ledger, CHILD)
    assert outlook.empty and promised == []
    found = decide(ledger, 1.0, n_planned=20, n_stop=14, seed=0, stop_below=0.5)
    assert (found["decision"], found["n_trials"]) == ("continue", 20)
    assert "stop_below, a limit of one value, does not apply" in found["reason"]
    found = decide(
        ledger, 1.0, n_planned=20, n_stop=14, seed=0, extend_probability=0.0, max_trials=30
    )
    assert (found["decision"], found["n_trials"]) == ("extend", 30)
