"""Fallback trials against their space: which of them are a fair sample of what lies outside."""

import pytest
from sweeps import RATE, X, space

from resweep.evidence.outside import compare_outside
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger


def ledger(attrs, value=2.0):
    """Twenty points inside, ten better ones outside with these attributes."""
    own = space(X, RATE, direction="maximize")
    records = []
    for number in range(30):
        outside = number >= 20
        params = {"x": 7.0 + number / 10 if outside else number / 10, "rate": 0.1}
        told = {"kind": "fallback", **attrs} if outside else {"kind": "proposal"}
        score = value + number / 100 if outside else number / 100
        records.append(
            {"number": number, "params": params, "state": "COMPLETE", "value": score, "curve": []}
            | {"user_attrs": told}
        )
    return Ledger.from_records(records, own)


def p(attrs, **more):
    found = ledger(attrs, **more)
    return compare_outside(found, points(found)).p


@pytest.mark.parametrize("attrs", [{}, {"beyond": "x high"}, {"opened": "x high"}])
def test_a_fair_sample_tells_what_lies_outside(attrs):
    assert p(attrs) < 0.001
    assert p(attrs, value=-2.0) == 1.0


def test_what_was_tried_because_much_was_expected_tells_nothing():
    chosen, mixed = ledger({}), ledger({"beyond": "x high"})
    assert len(compare_outside(mixed, points(mixed)).better) == 10
    told = mixed.outside.assign(user_attrs_beyond=None)
    blind = Ledger(mixed.trials, mixed.curves, mixed.space, mixed.notes, told)
    found = compare_outside(blind, points(blind))
    assert found.p == 1.0
    assert len(found.better) == 10
    assert compare_outside(chosen, points(chosen)).p < 0.001  # an older ledger does not say


def test_challenges_are_no_sample():
    assert p({"beyond": "x high", "challenges": 3}) == 1.0
