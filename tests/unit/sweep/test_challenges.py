"""Challenges: the best point with what the space dropped, and when a restriction is lost."""

import math

import numpy as np
import pytest

from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.challenges import Known, ahead, contenders, lost, next_challenge
from resweep.sweep.excursions import Direction, left_by
from resweep.sweep.plan import Plan, Proposal
from resweep.sweep.proposals import Proposer
from resweep.sweep.refuting import INHERITED, Challenges
from resweep.sweep.schedule import FALLBACK, REPLICATE, Schedule

LR = Parameter("lr", "float", 1e-4, 1e-2, log=True)
POOL = Parameter("pool", "categorical", choices=("mean", "max", "sum"))
MODEL = Parameter("model", "categorical", choices=("small", "large"))
HEADS = Parameter("heads", "int", 1, 8, condition={"model": ("large",)})
OUTER = Space("v2", "maximize", 40, {"type": "none"}, {"epochs": 5}, (LR, POOL, MODEL, HEADS))
SPACE = Space(
    "v3", "maximize", 40, {"type": "none"}, {"epochs": 5, "model": "small"},
    (LR.replace(high=1e-3), POOL.replace(choices=("mean", "max"))),
)  # fmt: skip
BEST = {"lr": 5e-4, "pool": "max", "model": "small"}
POOL_OUT, MODEL_OUT = Direction("pool", "other"), Direction("model", "other")
LR_OUT = Direction("lr", "high")


def settings(**changes):
    return {"epochs": 5, **BEST, **changes}


def known(point, scores, number=None, challenge=False):
    params = {k: v for k, v in point.items() if k in OUTER}
    return Known(number, point, scores, left_by(params, SPACE, OUTER), challenge)


