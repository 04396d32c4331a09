"""Each rule of the published policy on a study made for it."""

from dataclasses import replace

import numpy as np
import pytest
from studies import (
    BATCH,
    DEPTH,
    ENCODER,
    FILLER,
    HEADS,
    LR,
    POOL,
    SCHEDULER,
    SMOOTHING,
    WIDTH,
    ledger,
    mirrored,
    noise,
    space,
)

from resweep.ledger.trials import Ledger
from resweep.refinement.growth import presses
from resweep.refinement.policy import PublishedPolicy
from resweep.refinement.published import ladder
from resweep.refinement.refine import build_cases, refine
from resweep.refinement.rules import decide

N = 60
POLICY = PublishedPolicy()
FAST = PublishedPolicy(n_permutations=20)


def decision(found, name):
    cases, _ = build_cases(found, POLICY, 100, 0)
    return decide(cases[name], POLICY)


def flags(n=N):
    return [bool(i % 2) for i in range(n)]


def test_certain_fixes_what_the_elites_agree_on():
    rng = np.random.default_rng(0)
    value = [0.3 * f + 0.5 + 0.01 * rng.normal() for f in flags()]
    found = decision(ledger(space(SCHEDULER, FILLER), value, scheduler=flags()), "scheduler")
    assert (found.action, found.rule, found.value) == ("fix", "certain", True)


def test_certain_wants_the_other_choices_tried():
    rng = np.random.default_rng(0)
    flag = [i >= 4 for i in range(N)]
    value = [0.3 * f + 0.5 + 0.01 * rng.normal() for f in flag]
    found = decision(ledger(space(SCHEDULER, FILLER), value, scheduler=flag), "scheduler")
    assert found.action == "keep"
    assert "tried only 4 times" in dict(found.considered)["certain"]


def test_certain_wants_a_relative_effect():
    rng = np.random.default_rng(0)
    value = [0.01 * f + 0.5 + 0.001 * rng.normal() for f in flags()]
    found = decision(ledger(space(SCHEDULER, FILLER), value, scheduler=flags()), "scheduler")
    assert found.action == "keep"
    assert "better by 2.1% only" in dict(found.considered)["certain"]


def test_certain_wants_the_loss_to_be_bounded():
    # Against the rest together the elites' choice is far better; "max" may be better still.
    pool = ["mean"] * 30 + ["attention"] * 28 + ["max"] * 2
    value = [0.9 + i / 3000 for i in range(30)] + [0.5] * 28 + [0.4, 0.85]
    found = decision(ledger(space(POOL, FILLER), value, pool=pool), "pool")
    assert found.action == "keep"
    assert "could lose" in dict(found.considered)["certain"]


def test_simplify_fixes_at_the_neutral_value():
    smoothing = np.linspace(0.001, 0.2, N)
    rng = np.random.default_rng(0)
    value = 0.5 - smoothing + 0.005 * rng.normal(size=N)
    found = decision(ledger(space(SMOOTHING), value, smoothing=smoothing), "smoothing")
    assert (found.action, found.rule, found.value) == ("fix", "simplify", 0.0)


def test_simplify_wants_the_elites_near_the_neutral_value():
    smoothing = np.linspace(0.001, 0.2, N)
    value = 0.5 - smoothing
    value[-1] = 1.0
    found = decision(ledger(space(SMOOTHING), value, smoothing=smoothing), "smoothing")
    assert found.action == "keep"


def peak(n=N, seed=0, noise_sd=0.01):
    rng = np.random.default_rng(seed)
    lr = 10 ** rng.uniform(-5, -1, n)
    return -np.abs(np.log10(lr) + 3) + noise_sd * rng.normal(size=n), lr


def test_cluster_narrows_around_the_elites():
    value, lr = peak()
    found = decision(ledger(space(LR), value, lr=lr), "lr")
    assert (found.action, found.rule) == ("narrow", "cluster")
    elites = lr[np.argsort(-value)[:15]]
    assert found.new.low < elites.min() and found.new.high > elites.max()
    assert found.new.low > LR.low and found.new.high < LR.high
    assert found.new.limits == LR.limits


