"""Proposals: one contract for all samplers, then windows, roles, weights and duplicates."""

import random
from collections import Counter

import numpy as np
import optuna
import pytest
from sweeps import COIN, KIND, RATE, SHIFT, SIZE, X, loss, mixed, record, space, walk

from resweep.sweep.excursions import left_by
from resweep.sweep.plan import Plan
from resweep.sweep.proposals import Proposer
from resweep.sweep.samplers import SAMPLERS, make_sampler
from resweep.sweep.schedule import FALLBACK, PROPOSAL, REPLICATE, Schedule, seed_for

COUNT = 16  # beyond the samplers' random beginnings
ROLES = Schedule.plan(COUNT, 2, replicate=0.2, fallback=0.25)


def plan_of(sampler="tpe", **changes):
    given = {
        "space": space(),
        "seed": 5,
        "window": 3,
        "schedule": ROLES,
        "enqueued": [{"x": 1.0, "kind": "plain"}, {"rate": 0.1}],
        "fallback_space": space(X.replace(low=-9.0), RATE, KIND),
    }
    return Plan(sampler=sampler, **given | changes)


@pytest.fixture(scope="module", params=SAMPLERS)
def sweep(request):
    plan = plan_of(request.param)
    return plan, *walk(plan, COUNT)


def test_a_proposal_can_be_recomputed_anywhere(sweep):
    """From the records it may know alone, in any order, by a process that knows nothing else."""
    plan, proposals, records = sweep
    for number in (0, 4, 11, COUNT - 1):
        known = {n: records[n] for n in reversed(range(max(0, number - plan.window + 1)))}
        assert Proposer(plan).propose(number, known) == proposals[number]


def test_conditional_trials_under_way_can_be_recomputed_too():
    """TPE notes what it drew for parameters that take no part; a record knows nothing of it."""
    branches = [
        SHIFT.replace(name=f"{kind}{i}", condition={"kind": (kind,)})
        for kind in ("plain", "shifted")
        for i in range(2)
    ]
    plan = Plan(space(KIND, *branches), 0, window=5)
    proposals, records = walk(plan, 45, record)
    for number in range(20, 45):
        known = {n: records[n] for n in range(number - plan.window + 1)}
        assert Proposer(plan).propose(number, known) == proposals[number]


def test_later_results_are_not_looked_at(sweep):
    plan, proposals, records = sweep
    number = 12
    poisoned = dict(records)
    for later in range(number - plan.window + 1, COUNT):
        poisoned[later] = records[later] | {"value": -1e9, "state": "COMPLETE", "params": {}}
    assert Proposer(plan).propose(number, poisoned) == proposals[number]


def test_points_are_of_their_space_and_new(sweep):
    plan, proposals, _ = sweep
    for proposal in proposals:
        plan.space_of(proposal.kind).check(proposal.params)
    points = [tuple(sorted(p.params.items())) for p in proposals if p.replicate_of is None]
    assert len(set(points)) == len(points)
    assert proposals[0].params["x"] == 1.0
    assert proposals[0].params["kind"] == "plain"
    assert proposals[1].params["rate"] == 0.1


def test_roles_are_those_of_the_schedule(sweep):
    _, proposals, records = sweep
    for proposal in proposals:
        role = ROLES.role(proposal.number)
        assert (proposal.replicate_of is not None) == (role == REPLICATE)
        if proposal.replicate_of is None:
            expected = {PROPOSAL: (PROPOSAL, FALLBACK)}.get(role, (role,))
            assert proposal.kind in expected
            assert (proposal.beyond is None) or proposal.kind == FALLBACK
            continue
        first = proposals[proposal.replicate_of]
        assert first.params == proposal.params
        assert proposal.kind == (FALLBACK if first.kind == FALLBACK else REPLICATE)
        assert records[first.number]["state"] == "COMPLETE"


def test_the_seed_decides(sweep):
    plan, proposals, records = sweep
    other = Proposer(plan_of(plan.sampler, seed=6)).propose(3, records)
    assert other.params != proposals[3].params


