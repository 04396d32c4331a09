"""Challenges as a test of a claim: the best point against the same with a dropped value."""

import numpy as np
import pytest

from resweep.ledger.trials import Ledger
from resweep.refinement.challenged import challenged, taken_back
from resweep.space.model import Space
from resweep.space.parameter import Parameter

X = Parameter("x", "float", 0.0, 1.0)
POOL = Parameter("pool", "categorical", choices=("mean", "max"))


def child(gap, sd=0.01, direction="maximize", tries=3, base=3):
    """A sweep whose best point, trial 4, is better by `gap` than with the dropped `sum`."""
    rng = np.random.default_rng(0)
    sign = 1 if direction == "maximize" else -1
    space = Space("v3", direction, 40, {"type": "none"}, {}, (X, POOL))
    records = []

    def add(value, params, **attrs):
        noisy = sign * (value + sd * rng.normal())
        records.append(
            {"number": len(records), "value": noisy, "state": "COMPLETE", "params": params,
             "user_attrs": attrs}
        )  # fmt: skip

    for number in range(10):
        add(0.5 if number == 4 else 0.3, {"x": number / 10, "pool": "max"}, kind="proposal")
    for _ in range(base - 1):
        add(0.5, {"x": 0.4, "pool": "max"}, kind="replicate", replicate_of=4)
    first = len(records)
    for number in range(tries):
        again = {"replicate_of": first} if number else {}
        add(0.5 - gap, {"x": 0.4, "pool": "sum"}, kind="fallback", beyond="pool other",
            challenges=4, **again)  # fmt: skip
    return Ledger.from_records(records, space)


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("gap", [-0.2, 0.2])
def test_the_interval_tells_which_is_better(gap, direction):
    estimate, low, high, n, test = challenged("pool", child(gap, direction=direction), 0.95)
    assert estimate == pytest.approx(gap, abs=0.03)
    assert (high < 0) if gap < 0 else (low > 0)
    assert n == 2 and "challenges" in test  # of three trials the best point's first is its luck


def test_without_challenges_or_noise_nothing_is_said():
    assert challenged("x", child(0.2), 0.95) is None
    assert challenged("pool", child(0.2, tries=0), 0.95) is None
    assert challenged("pool", child(0.2, tries=1, base=1), 0.95) is None


def test_nothing_is_refuted_by_noise():
    _, low, high, _, _ = challenged("pool", child(0.0, sd=0.05), 0.95)
    assert low < 0 < high


def opened(*told, own=POOL):
    """A sweep whose drawn trials tell where the space was open; the last of all is a guard."""
    space = Space("v3", "maximize", 40, {"type": "none"}, {}, (X.replace(low=0.2), own))
    records = []
    for text in told:
        attrs = {"kind": "fallback", "opened": text} if text else {"kind": "proposal"}
        records.append({"number": len(records), "value": 0.5, "state": "COMPLETE",
                        "params": {"x": 0.5, "pool": "max"}, "user_attrs": attrs})  # fmt: skip
    guard = {"kind": "fallback", "beyond": "x high", "challenges": 0}
    records.append({"number": len(records), "value": 0.5, "state": "COMPLETE",
                    "params": {"x": 0.5, "pool": "max"}, "user_attrs": guard})  # fmt: skip
    return Ledger.from_records(records, space)


def test_a_restriction_is_taken_back_if_the_last_drawn_trial_says_so():
    wide = POOL.replace(choices=("mean", "max", "sum"))
    assert taken_back(wide, opened("", "pool other", "pool other")) == 2
    assert taken_back(wide, opened("", "x low; pool other")) == 1
    assert taken_back(wide, opened("pool other", "")) == 0  # the space held a better point again
    assert taken_back(wide, opened("", "x low")) == 0
    assert taken_back(wide, opened("", "")) == 0


def test_beyond_what_the_parent_searched_nothing_was_restricted():
    assert taken_back(X, opened("x low")) == 1
    assert taken_back(X, opened("x high")) == 0
    assert taken_back(X.replace(high=2.0), opened("x high")) == 1
