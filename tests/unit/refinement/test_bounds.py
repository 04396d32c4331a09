import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resweep.refinement.bounds import grown, halfway, natural_limits, rounded_range
from resweep.space.parameter import Parameter

LOG = Parameter("lr", "float", 5e-5, 1e-2, log=True, limits=(1e-6, 0.1))
LINEAR = Parameter("width", "float", 0.5, 3.0, limits=(0.25, 5.0))
INT = Parameter("depth", "int", 2, 6, limits=(1, 10))


@pytest.mark.parametrize(
    ("parameter", "low", "high", "expected"),
    [
        (LOG, 5.15e-5, 3.25e-4, (5e-5, 3.5e-4)),
        (LOG, 1.1e-4, 8.9e-3, (1e-4, 1e-2)),
        (LINEAR, 0.815, 2.9, (0.8, 3.0)),
        (INT, 2.6, 4.2, (2, 5)),
        (Parameter("n", "int", 0, 1000), 113, 871, (100, 900)),
        (Parameter("x", "float", -1.0, 1.0), -0.37, 0.22, (-0.4, 0.25)),
        (Parameter("s", "float", 0.0, 1.0, step=0.25), 0.3, 0.6, (0.25, 0.75)),
    ],
)
def test_ranges_are_rounded_outward_to_numbers_people_write(parameter, low, high, expected):
    within = (float(parameter.low), float(parameter.high))
    assert rounded_range(parameter, low, high, within) == pytest.approx(expected)


@given(st.floats(1e-4, 9e-3), st.floats(1.01, 50))
def test_rounding_never_cuts_and_never_leaves_the_range(low, ratio):
    high = min(low * ratio, 1e-2)
    new_low, new_high = rounded_range(LOG, low, high, (5e-5, 1e-2))
    assert 5e-5 <= new_low <= low * (1 + 1e-9)
    assert high * (1 - 1e-9) <= new_high <= 1e-2


@given(st.floats(0.5, 2.9), st.floats(0.001, 2.0))
def test_linear_rounding_adds_at_most_a_fifth(low, span):
    high = min(low + span, 3.0)
    new_low, new_high = rounded_range(LINEAR, low, high, (0.5, 3.0))
    assert new_low <= low + 1e-9 and new_high >= high - 1e-9
    assert new_high - new_low <= 1.2 * (high - low) + 1e-9


def test_types_are_kept():
    assert all(isinstance(v, int) for v in rounded_range(INT, 2.2, 3.1, (2, 6)))
    assert all(isinstance(v, float) for v in rounded_range(LINEAR, 1, 2, (0.5, 3)))


def test_a_linear_bound_grows_by_its_own_size():
    assert grown(LINEAR, "high", 5 / 3) == pytest.approx(5.0)
    assert grown(INT, "high", 5 / 3) == pytest.approx(10.0)
    assert grown(LINEAR, "low", 5 / 3) == pytest.approx(0.3)


def test_a_logarithmic_range_grows_in_log_units():
    wide = math.log(1e-2 / 5e-5)
    assert math.log(grown(LOG, "high", 5 / 3) / 5e-5) == pytest.approx(wide * 5 / 3)
    assert math.log(1e-2 / grown(LOG, "low", 5 / 3)) == pytest.approx(wide * 5 / 3)


def test_bounds_at_or_below_zero_still_grow_outward():
    centred = Parameter("x", "float", -1.0, 0.0)
    assert grown(centred, "low", 1.5) < -1
    assert grown(centred, "high", 1.5) == pytest.approx(0.5)
    assert grown(Parameter("x", "float", 0.0, 0.2), "low", 1.5) == pytest.approx(-0.1)


def test_half_way_is_taken_in_log_units_where_log():
    assert halfway(INT, "low", 4) == 3
    assert halfway(LOG, "low", 5e-3) == pytest.approx(5e-4)


@pytest.mark.parametrize(
    ("low", "high", "more", "limits"),
    [
        (100.0, 110.0, {}, (95.0, 115.0)),
        (1.0, 11.0, {}, (0.5, 16.0)),
        (-11.0, -1.0, {}, (-16.0, -0.5)),
        (0.0, 10.0, {}, (0.0, 15.0)),
        (0.1, 0.5, {}, (0.05, 0.75)),
        (1.0, 100.0, {"log": True}, (0.1, 1000.0)),
        (-2.0, 2.0, {}, (-4.0, 4.0)),
    ],
)
def test_natural_limits_grow_by_half_and_stay_on_their_side_of_zero(low, high, more, limits):
    assert natural_limits(Parameter("x", "float", low, high, **more)) == pytest.approx(limits)
