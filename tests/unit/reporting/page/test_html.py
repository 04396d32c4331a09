import math
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resweep.reporting.page.html import (
    Html,
    breakable,
    details,
    duration,
    escape,
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


@quick
@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15))
def test_the_exact_number_stands_behind_what_is_shown(value):
    assert exact(number(value)) == value
    if 0 <= value <= 1:
        assert exact(percent(value)) == value
        assert exact(probability(value)) == value
        assert exact(duration(value)) == value


def test_unknown_numbers_are_dashes_without_a_value():
    for made in (number(math.nan), number(None), percent(math.nan), probability(None)):
        assert made == "–"
    assert interval(math.nan, 1.0) == interval(0.0, None) == duration(math.nan) == "–"


def test_an_interval_has_both_ends():
    found = Reader(interval(-0.123456, 0.2))
    assert found.text == "−0.123 to 0.2"
    assert [float(a["value"]) for _, a in found.elements] == [-0.123456, 0.2]


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
