"""Numbers in words: short, true to the number, and a dash where there is none."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resweep import words

quick = settings(max_examples=80, deadline=None)
MISSING = [None, math.nan, np.float64("nan"), np.float32("nan"), pd.NA, pd.NaT]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.30652, "0.3065"), (-0.5, "−0.5"), (6.7e-05, "6.7e−5"), (1e-07, "1e−7"),
        (1234567.0, "1.235e6"), (12345.0, "12345"), (3, "3"), (np.int64(-3), "−3"),
        (123456789, "123456789"), (2.0, "2"), (np.float32(0.5), "0.5"),
        (True, "yes"), (np.False_, "no"), (math.inf, "∞"), (-math.inf, "−∞"), ("cnn", "cnn"),
    ],
)  # fmt: skip
def test_numbers(value, text):
    assert words.number(value) == text


@pytest.mark.parametrize("value", MISSING)
def test_what_is_missing_is_a_dash(value):
    assert words.unknown(value)
    for say in (words.number, words.whole, words.probability, words.percent, words.duration):
        assert say(value) == words.UNKNOWN
    assert words.interval(value, 1.0) == words.interval(0.0, value) == words.UNKNOWN
    assert words.with_interval(0.5, value, 1.0) == "0.5 (interval unknown)"


@pytest.mark.parametrize("value", [0, 0.0, False, "", math.inf, np.bool_(False)])
def test_what_is_nothing_is_not_missing(value):
    assert not words.unknown(value)


@quick
@given(st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-9), st.integers(2, 6))
def test_what_is_shown_rounds_to_the_number(value, digits):
    shown = float(words.number(value, digits).replace("−", "-"))
    assert shown == pytest.approx(value, rel=0.51 * 10 ** (1 - digits))


def test_signs_are_shown_where_asked():
    shown = [words.number(x, sign=True) for x in (0.25, -0.25, 0.0, 3, math.inf)]
    assert shown == ["+0.25", "−0.25", "0", "+3", "+∞"]


@pytest.mark.parametrize(
    ("p", "text"),
    [(1.0, "1.000"), (0.0449, "0.045"), (0.0005, "0.001"), (0.0004, "<0.001"), (0.0, "<0.001")],
)
def test_a_probability_is_never_zero(p, text):
    assert words.probability(p) == text


def test_p_and_q_in_brackets():
    assert words.tested(0.012, 1e-9) == " (p 0.012, q <0.001)"
    assert words.tested(0.5) == " (p 0.500)" and words.tested(q=math.nan) == " (q –)"


def test_intervals():
    assert words.interval(-0.123456, 0.2) == "−0.123 to 0.2"
    assert words.interval(-0.1, 0.25, 2, sign=True) == "−0.1 to +0.25"
    assert words.with_interval(0.12345, 0.1, 0.2) == "0.123 (0.1 to 0.2)"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (119.0, "119 s"), (120.0, "2 min"), (750.0, "12.5 min"),
     (3 * 3600.0, "3 h"), (47 * 3600.0, "47 h"), (10 * 86400.0, "10 d"), (math.inf, "–")],
)  # fmt: skip
def test_durations(seconds, text):
    assert words.duration(seconds) == text


def test_counts_and_lists():
    assert words.counted(1, "trial") == "1 trial" and words.counted(0, "trial") == "0 trials"
    assert words.counted(2, "study", "studies") == "2 studies"
    assert words.listing("abc") == "a, b and c" and words.listing("ab", "or") == "a or b"
    assert words.listing(["a"]) == "a" and words.listing([]) == ""
    assert words.whole(2.5001) == "3" and words.whole(math.inf) == "–"
    assert words.percent(0.256) == "26%" and words.percent(0.256, 1) == "25.6%"


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (np.False_, "false"), (0.001, "0.001"), (1e-05, "1e-05"), (3, "3"),
     (None, "None"), ("cnn", "cnn"), (0.1 + 0.2, "0.3")],
)  # fmt: skip
def test_values_are_written_as_in_yaml(value, text):
    assert words.describe_value(value) == words.describe_cell(value) == text


def test_a_table_makes_text_of_booleans():
    assert words.describe_cell("True") == "true" and words.describe_value("True") == "True"