def test_global_generators_are_left_alone(sweep):
    plan, _, records = sweep
    random.seed(3)
    np.random.seed(3)
    before = random.getstate(), np.random.get_state()[1].tolist()
    Proposer(plan).propose(9, records)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_at_a_time_is_a_plain_optuna_study(seed):
    toy = space()
    study = optuna.create_study(study_name="toy")
    _, records = walk(Plan(toy, seed, window=1), 25, record)
    for number in range(25):
        study.sampler = make_sampler("tpe", seed_for(seed, "proposal", number, 0))
        trial = study.ask()
        trial.suggest_float("x", -5.0, 5.0)
        trial.suggest_float("rate", 1e-4, 1.0, log=True)
        if trial.suggest_categorical("kind", ["plain", "shifted"]) == "shifted":
            trial.suggest_float("shift", 0.0, 1.0)
        assert trial.params == records[number]["params"]
        study.tell(trial, loss(trial.params))


@pytest.mark.parametrize("window", [2, 5])
def test_a_window_is_as_many_asynchronous_workers(window):
    """Pending trials are shown to the sampler as running, with their parameters."""
    toy = space(X, RATE, SIZE)
    study = optuna.create_study(study_name="toy")
    proposals, _ = walk(Plan(toy, 4, window=window), 24, record)
    asked = []
    for number in range(24):
        if number >= window:
            study.tell(asked[number - window], loss(asked[number - window].params))
        study.sampler = make_sampler("tpe", seed_for(4, "proposal", number, 0))
        asked.append(study.ask({p.name: p.distribution() for p in toy}))
        assert asked[-1].params == proposals[number].params


def test_pending_trials_matter():
    toy = space(X, RATE, SIZE)
    narrow, wide = (walk(Plan(toy, 4, window=w), 24, record)[0] for w in (1, 8))
    assert [p.params for p in narrow] != [p.params for p in wide]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_point_of_a_small_space_comes_before_any_comes_twice(sampler):
    toy = space(SIZE.replace(high=4), COIN)
    proposals, _ = walk(Plan(toy, 0, sampler=sampler), 11, record)
    points = [tuple(p.params.values()) for p in proposals]
    assert len(set(points[:8])) == 8
    assert set(points[8:]) <= set(points[:8])


def test_inherited_points_are_not_trained_again():
    toy = space(SIZE.replace(high=4), COIN)
    warm = [({"size": size, "coin": True}, float(size)) for size in range(1, 5)]
    proposals, _ = walk(Plan(toy, 0, warm=warm), 4, record)
    assert {p.params["coin"] for p in proposals} == {False}


def test_inherited_trials_guide_the_first_proposals():
    toy = space(X, RATE)
    warm = [({"x": -5.0 + i / 4, "rate": 0.01}, abs(-5.0 + i / 4 - 2.0)) for i in range(41)]
    near = {}
    for name, given in (("cold", ()), ("warm", warm)):
        plans = [Plan(toy, seed, window=4, warm=given) for seed in range(8)]
        first = [walk(plan, 4, record)[0] for plan in plans]
        near[name] = np.mean([abs(p.params["x"] - 2.0) for found in first for p in found])
    assert near["warm"] < near["cold"] / 2


def test_weights_are_exact_over_every_run_of_proposals():
    shares = KIND.replace(weights=(0.75, 0.25))
    toy = space(X, shares, SHIFT)
    plan = Plan(toy, 1, window=4, schedule=Schedule.plan(60, 0, 0.1, 0.0))
    proposals, _ = walk(plan, 60)
    kinds = [p.params["kind"] == "shifted" for p in proposals if p.kind == PROPOSAL]
    for first in range(len(kinds)):
        for end in range(first + 1, len(kinds) + 1):
            assert abs(sum(kinds[first:end]) - (end - first) / 4) <= 1