def test_a_narrowed_range_without_limits_may_grow_back():
    value, lr = peak()
    found = decision(ledger(space(LR.replace(limits=None)), value, lr=lr), "lr")
    assert found.new.limits == (LR.low, LR.high)


def test_a_span_that_following_did_not_earn_narrows_nothing():
    value, lr = peak()
    found = ledger(space(LR), value, lr=lr)
    case = build_cases(found, POLICY, 100, 0)[0]["lr"]
    assert decide(case, POLICY).action == "narrow"
    unearned = replace(case, test=replace(case.test, p_follow=0.4, p_cluster=1.0))
    outcome = decide(unearned, POLICY)
    assert outcome.action == "keep"
    assert "did no better" in dict(outcome.considered)["cluster"]


def test_cluster_that_touches_a_bound_shifts_it():
    rng = np.random.default_rng(0)
    width = rng.uniform(0.5, 3, N)
    found = decision(ledger(space(WIDTH), np.exp(6 * width / 3), width=width), "width")
    assert (found.action, found.rule) == ("shift", "cluster")
    assert found.new.high == 5.0
    assert found.new.low > WIDTH.low


def test_cluster_does_not_close_a_side_to_which_the_trend_leads():
    position = np.linspace(0, 1, N)
    value = np.where(position < 0.25, 0.02 * np.cos(3 * np.arange(N)), -position)
    lr = 10 ** (-5 + 4 * position)
    found = decision(ledger(space(LR), value, lr=lr), "lr")
    assert (found.action, found.rule) == ("shift", "cluster")
    assert found.new.low == LR.limits[0] and found.new.high < LR.high


def at_high_bound(limits=(0.25, 5.0), state=None):
    rng = np.random.default_rng(1)
    width = rng.uniform(0.5, 3, N)
    value = width / 3 + 0.25 * rng.normal(size=N)
    return ledger(space(WIDTH.replace(limits=limits)), value, state, width=width)


def test_at_the_bound_grows_it_and_moves_the_far_one():
    found = decision(at_high_bound(), "width")
    assert (found.action, found.rule, found.new.high) == ("expand", "at the bound", 5.0)
    assert found.new.low >= WIDTH.low


def test_a_bound_may_move_a_part_of_the_way_to_its_limit():
    half = replace(POLICY, at_the_bound=replace(POLICY.at_the_bound, reach=0.5))
    case = build_cases(at_high_bound(), half, 100, 0)[0]["width"]
    assert decide(case, half).new.high == 4.0


def test_a_clear_trend_opens_a_bound_that_few_elites_are_near():
    width = np.linspace(0.5, 3, 20)
    value = np.where(width < 1.75, width / 10, 0.5) + 0.01 * np.cos(5 * np.arange(20))
    case = build_cases(ledger(space(WIDTH), value, width=width), POLICY, 100, 0)[0]["width"]
    assert case.test.crowd[1] < POLICY.at_the_bound.share
    assert presses(case, "high", POLICY)[0]


def test_a_trend_opens_no_bound_that_the_elites_shun():
    rng = np.random.default_rng(0)
    width = rng.uniform(0.5, 3, N)
    value = -np.abs(width - 2.2) + 0.01 * rng.normal(size=N)
    case = build_cases(ledger(space(WIDTH), value, width=width), POLICY, 100, 0)[0]["width"]
    assert case.test.rho > 0 and case.test.p_trend < POLICY.at_the_bound.trend_p
    pressed, why = presses(case, "high", POLICY)
    assert not pressed and "fewer than chance" in why


def test_a_bound_at_its_limit_is_no_hit():
    assert decision(at_high_bound(limits=(0.25, 3.0)), "width").action == "keep"
    assert decision(at_high_bound(limits=None), "width").action == "keep"


def test_a_bound_at_which_trials_fail_does_not_grow():
    good = at_high_bound()
    width = np.concatenate([good.trials["params_width"], np.full(20, 2.95)])
    value = np.concatenate([good.trials["value"], np.full(20, np.nan)])
    walled = ledger(good.space, value, ["COMPLETE"] * N + ["FAIL"] * 20, width=width)
    found = decision(walled, "width")
    assert found.action == "keep"
    assert "trials there fail" in dict(found.considered)["at the bound"]


