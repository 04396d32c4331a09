import json
import math
import re
from html.parser import HTMLParser

import pytest
import studies
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import escape

from resweep.ledger.points import points
from resweep.reporting.charts.parameters import isolation
from resweep.reporting.page.render import (
    Table,
    breakable,
    cell,
    code,
    duration,
    interval,
    number,
    percent,
    picture,
    probability,
    render,
)

quick = settings(max_examples=80, deadline=None)
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'too'"


class Reader(HTMLParser):
    """What a browser would make of a fragment: elements with their attributes, and the text."""

    def __init__(self, fragment):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(str(fragment))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += str(data)


def exact(fragment):
    """The number that stands in the attribute of a fragment."""
    ((name, attributes),) = Reader(fragment).elements
    assert name == "data"
    return float(attributes["value"])


def laid_out(table):
    return render("sections/latest", numbers=table)


def test_text_is_escaped_once_and_markup_is_not():
    assert cell(cell(HOSTILE)) == cell(HOSTILE) == escape(HOSTILE)
    assert cell(None) == ""
    assert code(HOSTILE) == f"<code>{escape(HOSTILE)}</code>"
    assert cell(code("x")) == "<code>x</code>" and Reader(cell(3)).text == "3"


@quick
@given(st.text())
def test_a_browser_reads_back_any_text(text):
    text = re.sub(r"\r\n?", "\n", text)  # HTML knows one kind of line end
    found = Reader(laid_out(Table(["a"], [(text,)], text)))
    assert text in found.text
    assert [a["aria-label"] for _, a in found.elements if "aria-label" in a] == [text]


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
    headings = ["name", "n#", ("p#", "chance")]
    made = laid_out(Table(headings, [(HOSTILE, 3, probability(0.5))], "What", "f.csv"))
    found = Reader(made)
    names = [name for name, _ in found.elements]
    assert "script" not in names
    assert HOSTILE in found.text and "f.csv" in found.text
    heads = [a for name, a in found.elements if name == "th"]
    assert [a.get("scope") for a in heads] == ["col", "col", "col", "row"]
    assert heads[2]["title"] == "chance"
    cells = [a.get("class") for name, a in found.elements if name in ("th", "td")]
    assert cells == [None, "n", "n", None, "n", "n"]
    assert [a["value"] for name, a in found.elements if name == "data"] == ["3", "0.5"]


def test_a_table_refuses_rows_of_another_length():
    with pytest.raises(UndefinedError):
        laid_out(Table(["a", "b"], [("only one",)], "What"))


def test_what_a_template_needs_must_be_given():
    with pytest.raises(UndefinedError):
        render("section")


def test_an_empty_table_says_so():
    assert "nothing" in Reader(laid_out(Table(["a"], [], "What"))).text


def test_names_break_after_an_underscore():
    assert breakable("ctx_n_<") == "ctx_<wbr>n_<wbr>&lt;"


def test_a_chart_cannot_leave_its_element():
    odd = studies.POOL.replace(name="</script><b>&", choices=("a", "b"))
    values = ["a", "b"] * 6
    ledger = studies.ledger(studies.space(odd), list(range(12)), **{odd.name: values})
    made = picture(isolation(odd, points(ledger)), "a label")
    assert not set("<>&") & set(made.spec)
    assert json.loads(made.spec)["description"] == "a label"
    assert odd.name in json.dumps(json.loads(made.spec))