def test_weights_of_a_conditional_parameter_count_where_it_takes_part():
    branch = SHIFT.replace(type="categorical", choices=("a", "b"), low=None, high=None)
    toy = space(X, KIND, branch.replace(weights=(0.5, 0.5)))
    proposals, _ = walk(Plan(toy, 1), 40, record)
    chosen = Counter(p.params["shift"] for p in proposals if "shift" in p.params)
    assert abs(chosen["a"] - chosen["b"]) <= 1
    assert sum(chosen.values()) > 5


def test_replicates_race_among_the_best_points():
    """Under noise the repeats go to few points, and those are truly good ones."""
    toy = space(X, direction="maximize")
    plan = Plan(toy, 0, window=2, schedule=Schedule(replicates=((30, 60),)))
    noise = np.random.default_rng(0).normal(0.0, 1.0, 60)
    make = lambda p: record(p, -abs(p.params["x"]) + noise[p.number])
    proposals, _ = walk(plan, 60, make)
    repeated = [p for p in proposals if p.kind == REPLICATE]
    assert len(repeated) == 15
    assert len({p.replicate_of for p in repeated}) >= 3
    tried = np.median([abs(p.params["x"]) for p in proposals[:30]])
    assert np.median([abs(p.params["x"]) for p in repeated]) < tried / 2


def test_replicates_are_no_new_points_to_the_sampler():
    """A sweep whose replicates all fail proposes what one whose replicates are wonderful does."""
    plan = Plan(space(X, RATE), 0, window=2, schedule=Schedule(replicates=((12, 20),)))

    def with_value(value):
        def make(proposal):
            if proposal.kind != REPLICATE:
                return record(proposal)
            return record(proposal, value) if value else record(proposal, state="FAIL")

        found = walk(plan, 20, make)[0]
        return [p.params for p in found if p.kind == PROPOSAL]

    assert with_value(None) == with_value(1e6)


def test_without_a_finished_trial_a_replicate_is_a_proposal():
    plan = Plan(space(), 0, schedule=Schedule(replicates=((0, 9),)))
    proposals, _ = walk(plan, 6, lambda p: record(p, state="FAIL"))
    assert {p.kind for p in proposals} == {PROPOSAL}


def test_without_a_parent_a_fallback_is_a_proposal():
    plan = Plan(space(), 0, schedule=Schedule(fallback=0.5))
    assert {p.kind for p in walk(plan, 6)[0]} == {PROPOSAL}


def test_excursions_leave_the_space_in_one_direction():
    inner = space(
        X.replace(low=0.0, high=1.0), RATE, SIZE.replace(low=3, high=5), fixed={"coin": True}
    )
    outer = space(X, RATE, SIZE, COIN)
    plan = Plan(inner, 3, window=2, schedule=Schedule(fallback=0.3), fallback_space=outer)
    proposals, _ = walk(plan, 60, lambda p: record(p, 1e6 if p.kind == FALLBACK else None))
    out = [p for p in proposals if p.beyond is not None]
    assert len({p.beyond for p in out}) >= 3
    for proposal in out:
        outer.check(proposal.params)
        assert proposal.beyond in {
            f"{way.name} {way.side}" for way in left_by(proposal.params, inner, outer)
        }
    assert {p.kind for p in proposals} == {PROPOSAL, FALLBACK}


def test_excursions_become_few_if_they_find_nothing():
    inner, outer = space(X.replace(low=0.0), RATE), space(X, RATE)
    plan = Plan(inner, 0, window=2, schedule=Schedule(fallback=0.3), fallback_space=outer)

    def count(value):
        make = lambda p: record(p, value if p.kind == FALLBACK else None)
        proposals, _ = walk(plan, 60, make)
        return sum(p.beyond is not None for p in proposals)

    assert count(1e6) <= 9
    assert count(None) > 0


def test_a_fixed_setting_is_taken_back():
    """The best lies at another value of what the child has fixed; the sweep goes on there."""
    inner, outer = space(RATE, fixed={"x": -5.0}), space(X, RATE)
    plan = Plan(inner, 0, window=2, schedule=Schedule(fallback=0.3), fallback_space=outer)
    proposals, records = walk(plan, 40, lambda p: record(p, abs(p.params.get("x", -5.0) - 2.0)))
    best = min(records.values(), key=lambda r: r["value"])
    assert best["value"] < 1.0
    later = proposals[20:]
    assert all(p.kind == FALLBACK for p in later)
    assert sum(p.beyond is None for p in later) > 10


