"""Ways out of a space: every one leads beyond one bound, to a point of the outer space."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sweeps import COIN, KIND, RATE, SHIFT, SIZE, X, space

from resweep.space.parameter import Parameter
from resweep.sweep.excursions import (
    Direction,
    directions,
    excursion_share,
    left_by,
    opened_toward,
    pressure,
    step_out,
)

LADDER = Parameter("batch", "categorical", choices=(8, 16, 32, 64), ordered=True)
STEPPED = Parameter("depth", "int", low=2, high=20, step=3)
OUTER = space(X, RATE, KIND, SHIFT, SIZE, COIN, LADDER, STEPPED)
INNER = space(
    X.replace(low=-1.0, high=5.0),
    RATE.replace(low=1e-3, high=1e-2),
    SIZE.replace(low=3, high=5),
    LADDER.replace(choices=(16, 32)),
    STEPPED.replace(low=5, high=11),
    fixed={"kind": "plain", "coin": True},
)
POINT = {"x": 0.0, "rate": 5e-3, "size": 4, "batch": 16, "depth": 8, "kind": "plain", "coin": True}


def test_all_ways_out_are_known():
    assert directions(INNER, OUTER) == (
        Direction("x", "low"),
        Direction("rate", "low"),
        Direction("rate", "high"),
        Direction("kind", "other"),
        Direction("size", "low"),
        Direction("size", "high"),
        Direction("coin", "other"),
        Direction("batch", "other"),
        Direction("depth", "low"),
        Direction("depth", "high"),
    )
    assert directions(OUTER, OUTER) == ()


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(directions(INNER, OUTER)), st.integers(0, 10_000))
def test_a_step_leads_out_in_its_direction_alone(way, seed):
    point = step_out(POINT, way, INNER, OUTER, seed)
    OUTER.check(point)
    assert left_by(point, INNER, OUTER) == (way,)
    same = {k: v for k, v in point.items() if k not in (way.name, "shift")}
    assert same == {k: v for k, v in POINT.items() if k != way.name}
    assert point == step_out(POINT, way, INNER, OUTER, seed)
    opened = opened_toward(INNER, OUTER, [way])
    assert opened.contains({k: v for k, v in point.items() if k in opened})
    assert way not in directions(opened, OUTER)


def test_a_branch_comes_back_with_its_switch():
    way = Direction("kind", "other")
    opened = opened_toward(INNER, OUTER, [way])
    assert "shift" in opened
    assert opened.fixed == {"coin": True}
    assert "shift" in step_out(POINT, way, INNER, OUTER, 0)


def test_a_parameter_under_a_switch_brings_the_switch_along():
    inner = space(X, KIND, SHIFT.replace(high=0.5))
    point = step_out({"x": 0.0, "kind": "plain"}, Direction("shift", "high"), inner, OUTER_3, 0)
    assert point["kind"] == "shifted"
    assert 0.5 < point["shift"] <= 1.0


OUTER_3 = space(X, KIND, SHIFT)


def test_the_open_space_is_the_space_where_nothing_is_open():
    assert opened_toward(INNER, OUTER, []).names == INNER.names
    assert opened_toward(OUTER, OUTER, []) == OUTER


def test_the_share_follows_what_excursions_find():
    start = excursion_share(0.15, (0, 0), (0, 0))
    assert start == pytest.approx(0.15)
    assert excursion_share(0.15, (6, 8), (4, 24)) > 0.28
    assert excursion_share(0.15, (0, 12), (15, 45)) < 0.03
    assert excursion_share(0.5, (90, 100), (1, 100)) == 0.5
    assert excursion_share(0.15, (0, 500), (250, 500)) == 0.02


def test_good_points_near_a_bound_press_on_it():
    low, high = Direction("rate", "low"), Direction("rate", "high")
    near = [{"rate": 9e-3}] * 6
    assert pressure(high, near, [], INNER, OUTER) > 0.7
    assert pressure(low, near, [], INNER, OUTER) < 0.2
    beyond = [{"rate": 0.5}] * 9
    assert pressure(high, [], beyond, INNER, OUTER) == pytest.approx(0.9)
    assert pressure(Direction("coin", "other"), [], [{"coin": False}] * 9, INNER, OUTER) > 0.8