def test_a_trend_that_points_away_stops_growth():
    width = np.concatenate([np.linspace(2.9, 3, 6), np.linspace(1.1, 2.4, 34)])
    value = np.concatenate([np.ones(6), np.linspace(0.6, 0.0, 34)])
    found = decision(ledger(space(WIDTH), value, width=width), "width")
    assert found.action == "keep"
    assert "points away" in dict(found.considered)["at the bound"]


def test_int_bounds_grow_by_whole_numbers():
    rng = np.random.default_rng(0)
    depth = rng.integers(2, 7, N)
    value = depth + 1.5 * rng.normal(size=N)
    found = decision(ledger(space(DEPTH, FILLER), value, depth=depth), "depth")
    assert found.action == "expand"
    assert found.new.high == 10 and isinstance(found.new.low, int)


def test_unexplored_opens_to_the_limits():
    value = [1.0] * 30 + [0.1] * 10
    encoder = ["cnn"] * 30 + ["context"] * 10
    heads = [None] * 30 + [1, 2, 3, 4, 2] * 2
    found = ledger(space(ENCODER, HEADS), value, encoder=encoder, heads=heads)
    opened = decision(found, "heads")
    assert (opened.action, opened.rule) == ("expand", "unexplored")
    assert (opened.new.low, opened.new.high) == (1, 8)


def test_ladder_moves_along_its_trend():
    rng = np.random.default_rng(0)
    batch = [BATCH.choices[i % 4] for i in range(N)]
    value = [-np.log2(b) + 0.3 * rng.normal() for b in batch]
    found = decision(ledger(space(BATCH, FILLER), value, batch=batch), "batch")
    assert (found.action, found.rule) == ("narrow", "ladder")
    assert found.new.choices == (8, 16, 32)
    assert found.new.limits == (8, 16, 32, 64)


def small_batches():
    rng = np.random.default_rng(3)
    steps = BATCH.replace(limits=(2, 4, 8, 16, 32, 64))
    batch = [BATCH.choices[i % 4] for i in range(N)]
    value = [-np.log2(b) + 0.3 * rng.normal() for b in batch]
    return ledger(space(steps, FILLER), value, batch=batch)


def test_a_ladder_that_the_elites_press_on_opens_to_its_limit():
    found = decision(small_batches(), "batch")
    assert (found.action, found.rule) == ("expand", "at the bound")
    assert found.new.choices[:3] == (2, 4, 8)
    half = replace(POLICY, at_the_bound=replace(POLICY.at_the_bound, reach=0.5))
    case = build_cases(small_batches(), half, 100, 0)[0]["batch"]
    assert decide(case, half).new.choices[:2] == (4, 8)


def test_ladder_adds_the_next_step_at_the_helping_end():
    case = build_cases(small_batches(), POLICY, 100, 0)[0]["batch"]
    found = ladder(case, POLICY)
    assert found.action in ("shift", "expand")
    assert found.new.choices[0] == 4
    assert len(found.new.choices) >= 3


BATCHES = BATCH.replace(limits=(2, 4, 8, 16, 32, 64))


def with_fallbacks(tmp_path, inside, outside, params=(WIDTH, BATCHES)):
    """A child sweep as it is read from its ledger, with fallback trials outside its space."""
    rng = np.random.default_rng(0)
    found = space(*params)
    records = [
        {
            "value": value,
            "params": {"width": float(rng.uniform(0.5, 3)), "batch": (8, 16, 32, 64)[i % 4]},
            "user_attrs": {"kind": "proposal"},
        }
        for i, value in enumerate(inside)
    ]
    records += [
        {"value": value, "params": point, "user_attrs": {"kind": "fallback"}}
        for value, point in outside
    ]
    rows = [{"number": n, "state": "COMPLETE"} | r for n, r in enumerate(records)]
    Ledger.from_records(rows, found).dump(tmp_path)
    return Ledger.load(tmp_path / "trials.csv", found)


