"""Trials carried from one space into another."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spaces import assignments, ledgers, spaces
from sweeps import COIN, KIND, RATE, SHIFT, SIZE, X, space

from resweep.ledger.trials import Ledger
from resweep.sweep.warmstart import CannotCarry, carry, reexpress

quick = settings(max_examples=60, deadline=None)


@st.composite
def points(draw):
    found = draw(spaces())
    return found, draw(assignments(found))


@quick
@given(points())
def test_a_point_is_itself_in_its_own_space(point):
    found, params = point
    assert reexpress(params, found, found) == params


@quick
@given(points(), st.data())
def test_a_fixed_parameter_comes_back(point, data):
    """There and back: into a space that fixes some parameters, and out of it again."""
    found, params = point
    free = [p.name for p in found if p.name in params and not found.children(p.name)]
    fixed = data.draw(st.sets(st.sampled_from(free))) if free else set()
    child = found.replace(
        params=tuple(p for p in found.params if p.name not in fixed),
        fixed={**found.fixed, **{name: params[name] for name in fixed}},
    )
    there = reexpress(params, found, child)
    assert there == {name: value for name, value in params.items() if name not in fixed}
    assert reexpress(there, child, found) == params


@quick
@given(points())
def test_a_reordered_and_weighted_space_changes_no_point(point):
    found, params = point
    changed = []
    for param in found.params:
        if param.choices is not None:
            count = len(param.choices)
            param = param.replace(choices=param.choices[::-1], weights=(1 / count,) * count)
        elif not param.step:
            param = param.replace(high=param.high + 1)
        changed.append(param)
    assert reexpress(params, found, found.replace(params=tuple(changed))) == params


PARENT = space(X, RATE, KIND, SHIFT, SIZE, fixed={"epochs": 3})
POINT = {"x": 2.0, "rate": 0.1, "kind": "shifted", "shift": 0.5, "size": 3}


@pytest.mark.parametrize(
    ("child", "reason"),
    [
        (space(X.replace(high=1.0), RATE, KIND, SHIFT, SIZE), r"x = 2 is not in -5\.\.1"),
        (space(X, RATE, KIND.replace(choices=("plain",)), SIZE), "kind = shifted is not in"),
        (space(X, RATE, KIND, SHIFT, SIZE, COIN), "coin is new and the trial has no value"),
        (space(X, RATE, SIZE, fixed={"kind": "plain"}), "kind = shifted is fixed at plain"),
        (space(X, RATE, KIND, SIZE), "shift is no longer part of the space"),
        (
            space(X, RATE, KIND, SHIFT.replace(condition={"kind": ("plain",)}), SIZE),
            "shift takes no part under the new conditions",
        ),
        (
            space(X, RATE, KIND, SHIFT, SIZE, fixed={"epochs": 9}),
            "epochs = 3 is fixed at 9",
        ),
    ],
)
def test_what_cannot_be_carried_is_told_why(child, reason):
    with pytest.raises(CannotCarry, match=reason):
        reexpress(POINT, PARENT, child)


def test_a_setting_may_become_a_parameter():
    child = space(X, RATE, KIND, SHIFT, SIZE, SIZE.replace(name="epochs"))
    assert reexpress(POINT, PARENT, child) == POINT | {"epochs": 3}
    assert reexpress(POINT | {"epochs": 3}, child, PARENT) == POINT


def test_new_settings_of_a_child_do_not_matter():
    child = space(X, RATE, KIND, SHIFT, SIZE, fixed={"epochs": 3, "workers": 2})
    assert reexpress(POINT, PARENT, child) == POINT


@quick
@given(ledgers())
def test_every_complete_trial_is_listed_once(ledger):
    table = carry(ledger, "v2", ledger.space)
    assert list(table["number"]) == list(ledger.complete["number"])
    assert table["carried"].all()
    assert list(table["params"]) == [ledger.assignment(r) for _, r in ledger.complete.iterrows()]


def test_the_table_says_what_fits_and_why_not():
    parent = space(X)
    rows = [{"number": n, "value": float(n), "state": "COMPLETE", "params": {"x": float(n)}}
            for n in range(5)]  # fmt: skip
    rows[2] |= {"state": "FAIL", "value": None}
    table = carry(Ledger.from_records(rows, parent), "v2", space(X.replace(high=2.0)))
    assert list(table["number"]) == [0, 1, 3, 4]
    assert list(table["carried"]) == [True, True, False, False]
    assert table["reason"][0] == ""
    assert "x = 3 is not in" in table["reason"][2]