def kinds(outside, inside, warm=(), direction="minimize"):
    """Return the kinds of a sweep in half the parent's space, given the values of both halves."""
    inner = space(X.replace(low=0.0), RATE, direction=direction)
    plan = Plan(
        inner,
        0,
        window=1,
        schedule=Schedule(fallback=0.5),
        fallback_space=space(X, RATE, direction=direction),
        warm=warm,
    )
    makes = lambda p: record(p, inside(p) if inner.contains(p.params) else outside(p))
    proposals, _ = walk(plan, 20, makes)
    first = next(p.number for p in proposals if not inner.contains(p.params))
    return [p.kind for p in proposals[first + 1 :]]


def test_a_refuted_refinement_is_left():
    """Once the best point known lies outside the space, all trials are drawn where it came from."""
    assert set(kinds(lambda p: 1.0, lambda p: 2.0)) == {FALLBACK}
    assert set(kinds(lambda p: 2.0, lambda p: 1.0, direction="maximize")) == {FALLBACK}


def test_leaving_a_space_can_be_recomputed_anywhere():
    inner = space(X.replace(low=0.0), RATE)
    roles = Schedule.plan(30, 0, replicate=0.1, fallback=0.3)
    plan = Plan(inner, 1, window=4, schedule=roles, fallback_space=space(X, RATE))

    def lower_is_better(proposal):  # some trials are pruned or fail, as in `mixed`
        made = mixed(proposal)
        return made | {"value": proposal.params["x"]} if made["state"] == "COMPLETE" else made

    proposals, records = walk(plan, 30, lower_is_better)
    assert sum(p.kind == FALLBACK for p in proposals) > 15
    for number in range(30):
        known = {n: records[n] for n in range(max(0, number - plan.window + 1))}
        assert Proposer(plan).propose(number, known) == proposals[number]


def test_a_refinement_that_holds_the_best_is_kept():
    assert PROPOSAL in kinds(lambda p: 2.0, lambda p: 1.0)[:3]
    inherited = [({"x": 1.0, "rate": 0.1}, 0.5)]
    assert PROPOSAL in kinds(lambda p: 1.0, lambda p: 2.0, warm=inherited)[:3]
    inherited = [({"x": 1.0, "rate": 0.1}, 1.5)]
    assert set(kinds(lambda p: 1.0, lambda p: 2.0, warm=inherited)) == {FALLBACK}


def test_a_better_point_brings_the_sweep_back():
    """The open space holds the child's, and may find a better point there."""
    found = kinds(lambda p: 1.0 + p.number, lambda p: 0.0 if p.number > 8 else 2.0)
    assert found[0] == FALLBACK
    assert PROPOSAL in found


def test_sobol_points_are_spread_evenly():
    toy = space(X, SIZE)
    proposals, _ = walk(Plan(toy, 0, sampler="qmc"), 16, record)
    assert sum(p.params["x"] < 0 for p in proposals) == 8
    assert Counter(p.params["size"] for p in proposals) == dict.fromkeys(range(1, 9), 2)


def test_a_missing_record_is_not_passed_over():
    _, records = walk(Plan(space(), 0, window=2), 8)
    del records[4]
    with pytest.raises(KeyError):
        Proposer(Plan(space(), 0, window=2)).propose(8, records)


def test_mixed_outcomes_are_told_to_the_sampler_as_they_are():
    proposer = Proposer(Plan(space(), 0, window=1))
    records = {}
    for number in range(10):
        records[number] = mixed(proposer.propose(number, records))
    proposer.propose(10, records)
    states = [t.state.name for t in proposer.history.study.get_trials()[:10]]
    assert states == [records[n]["state"] for n in range(10)]