def test_what_fallback_trials_refute_is_taken_back(tmp_path):
    inside = 0.5 + 0.05 * np.random.default_rng(1).normal(size=30)
    outside = [(0.9 + i / 100, {"width": 4.0 + i / 10, "batch": 16}) for i in range(6)]
    outside += [(0.91, {"width": 4.2, "batch": 4}), (0.2, {"width": 0.3, "batch": 16})]
    found = with_fallbacks(tmp_path, inside, outside)
    width = decision(found, "width")
    assert (width.action, width.rule) == ("expand", "refuted")
    assert (width.new.low, width.new.high) == (0.5, 5.0)
    assert width.reason == (
        "7 fallback trials beat every point of the space, 7 of them beyond its high bound"
        " (p <0.001)"
    )
    assert decision(found, "batch").rule != "refuted"  # one of seven only
    ladder = [(0.9 + i / 100, {"width": 1.0, "batch": (4, 2)[i % 2]}) for i in range(6)]
    found = decision(with_fallbacks(tmp_path, inside, ladder), "batch")
    assert (found.action, found.rule) == ("expand", "refuted")
    assert found.new.choices == (2, 4, 8, 16, 32, 64)
    walled = (WIDTH.replace(limits=(0.25, 3.0)), BATCHES)
    found = with_fallbacks(tmp_path, inside, outside, walled)
    assert "at its limit" in dict(decision(found, "width").considered)["refuted"]


def test_only_the_range_to_blame_is_taken_back(tmp_path):
    """Half of the trials elsewhere lie beyond the width too, but not the better ones."""
    inside = 0.5 + 0.05 * np.random.default_rng(1).normal(size=30)
    steps = BATCH.replace(limits=(2.0, 4.0, 8.0, 16.0, 32.0, 64.0))  # as numbers, not as text
    outside = [
        (0.9 + i / 100 if i % 3 else 0.3, {"width": (1.0 if i % 3 else 4.0) + i / 50, "batch": 4})
        for i in range(12)
    ]
    found = with_fallbacks(tmp_path, inside, outside, (WIDTH, steps))
    assert decision(found, "batch").rule == "refuted"
    assert decision(found, "batch").new.choices[0] == 2
    assert decision(found, "width").rule != "refuted"


def test_one_lucky_fallback_trial_refutes_nothing(tmp_path):
    inside = 0.5 + 0.05 * np.random.default_rng(1).normal(size=30)
    outside = [(0.9, {"width": 4.0, "batch": 16})]
    outside += [(0.4, {"width": 4.0 + i / 10, "batch": 16}) for i in range(6)]
    found = decision(with_fallbacks(tmp_path, inside, outside), "width")
    assert found.action == "keep"
    assert "as chance may" in dict(found.considered)["refuted"]


def test_a_sweep_that_went_elsewhere_refutes_too(tmp_path):
    """Where most trials lie outside, nearly all of the best do by chance; their ranks tell."""
    outside = [(0.8 + i / 100, {"width": 4.0 + i / 50, "batch": 16}) for i in range(30)]
    found = decision(with_fallbacks(tmp_path, np.linspace(0.1, 0.3, 6), outside), "width")
    assert (found.rule, found.new.high) == ("refuted", 5.0)


def test_noise_hardly_ever_refutes(tmp_path):
    """The null: all values are noise, wherever they lie; three tenths lie outside."""
    refutations = 0
    for seed in range(100):
        rng = np.random.default_rng([7, seed])
        outside = [
            (float(rng.normal()), {"width": float(rng.uniform(3.01, 5)), "batch": 16})
            for _ in range(15)
        ]
        found = with_fallbacks(tmp_path, rng.normal(size=35), outside, (WIDTH, BATCHES))
        refutations += build_cases(found, FAST, 100, 0)[0]["width"].beyond != {} and (
            decide(build_cases(found, FAST, 100, 0)[0]["width"], FAST).rule == "refuted"
        )
    assert refutations <= 12


def arms(good, bad, lead=0.2, n_trials=100):
    """A study of two arms, one better by ``lead``, beside a parameter that does nothing."""
    rng = np.random.default_rng(0)
    value = [lead + 0.5 + 0.05 * rng.normal() for _ in range(good)]
    value += [0.5 + 0.05 * rng.normal() for _ in range(bad)]
    encoder = ["cnn"] * good + ["context"] * bad
    heads = [None] * good + [1 + i % 4 for i in range(bad)]
    width = np.random.default_rng(1).uniform(0.5, 3, good + bad)
    found = ledger(space(ENCODER, HEADS, WIDTH), value, encoder=encoder, heads=heads, width=width)
    return refine(found.space, found, n_trials=n_trials, policy=POLICY)


