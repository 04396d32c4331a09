"""Passing over what would fail: the classifier, the walls, and whole sweeps beside one."""

import dataclasses
import math

import numpy as np
import pytest
from cases import bounded, memory_wall, wall_value

from resweep.refinement.refine import refine
from resweep.sources.importing import import_study
from resweep.space.model import Space
from resweep.sweep.avoidance import LIMIT, Avoidance, classifier
from resweep.sweep.launch import build
from resweep.sweep.plan import Plan
from resweep.sweep.proposals import Proposer
from resweep.sweep.schedule import Schedule
from resweep.sweep.walls import walls


def test_the_classifier_learns_a_diagonal_and_is_sure_only_where_it_saw_trials():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(80, 2))
    fit = classifier(x, x.sum(axis=1) > 1.2)
    far = fit.probability(np.array([[0.1, 0.1], [0.9, 0.9], [0.6, 0.6]]))
    assert far[0] < 0.05
    assert far[1] > 0.95
    assert 0.1 < far[2] < 0.9


def test_chance_alone_is_no_danger():
    rng = np.random.default_rng(1)
    fit = classifier(rng.uniform(size=(100, 2)), rng.random(100) < 0.3)
    inner = fit.probability(rng.uniform(0.2, 0.8, size=(50, 2)))
    assert np.ptp(inner) < 0.5
    assert abs(inner.mean() - 0.3) < 0.15


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    return import_study(memory_wall(tmp_path_factory.mktemp("wall"), 3))


def plan_after(space, ledger, n, seed=0):
    launch, _ = build(space, [("v1", ledger)])
    return Plan(
        Space.loads(launch["space"]), seed, schedule=Schedule.plan(n, 0, 0.1, 0.15),
        warm=launch["warm"], fallback_space=Space.loads(launch["fallback_space"]),
        fallback_warm=launch["fallback_warm"], walls=launch["walls"],
    )  # fmt: skip


def run(plan, n, value):
    proposer, records = Proposer(plan), {}
    for number in range(n):
        proposal = proposer.propose(number, records)
        found, attrs = value(proposal.params, number)
        records[number] = {
            "number": number, "params": proposal.params, "value": found, "curve": [],
            "state": "FAIL" if found is None else "COMPLETE",
            "user_attrs": proposal.attrs | attrs,
        }  # fmt: skip
    return records


def beside_the_wall(params, number):
    try:
        value = wall_value(params["log2_size"], params["width"], np.random.default_rng([9, number]))
    except MemoryError:
        return None, {}
    return value, {}


def failures(records):
    return np.mean([record["state"] == "FAIL" for record in records.values()])


def test_the_next_sweep_fails_a_third_as_often_at_most(parent):
    space, ledger = parent
    refined = refine(space, ledger).space
    assert (refined["log2_size"].low, refined["log2_size"].high) == (3, 10)
    assert (refined["width"].low, refined["width"].high) == (1, 8)
    plan = plan_after(refined, ledger, 40)
    assert [set(entry["names"]) for entry in plan.walls] == [{"log2_size", "width"}]
    records = run(plan, 40, beside_the_wall)
    first = (ledger.trials["state"] == "FAIL").mean()
    assert failures(records) <= first / 3
    assert failures(run(dataclasses.replace(plan, walls=()), 40, beside_the_wall)) > first
    best = max(r["value"] for r in records.values() if r["value"] is not None)
    assert best > 1.25  # 1.3 can be had


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_first_sweep_learns_of_its_own_wall(parent, sampler):
    space, _ = parent
    plan = Plan(space, 1, sampler=sampler, schedule=Schedule.plan(100, 0, 0.1, 0.0))
    records = run(plan, 100, beside_the_wall)
    failed = [record["state"] == "FAIL" for record in records.values()]
    assert sum(failed[50:]) <= sum(failed[:50]) / 2
    assert sum(failed[:50]) >= 5
    best = max(r["value"] for r in records.values() if r["value"] is not None)
    assert best > 1.25 or sampler == "random"
    for number in (30, 77):
        known = {n: records[n] for n in range(number - plan.window + 1)}
        assert Proposer(plan).propose(number, known).params == records[number]["params"]


def test_failures_at_random_keep_a_first_sweep_from_nothing(parent):
    space, _ = parent
    plan = Plan(space, 2, sampler="random", schedule=Schedule.plan(60, 0, 0.0, 0.0))
    luck = np.random.default_rng(4).random(60) < 0.25
    records = run(plan, 60, lambda p, n: (None if luck[n] else 1.0, {}))
    assert failures(records) > 0.1
    beside = run(dataclasses.replace(plan), 60, lambda p, n: (1.0, {}))
    same = [records[n]["params"] == beside[n]["params"] for n in range(60)]
    assert np.mean(same) > 0.9


def test_what_is_passed_over_hangs_on_known_records_alone(parent):
    space, ledger = parent
    plan = plan_after(space, ledger, 14)
    records = run(plan, 14, beside_the_wall)
    for number in (5, 13):
        known = {n: records[n] for n in range(number - plan.window + 1)}
        assert Proposer(plan).propose(number, known).params == records[number]["params"]


def test_infeasible_proposals_are_passed_over_too(tmp_path):
    space, ledger = import_study(bounded(tmp_path, 5))
    plan = plan_after(refine(space, ledger).space, ledger, 25)
    records = run(plan, 25, lambda p, _: (p["x"], {"constraints:least": 5.0 - p["x"]}))
    forbidden = np.mean([r["params"]["x"] < 5 for r in records.values()])
    assert forbidden <= (ledger.violation > 0).mean() / 3
    assert min(r["params"]["x"] for r in records.values() if r["params"]["x"] >= 5) < 5.5


def test_a_person_s_point_is_tried_whatever_is_known(parent):
    space, ledger = parent
    launch, _ = build(space, [("v1", ledger)])
    point = {"log2_size": 10, "width": 7.5}
    plan = Plan(
        space, 0, schedule=Schedule.plan(4, 1, 0.0, 0.0), enqueued=[point], walls=launch["walls"]
    )
    assert Proposer(plan).propose(0, {}).params == point


def test_where_everything_may_fail_the_safest_is_tried(parent):
    space, _ = parent
    trials = [[{"log2_size": s, "width": 4.0}, s % 2 == 0 or s > 4] for s in range(3, 11)] * 3
    known = [{"outcome": "failed", "names": ["log2_size"], "trials": trials}]
    plan = Plan(space, 0, walls=known, sampler="random")
    assert Proposer(plan).propose(0, {}).params["log2_size"] <= 6


def test_random_failures_make_no_wall(parent):
    space, ledger = parent
    good = ledger.trials.assign(state="COMPLETE", value=1.0)
    rng = np.random.default_rng(2)
    good.loc[rng.random(len(good)) < 0.2, ["state", "value"]] = ["FAIL", math.nan]
    assert walls([("v1", dataclasses.replace(ledger, trials=good))]) == []
    assert Avoidance([], space).danger({"log2_size": 10, "width": 8.0}) == 0.0 < LIMIT
