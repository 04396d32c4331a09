import math
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resweep.reporting.page.html import (
    Html,
    breakable,
    details,
    duration,
    duration_text,
    escape,
    figure_text,
    interval,
    join,
    number,
    percent,
    probability,
    table,
    tag,
)

quick = settings(max_examples=80, deadline=None)
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'too'"


class Reader(HTMLParser):
    """What a browser would make of a fragment: elements with their attributes, and the text."""

    def __init__(self, fragment):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(fragment)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def exact(fragment):
    """The number that stands in the attribute of a fragment."""
    ((name, attributes),) = Reader(fragment).elements
    assert name == "data"
    return float(attributes["value"])


def test_text_is_escaped_once_and_fragments_are_not():
    assert escape(escape(HOSTILE)) == escape(HOSTILE)
    assert escape(None) == ""
    assert tag("p", HOSTILE, tag("b", "x")) == f"<p>{escape(HOSTILE)}<b>x</b></p>"
    assert join(["<", Html("<br>")], " & ") == "&lt; &amp; <br>"


@quick
@given(st.text(), st.text())
def test_a_browser_reads_back_any_text_and_attribute(text, attribute):
    text = re.sub(r"\r\n?", "\n", text)  # HTML knows one kind of line end
    found = Reader(tag("p", text, title=attribute))
    assert found.elements == [("p", {"title": attribute})]
    assert found.text == text


def test_attributes():
    made = tag("a", "x", class_="k", aria_label="l", hidden=True, open=False, title=None)
    assert made == '<a class="k" aria-label="l" hidden>x</a>'
    assert tag("br") == "<br>"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.30652, "0.3065"), (-0.5, "−0.5"), (6.7e-05, "6.7e−5"), (1e-07, "1e−7"),
        (1234567.0, "1.235e6"), (12345.0, "12345"), (3, "3"), (np.int64(-3), "−3"),
        (True, "yes"), (np.False_, "no"), (None, "–"), (math.nan, "–"), (pd.NA, "–"),
        (np.float64("nan"), "–"), (math.inf, "∞"), (-math.inf, "−∞"), ("cnn", "cnn"),
    ],
)  # fmt: skip
def test_figures_for_people(value, text):
    assert figure_text(value) == text


@quick
@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15))
def test_the_exact_number_stands_behind_what_is_shown(value):
    assert exact(number(value)) == value
    if 0 <= value <= 1:
        assert exact(percent(value)) == value
        assert exact(probability(value)) == value


@quick
@given(st.floats(1e-6, 1e6), st.integers(2, 6))
def test_what_is_shown_rounds_to_the_number(value, digits):
    shown = Reader(number(value, digits)).text.replace("−", "-")
    assert float(shown) == pytest.approx(value, rel=0.51 * 10 ** (1 - digits))


def test_signs_are_shown_where_asked():
    assert Reader(number(0.25, sign=True)).text == "+0.25"
    assert Reader(number(-0.25, sign=True)).text == "−0.25"
    assert Reader(number(0.0, sign=True)).text == "0"


def test_unknown_numbers_are_dashes_without_a_value():
    for made in (number(math.nan), number(None), percent(math.nan), probability(None)):
        assert made == "–"
    assert interval(math.nan, 1.0) == interval(0.0, None) == duration(math.nan) == "–"


@pytest.mark.parametrize(
    ("p", "text"), [(1.0, "1.000"), (0.0449, "0.045"), (0.000999, "0.001"), (0.0002, "2e−4")]
)
def test_probabilities(p, text):
    assert Reader(probability(p)).text == text


def test_an_interval_has_both_ends():
    found = Reader(interval(-0.123456, 0.2))
    assert found.text == "−0.123 to 0.2"
    assert [float(a["value"]) for _, a in found.elements] == [-0.123456, 0.2]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (119.0, "119 s"), (120.0, "2 min"), (750.0, "12.5 min"),
     (3 * 3600.0, "3 h"), (47 * 3600.0, "47 h"), (10 * 86400.0, "10 d")],
)  # fmt: skip
def test_durations(seconds, text):
    assert duration_text(seconds) == text
    assert exact(duration(seconds)) == seconds


def test_a_table_names_its_file_and_heads_its_rows():
    made = table(
        ["name", "n#", ("p#", "chance")], [(HOSTILE, 3, probability(0.5))], "What", "f.csv"
    )
    found = Reader(made)
    names = [name for name, _ in found.elements]
    assert "script" not in names
    assert HOSTILE in found.text and "f.csv" in found.text
    heads = [a for name, a in found.elements if name == "th"]
    assert [a.get("scope") for a in heads] == ["col", "col", "col", "row"]
    assert heads[2]["title"] == "chance"
    assert [a["value"] for name, a in found.elements if name == "data"] == ["3", "0.5"]


def test_a_table_refuses_rows_of_another_length():
    with pytest.raises(ValueError, match="zip"):
        table(["a", "b"], [("only one",)], "What")


def test_an_empty_table_says_so():
    assert "nothing" in Reader(table(["a"], [], "What")).text


def test_details_open_on_demand():
    assert details("More", "text") == "<details><summary>More</summary>text</details>"


def test_names_break_after_an_underscore():
    assert breakable("ctx_n_<") == "ctx_<wbr>n_<wbr>&lt;"