def test_fair_trial_reweights_and_never_fixes():
    found = arms(15, 5).details["encoder"]
    assert (found.action, found.new.weights) == ("reweight", (0.75, 0.25))


def test_fair_trial_keeps_what_does_not_lead():
    assert arms(15, 5, lead=0.0).details["encoder"].action == "keep"


def test_fair_trial_gives_each_arm_its_trials():
    assert arms(15, 5, n_trials=50).details["encoder"].new.weights == pytest.approx((0.6, 0.4))
    assert arms(15, 5, n_trials=30).details["encoder"].action == "keep"


def test_what_a_person_asks_about_gets_a_fair_trial_too():
    """A choice on which nothing hangs would be fixed; as the question of the sweep it is not."""
    rng = np.random.default_rng(0)
    value = [0.7 + 0.05 * rng.normal() for _ in range(40)] + [0.4] * 6
    pool = [POOL.choices[0]] * 40 + [POOL.choices[1]] * 6
    width = [0.6 + 0.01 * i if i % 4 == 0 else 2.9 - 0.01 * i for i in range(46)]
    for role, action, rule in ((None, "fix", "certain"), ("scientific", "reweight", "fair trial")):
        params = (POOL.replace(role=role), WIDTH.replace(role=role))
        found = refine(
            space(*params), ledger(space(*params), value, pool=pool, width=width), policy=POLICY
        )
        assert (found.details["pool"].action, found.details["pool"].rule) == (action, rule)
    assert found.details["width"].reason == "its effect is the question"


def test_after_a_fair_trial_an_arm_may_be_fixed_and_its_children_vanish():
    found = arms(40, 25)
    assert found.details["encoder"].action == "fix"
    assert found.space.fixed["encoder"] == "cnn"
    assert "heads" not in found.space
    row = found.decisions.set_index("parameter").loc["heads"]
    assert (row["action"], row["rule"], row["new"]) == ("fix", "parent fixed", "inactive")


def test_children_of_the_fixed_arm_become_unconditional():
    rng = np.random.default_rng(0)
    encoder = ["context"] * 40 + ["cnn"] * 25
    value = [0.7 + 0.05 * rng.normal() for _ in range(40)] + [0.4] * 25
    heads = [1 + i % 4 for i in range(40)] + [None] * 25
    found = ledger(space(ENCODER, HEADS, FILLER), value, encoder=encoder, heads=heads)
    refined = refine(found.space, found, policy=POLICY).space
    assert refined.fixed["encoder"] == "context"
    assert not refined["heads"].condition


def test_something_is_left_to_search():
    smoothing = np.linspace(0.001, 0.2, N)
    value = 0.5 - smoothing + 0.005 * np.random.default_rng(0).normal(size=N)
    found = ledger(space(SMOOTHING), value, smoothing=smoothing)
    refined = refine(found.space, found, policy=POLICY)
    assert refined.space.names == ("smoothing",)
    assert "nothing else would be left to search" in refined.details["smoothing"].reason


def test_keep_says_how_many_trials_it_would_take():
    found = decision(noise(20, 5), "width")
    assert found.action == "keep"
    assert "would settle" in found.reason or "no effect" in found.reason


@pytest.mark.parametrize("seed", range(8))
def test_mirrored_studies_get_the_same_decisions(seed):
    found = noise(40, seed)
    there = mirrored(found)
    here, other = (
        refine(found.space, found, policy=POLICY).decisions,
        refine(there.space, there, policy=POLICY).decisions,
    )
    columns = ["parameter", "action", "rule", "old", "new", "n_active", "p", "q"]
    assert here[columns].equals(other[columns])


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_hardly_any_trial_restricts_nothing(n):
    found = noise(n)
    actions = set(refine(found.space, found, policy=POLICY).decisions["action"])
    assert actions <= {"keep", "expand"}


def test_pure_noise_restricts_hardly_anything():
    policy = PublishedPolicy(n_permutations=300)
    restricted = 0
    for seed in range(60):
        found = noise(30, seed)
        table = refine(found.space, found, policy).decisions
        restricted += table["action"].isin(["fix", "narrow", "shift"]).any()
    assert restricted / 60 <= 0.12