def study(seed=0, gain=0.0, sd=0.01):
    """Points inside, where `pool` = sum would be better by `gain`."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(25):
        lr, pool = float(10 ** rng.uniform(-4, -3)), ("mean", "max")[number % 2]
        score = -0.1 * abs(math.log10(lr) + 3.3) + 0.05 * (pool == "max") + sd * rng.normal()
        found.append(known(settings(lr=lr, pool=pool), [score], number))
    return found


def test_contenders_are_the_best_point_with_one_dropped_value():
    found = contenders(BEST, SPACE, OUTER, {})
    assert {way for way, _ in found} == {POOL_OUT, MODEL_OUT, LR_OUT}
    for way, point in found:
        assert left_by(point, SPACE, OUTER) == (way,)
        changed = {name for name in point if point[name] != BEST.get(name)}
        assert changed == ({"model", "heads"} if way == MODEL_OUT else {way.name})
        assert OUTER.contains(point)


def test_beyond_what_the_parent_tried_nothing_was_dropped():
    assert LR_OUT not in {way for way, _ in contenders(BEST, SPACE, OUTER, {"lr": (1e-4, 1e-3)})}
    near = [p["lr"] for way, p in contenders(BEST, SPACE, OUTER, {"lr": (1e-4, 2e-3)})
            if way == LR_OUT]  # fmt: skip
    assert len(near) == 3 and all(1e-3 < lr <= 2e-3 for lr in near)


def test_a_challenger_is_repeated_in_turn_with_the_best_point():
    trials = study()
    first = next_challenge(trials, SPACE, OUTER, {}, ())
    assert first.again is None and first.base is not None
    trials.append(known({"epochs": 5, **first.point}, [0.2], 30, challenge=True))
    second = next_challenge(trials, SPACE, OUTER, {}, ())
    assert second.way == first.way and second.again == second.base
    base = next(i for i, one in enumerate(trials) if one.number == second.base)
    one = trials[base]
    trials[base] = Known(one.number, one.settings, [*one.scores, one.scores[0]], one.ways)
    third = next_challenge(trials, SPACE, OUTER, {}, ())
    assert third.again == 30


def test_a_restriction_is_lost_by_two_trials_that_are_surely_better():
    better = known(settings(pool="sum"), [0.3, 0.31], 30, challenge=True)
    assert lost([*study(), better], OUTER) == (POOL_OUT,)
    once = known(settings(pool="sum"), [0.3], 30, challenge=True)
    assert lost([*study(), once], OUTER) == ()
    no_challenge = known(settings(pool="sum"), [0.3, 0.31], 30)
    assert lost([*study(), no_challenge], OUTER) == ()
    worse = known(settings(pool="sum"), [-0.3, -0.31], 30, challenge=True)
    assert lost([*study(), worse], OUTER) == ()
    assert lost([], OUTER) == ()


def test_the_space_opens_where_the_best_point_probably_lies_not_where_the_luckiest_does():
    trials = study(sd=0.05)
    best = max(one.scores[0] for one in trials)
    lucky = [known(settings(pool="sum", lr=lr), [0.0], 40 + i) for i, lr in enumerate((1e-4, 2e-4))]
    lucky.append(known(settings(pool="sum"), [best + 0.01], 50))
    assert ahead([*trials, *lucky], OUTER) == ()
    assert ahead([*trials, known(settings(pool="sum"), [best + 0.5] * 2, 50)], OUTER) == (POOL_OUT,)


def test_where_all_or_no_points_lie_outside():
    assert ahead([known(settings(pool="sum"), [0.3], 0)], OUTER) == (POOL_OUT,)
    assert ahead(study(), OUTER) == ahead([], OUTER) == ()
    inherited = known(settings(pool="sum"), [9.0] * 3)  # what the refinement knew already
    assert ahead([*study(), inherited], OUTER) == ()


def test_what_is_hopeless_or_open_already_is_not_challenged():
    trials = study()
    for number, (_, point) in enumerate(contenders(BEST, SPACE, OUTER, {})):
        trials.append(known({"epochs": 5, **point}, [-2.0, -2.0], 30 + number, challenge=True))
    assert next_challenge(trials, SPACE, OUTER, {}, ()) is None
    assert next_challenge(study(), SPACE, OUTER, {}, (POOL_OUT, MODEL_OUT, LR_OUT)) is None
    assert next_challenge([], SPACE, OUTER, {}, ()) is None


def run(gain, n=60, seed=0, window=4, fallback=0.15, warm=()):
    """A sweep in which the dropped `pool` = sum is better by `gain`."""
    plan = Plan(
        SPACE, seed, window, "random", Schedule(fallback=fallback), fallback_space=OUTER,
        fallback_warm=warm,
    )  # fmt: skip
    proposer, records, rng = Proposer(plan), {}, np.random.default_rng(seed)
    for number in range(n):
        proposal = proposer.propose(number, records)
        point = {**plan.space_of(proposal.kind).fixed, **proposal.params}
        value = -0.1 * abs(math.log10(point["lr"]) + 3.3) + gain * (point["pool"] == "sum")
        records[number] = {
            "number": number, "params": proposal.params, "state": "COMPLETE", "curve": [],
            "value": value + 0.02 * rng.normal(), "user_attrs": proposal.attrs,
        }  # fmt: skip
    return proposer, records, plan


def test_challenges_are_part_of_the_guarding_share():
    proposer, _, _ = run(-0.3)
    guards = [p for p in proposer.proposals if p.beyond or p.challenges is not None]
    ours = [p for p in guards if p.challenges is not None]
    assert len(ours) >= 2 and len(guards) <= 0.3 * 60
    assert all(p.kind in (FALLBACK, REPLICATE) for p in ours)
    for p in ours:
        if p.kind == FALLBACK:
            assert p.beyond and (p.challenges == INHERITED or p.challenges < p.number)
        if p.seed_of is not None:
            twin = proposer.proposals[p.seed_of]
            assert p.challenges in (twin.number, twin.replicate_of)
            assert p.seed_number == p.seed_of
    none, _, _ = run(-0.3, fallback=0.0)
    assert not any(p.challenges is not None for p in none.proposals)


@pytest.mark.parametrize("window", [1, 4])
def test_a_wrong_restriction_is_taken_back_and_a_right_one_is_not(window):
    wrong, _, _ = run(0.2, window=window)
    assert POOL_OUT in wrong.opened()
    later = [p for p in wrong.proposals[-15:] if p.beyond is None and p.challenges is None]
    assert any(p.params.get("pool") == "sum" for p in later)
    right, _, _ = run(-0.2, window=window)
    assert POOL_OUT not in right.opened() and not right.refuted()


@pytest.mark.parametrize("excess", [-1.0, 1.0])
def test_what_violates_a_constraint_wins_no_challenge(excess):
    proposals, records = [], []
    for number in range(20):
        point = {"lr": 1e-4 * 1.1**number, "pool": ("mean", "max")[number % 2]}
        proposals.append(Proposal(number, "proposal", point))
    out = {"lr": 4e-4, "pool": "sum", "model": "small"}
    for number, again in ((20, None), (21, 20)):
        told = {"replicate_of": again, "beyond": "pool other", "challenges": 3}
        proposals.append(Proposal(number, FALLBACK, out, **told))
    for proposal in proposals:
        over = excess if proposal.params["pool"] == "sum" else -1.0
        value = float(proposal.params["pool"] == "sum") + 0.01 * (proposal.number % 3)
        records.append({"number": proposal.number, "state": "COMPLETE", "value": value,
                        "user_attrs": {**proposal.attrs, "constraints:0": over}})  # fmt: skip
    challenges = Challenges(Plan(SPACE, 0, fallback_space=OUTER), OUTER)
    assert challenges.refuted(proposals, records) == (() if excess > 0 else (POOL_OUT,))


def test_each_challenge_is_a_function_of_what_it_may_know():
    proposer, records, plan = run(0.1)
    for number in range(0, 60, 7):
        known = {n: r for n, r in records.items() if n <= number - plan.window}
        assert Proposer(plan).propose(number, known) == proposer.proposals[number]
