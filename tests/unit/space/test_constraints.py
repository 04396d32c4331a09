"""Constraints: declared in a space, set by an objective, and by how much they are violated."""

import math

import numpy as np
import pandas as pd
import pytest

from resweep.errors import InputError
from resweep.space.constraints import excesses, violation, violations
from resweep.space.model import Space

TEXT = """
direction: minimize
constraints: {latency: {max: 20}, recall: {min: 0.9, max: 1}}
param_ranges: {x: {type: float, low: 0, high: 1}}
"""
DECLARED = {"latency": {"max": 20.0}, "recall": {"min": 0.9, "max": 1.0}}


def test_a_space_declares_constraints_and_writes_them_again():
    space = Space.loads(TEXT)
    assert space.constraints == DECLARED
    assert Space.loads(space.dumps()) == space
    plain = Space.loads(TEXT.replace(TEXT.splitlines()[2], ""))
    assert plain.constraints == {}
    assert "constraints" not in plain.dumps()


@pytest.mark.parametrize(
    "wrong", ["[latency]", "{latency: 20}", "{latency: {}}", "{latency: {above: 1}}",
              "{latency: {max: big}}", "{latency: {max: .inf}}", "{latency: {max: true}}"],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(wrong):
    text = TEXT.replace("{latency: {max: 20}, recall: {min: 0.9, max: 1}}", wrong)
    with pytest.raises(InputError) as error:
        Space.loads(text, "space.yaml")
    assert "space.yaml, line 3" in str(error.value)
    assert "constraints" in str(error.value)


def test_what_is_set_and_what_is_declared_count_together():
    attrs = {"constraints:size": 2.0, "latency": 25, "recall": 0.95, "note": "latency"}
    assert excesses(attrs, DECLARED) == pytest.approx(
        {"size": 2.0, "latency max": 5.0, "recall min": -0.05, "recall max": -0.05}
    )
    assert violation(attrs, DECLARED) == 7.0
    assert violation({"latency": 20.0}, DECLARED) == 0.0


@pytest.mark.parametrize("value", [None, math.nan, "fast", True, pd.NA, [1]])
def test_what_is_no_number_says_nothing(value):
    assert math.isnan(violation({"latency": value, "constraints:size": value}, DECLARED))


def test_rows_of_a_table():
    table = pd.DataFrame(
        {"user_attrs_constraints:size": [1.0, np.nan, -1.0], "user_attrs_latency": [10, None, 21]}
    )
    found = violations(table, DECLARED)
    assert found[0] == 1.0
    assert math.isnan(found[1])
    assert found[2] == 1.0
    assert np.isnan(violations(pd.DataFrame({"number": [0, 1]}), DECLARED)).all()
