import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from resweep.reporting.page.plot import (
    MAX_TITLES,
    Scale,
    area,
    axis_row,
    band,
    bar,
    dots,
    jitter,
    line,
    mark,
    plot,
    scatter,
    tick_text,
)

FINITE = st.floats(-1e9, 1e9, allow_nan=False)
POSITIVE = st.floats(1e-12, 1e9)
quick = settings(max_examples=80, deadline=None)


@quick
@given(st.lists(FINITE, min_size=1, max_size=8))
def test_a_scale_holds_all_its_values(values):
    scale = Scale.over(values)
    at = np.atleast_1d(scale.at(values))
    assert ((at >= 0) & (at <= 1)).all()
    assert scale.at(scale.low) == 0


@quick
@given(st.lists(POSITIVE, min_size=2, max_size=8))
def test_a_logarithmic_scale_keeps_the_order(values):
    scale = Scale.over(values, log=True)
    at = np.atleast_1d(scale.at(sorted(values)))
    assert (np.diff(at) >= 0).all() and at[0] >= 0 and at[-1] <= 1


def test_a_scale_is_not_logarithmic_where_values_are_not_positive():
    assert not Scale.over([0.0, 1.0], log=True).log


def test_unknown_values_do_not_make_a_scale():
    assert Scale.over([math.nan, 2.0, 4.0, math.inf], margin=0.5) == Scale(1.0, 5.0)
    assert Scale.over([math.nan]) == Scale.over([]) == Scale(0.0, 1.0)


def test_equal_ends_map_to_the_middle():
    assert Scale(3.0, 3.0).at(3.0) == 0.5
    assert Scale(3.0, 3.0).ticks() == [(0.5, "3")]


@quick
@given(FINITE, st.floats(1e-6, 1e9), st.integers(2, 8))
def test_ticks_are_few_in_order_and_inside(low, length, count):
    assume(length > 1e-6 * abs(low))  # closer ends are hardly told apart by texts of six digits
    ticks = Scale(low, low + length).ticks(count)
    at = [place for place, _ in ticks]
    assert 1 <= len(ticks) <= 1.34 * count + 2
    assert at == sorted(at) and all(-1e-6 <= place <= 1 + 1e-6 for place in at)


@quick
@given(st.integers(-50, 50), st.integers(1, 30))
def test_ticks_of_whole_numbers_are_whole(low, length):
    ticks = Scale(low, low + length, whole=True).ticks(5)
    assert ticks and all(float(text.replace("−", "-")).is_integer() for _, text in ticks)


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (1e-7, 0.1, ["1e−7", "1e−5", "0.001", "0.1"]),
        (5e-5, 0.01, ["1e−4", "0.001", "0.01"]),
        (1.0, 1e6, ["1", "100", "10000", "1e6"]),
    ],
)
def test_ticks_of_decades(low, high, texts):
    assert [text for _, text in Scale(low, high, log=True).ticks(4)] == texts


def test_ticks_within_one_decade():
    texts = [text for _, text in Scale(2.0, 9.0, log=True).ticks(4)]
    assert texts == ["2", "3", "5"]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (0.25, "0.25"), (-3.0, "−3"), (2.5e-4, "2.5e−4"), (2e6, "2e6")]
)
def test_tick_texts(value, text):
    assert tick_text(value) == text


def test_dots_and_lines_pass_over_what_is_unknown():
    assert dots([0.0, math.nan, 1.0], [0.0, 0.5, 1.0]).count("M") == 2
    broken = line([0.0, 0.2, 0.4, 0.6], [0.0, math.nan, 0.4, 0.6])
    assert broken.count("M") == 2 and broken.count("L") == 1
    assert dots([math.nan], [0.0]) == line([], []) == mark(math.nan, 0.5, "elite", "t") == ""


def test_pictures_grow_upward():
    assert 'd="M0 1000L1000 0"' in line([0, 1], [0, 1])
    assert 'd="M0 1000H1000V0"' in line([0, 1], [0, 1], step=True)
    assert 'cy="25%"' in mark(0.5, 0.75, "elite", "t")


def test_a_bar_is_seen_however_short():
    assert 'width="1"' in bar(0.5, 0.5, 0.0, 1.0, "k")
    assert bar(0.7, 0.2, 0.0, 1.0, "k") == bar(0.2, 0.7, 0.0, 1.0, "k")


def test_jitter_is_the_same_at_every_call_and_spread():
    assert (jitter(50) == jitter(50)).all()
    assert (jitter(10) == jitter(50)[:10]).all()
    assert np.histogram(jitter(100), bins=10, range=(-1, 1))[0].min() >= 8


def test_labels_at_the_ends_stay_inside():
    row = axis_row([(0.0, "0%"), (0.1, "as the rest"), (0.5, "50%"), (1.0, "100%")])
    assert row.count('class="first"') == 2 and row.count('class="last"') == 1


def test_axes_outside_the_picture_are_left_out():
    drawn = plot("", x_ticks=[(-0.5, "left"), (0.5, "in")], y_ticks=[(1.5, "above")])
    assert "in" in drawn and "left</span>" not in drawn and "above" not in drawn


def test_very_many_marks_become_one_path():
    few, many = np.linspace(0, 1, 300), np.linspace(0, 1, 301)
    plain, marks = scatter(few, few, "elite", ["t"] * 300)
    assert plain == [] and len(marks) == 300 and "<title>t</title>" in marks[0]
    plain, marks = scatter(many, many, "elite", ["t"] * 301)
    assert marks == [] and plain[0].count("M") == 301 and 'class="dots elite"' in plain[0]


def test_dots_carry_the_titles_of_those_that_are_drawn():
    found = dots([0.1, math.nan, 0.9], [0.5, 0.5, 0.5], titles=["a", "b", "c<"])
    assert 'd="M100 500h0M900 500h0"' in found and 'data-titles="a\nc&lt;"' in found
    assert "data-titles" not in dots([0.1], [0.5])
    many = [0.5] * (MAX_TITLES + 1)
    assert "data-titles" not in dots(many, many, titles=["a"] * len(many))


def test_a_band_goes_there_and_back():
    assert 'd="M0 200L1000 300L1000 500L0 400Z"' in band([0, 1], [0.6, 0.5], [0.8, 0.7])
    assert band([], [], []) == ""


def test_only_a_picture_with_scales_can_be_zoomed():
    picture, scale = area([], label="nothing"), Scale(0.0, 40.0)
    assert 'data-x="0.0 40.0" data-y="0.1 0.5"' in plot(picture, zoom=(scale, Scale(0.1, 0.5)))
    assert "data-x" not in plot(picture)
