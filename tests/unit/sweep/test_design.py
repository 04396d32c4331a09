"""Sobol points, and the listing of all points of a discrete space."""

from itertools import islice, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spaces import spaces
from sweeps import COIN, KIND, RATE, SHIFT, SIZE, X, space

from resweep.sweep.design import points, sobol_point

quick = settings(max_examples=60, deadline=None)


def active(space, point):
    found = {}
    for param in space:
        if space.is_active(param.name, found):
            found[param.name] = param.cast(point[param.name])
    return found


@quick
@given(spaces(), st.integers(0, 100), st.integers(0, 3))
def test_sobol_points_belong_to_their_space(found, number, seed):
    found.check(active(found, sobol_point(found, seed, number)))


def test_sobol_points_follow_from_seed_and_number():
    toy = space(X, RATE, SIZE)
    assert sobol_point(toy, 1, 7) == sobol_point(toy, 1, 7)
    assert sobol_point(toy, 1, 7) != sobol_point(toy, 2, 7)
    assert sobol_point(toy, 1, 7) != sobol_point(toy, 1, 8)


@pytest.mark.parametrize("count", [8, 64])
def test_sobol_points_fill_every_part_alike(count):
    log = RATE.replace(low=1e-4, high=1.0)
    toy = space(X, log, SIZE, COIN)
    found = [sobol_point(toy, 0, number) for number in range(count)]
    assert sum(p["x"] < 0.0 for p in found) == count // 2
    assert sum(p["rate"] < 1e-2 for p in found) == count // 2
    assert sum(p["coin"] for p in found) == count // 2
    assert {sum(p["size"] == size for p in found) for size in range(1, 9)} == {count // 8}


def test_all_points_of_a_discrete_space():
    third = SHIFT.replace(type="float", low=0.0, high=1.0, step=0.25)
    toy = space(SIZE.replace(step=3), KIND, third)
    found = [tuple(point.values()) for point in points(toy, {})]
    assert sorted(found, key=str) == sorted(
        [
            *product((1, 4, 7), ("plain",)),
            *product((1, 4, 7), ("shifted",), (0.0, 0.25, 0.5, 0.75, 1.0)),
        ],
        key=str,
    )
    for point in points(toy, {}):
        toy.check(point)


def test_decided_values_are_taken_as_they_are():
    toy = space(SIZE, COIN, X)
    found = list(points(toy, {"x": 0.3, "coin": True}))
    assert found == [{"size": size, "coin": True, "x": 0.3} for size in range(1, 9)]


def test_a_continuous_parameter_has_no_list_of_values():
    assert list(points(space(SIZE, X), {})) == []


@quick
@given(spaces())
def test_listed_points_belong_to_their_space_and_differ(found):
    listed = list(islice(points(found, {}), 50))
    for point in listed:
        found.check(point)
    assert len({str(point) for point in listed}) == len(listed)
