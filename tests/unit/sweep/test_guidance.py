"""The model's choice among candidates: what it prefers, what it passes over, what it knows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm
from sweeps import COIN, KIND, RATE, SHIFT, SIZE, X, loss, record, space, walk

from resweep.ledger.ranking import Posterior, _log_gain
from resweep.space.parameter import Parameter
from resweep.sweep.candidates import steps
from resweep.sweep.guidance import FEWEST, Results, by_improvement, last_report
from resweep.sweep.plan import Plan
from resweep.sweep.proposals import Proposer
from resweep.sweep.schedule import FALLBACK, PROPOSAL, REPLICATE, Schedule

LADDER = Parameter("batch", "categorical", choices=(8, 16, 32, 64), ordered=True)
TOY = space(X, RATE, KIND, SHIFT, SIZE, LADDER, COIN)


@pytest.mark.parametrize("z", [-20.0, -3.0, -1.0001, -1.0, -0.5, 0.0, 2.0, 8.0])
def test_the_expected_gain_is_its_integral(z):
    value, _ = quad(lambda u: (z + u) * norm.pdf(u), -z, max(-z, 0) + 12, epsabs=0)
    assert _log_gain(np.array([z]))[0] == pytest.approx(math.log(value), abs=1e-6)


def test_the_expected_gain_rises_however_far_below():
    z = -np.logspace(8, -3, 400)
    assert (np.diff(_log_gain(z)) > 0).all()


def test_improvement_counts_mean_spread_and_what_is_under_way():
    covariance = np.diag([0.0, 1.0, 1.0, 4.0, 1.0])
    covariance[1, 4] = covariance[4, 1] = 0.9
    belief = Posterior(np.array([0.0, -1.0, 0.5, -1.0, -1.0]), covariance, 0.1)
    alone = belief.log_improvement(1)
    assert alone.argmax() == 1  # the larger mean
    assert alone[2] > alone[0]  # the larger spread
    told = belief.log_improvement(1, pending=1)
    assert told[0] < alone[0]  # what is under way will tell of its neighbour
    assert told[1] == pytest.approx(alone[1])


def bowl(n=30, seed=0):
    rng = np.random.default_rng(seed)
    results = Results([], [])
    for x in rng.uniform(-5, 5, n):
        results.add({"x": x}, [-((x - 2) ** 2)])
    return results


def test_the_best_place_comes_first():
    offered = [{"x": v} for v in (-4.0, 2.0, 4.5)]
    assert by_improvement(bowl(), offered, [], space(X))[0] == 1


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_the_unit_of_the_value_does_not_matter(scale):
    results = bowl()
    results.scores = [scale * values + 3 * scale for values in results.scores]
    offered = [{"x": v} for v in np.linspace(-5, 5, 30)]
    plain = by_improvement(bowl(), offered, [], space(X))
    assert by_improvement(results, offered, [], space(X))[:5] == plain[:5]


def test_a_constant_objective_does_not_break_it():
    results = Results([{"x": float(v)} for v in range(12)], [np.array([1.0])] * 12)
    offered = [{"x": 0.5}, {"x": 1.5}]
    assert sorted(by_improvement(results, offered, [], space(X))) == [0, 1]


def test_pruned_trials_count_as_no_better_than_the_median():
    results = bowl(11)
    middle = np.median(results.means)
    results.add_pruned([({"x": 0.0}, 100.0), ({"x": 1.0}, -1e3)])
    assert [values[0] for values in results.scores[-2:]] == [middle, -1e3]
    empty = Results([], [])
    empty.add_pruned([({"x": 0.0}, 1.0)])
    assert not len(empty)


def test_the_last_report_of_a_pruned_trial():
    told = {"state": "PRUNED", "curve": [[0, 3.0], [1, 2.0], [2, None]], "user_attrs": {}}
    assert last_report(told, space(X)) == -2.0
    assert last_report(told, space(X, direction="maximize")) == 2.0
    assert last_report(told | {"state": "COMPLETE"}, space(X)) is None
    assert last_report(told | {"curve": []}, space(X)) is None


BASE = {
    "x": 5.0,
    "rate": 1e-4,
    "kind": "shifted",
    "shift": 0.0,
    "size": 8,
    "batch": 8,
    "coin": True,
}


@given(seed=st.integers(0, 2**31 - 1))
@settings(max_examples=60, deadline=None)
def test_steps_are_points_of_the_space_beside_their_base(seed):
    for point in steps([BASE], TOY, {}, 8, seed):
        TOY.check(point)
        kept = [name for name, value in BASE.items() if point.get(name) == value]
        gone = {"shift"} if point["kind"] == "plain" else set()
        assert len(kept) >= len(BASE) - 2 - len(gone)
        assert point["batch"] in (8, 16)


def test_steps_take_what_is_decided():
    taken = list(steps([BASE], TOY, {"kind": "plain"}, 10, 0))
    assert {point["kind"] for point in taken} == {"plain"}
    assert not any("shift" in point for point in taken)
    assert not list(steps([], TOY, {}, 10, 0))


def regret(plan, count=40):
    _, records = walk(plan, count, record)
    return min(records[n]["value"] for n in range(count))


def test_it_finds_the_bottom_of_a_bowl_sooner_than_tpe():
    toy = space(X, RATE, SIZE)
    gaps = [
        regret(Plan(toy, seed, 4, "tpe")) - regret(Plan(toy, seed, 4, "model")) for seed in range(6)
    ]
    assert np.mean(gaps) > 0
    assert sum(gap > 0 for gap in gaps) >= 5


def test_before_it_knows_enough_it_is_tpe():
    toy = space(X, RATE, SIZE)
    mine, other = (walk(Plan(toy, 3, 1, name), FEWEST + 1, record)[0] for name in ("model", "tpe"))
    assert mine[:FEWEST] == other[:FEWEST]
    assert mine[FEWEST] != other[FEWEST]


def child(**changes):
    """A space that has lost the better half of x."""
    own, outer = space(X.replace(high=-1.0), RATE), space(X, RATE)
    known = [
        ({"x": x, "rate": rate}, loss({"x": x, "rate": rate}))
        for x in np.linspace(-5, 5, 6).tolist()
        for rate in (1e-3, 1e-1)
    ]
    given = {
        "schedule": Schedule.plan(30, 0, replicate=0.1, fallback=0.15),
        "warm": [pair for pair in known if pair[0]["x"] <= -1],
        "fallback_space": outer,
        "fallback_warm": known,
    }
    return Plan(own, 0, 4, "model", **given | changes)


def test_it_leaves_a_space_that_is_wrong():
    proposals, records = walk(child(), 30, record)
    new = [p for p in proposals if p.replicate_of is None and p.beyond is None]
    outside = [p for p in new if p.kind == FALLBACK]
    assert all(p.params["x"] > -1 for p in outside if p.opened is None)
    assert len(outside) > len(new) / 2
    assert min(record["value"] for record in records.values()) < 0.3


def test_it_stays_in_a_space_that_is_never_to_be_left():
    plan = child(schedule=Schedule.plan(30, 0, replicate=0.1, fallback=0.0))
    proposals, _ = walk(plan, 30, record)
    assert {p.kind for p in proposals} == {PROPOSAL, REPLICATE}
    assert all(p.params["x"] <= -1 for p in proposals)


def test_choices_keep_their_shares():
    weighted = space(X, RATE, KIND.replace(weights=(0.75, 0.25)))
    proposals, _ = walk(Plan(weighted, 0, 4, "model"), 40, record)
    assert sum(p.params["kind"] == "plain" for p in proposals) == 30


def test_a_pruned_region_is_not_new_ground():
    """Trials below zero are pruned: without their reports the model would go on trying there."""

    def pruned_below(proposal):
        value = loss(proposal.params)
        if proposal.params["x"] < 0:
            return record(proposal, value, "PRUNED", [(0, value)])
        return record(proposal, curve=[(0, value)])

    proposals, _ = walk(Plan(space(X, RATE), 1, 2, "model"), 40, pruned_below)
    assert np.mean([p.params["x"] < 0 for p in proposals[20:]]) < 0.2


def test_it_can_be_recomputed_with_a_space_open():
    plan = child()
    proposals, records = walk(plan, 24, record)
    for number in (6, 12, 18, 23):
        known = {n: records[n] for n in range(number - plan.window + 1)}
        assert Proposer(plan).propose(number, known) == proposals[number]
