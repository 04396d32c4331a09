"""How the parts of a page become HTML: templates, and numbers, tables and pictures in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from resweep import words
from resweep.reporting.charts.render import fluid
from resweep.reporting.charts.style import Chart

DATA = Markup('<data value="{}">{}</data>')
CODE = Markup("<code>{}</code>")


def render(template: str, **context: Any) -> Markup:
    """Return a template of this package, filled in; text is escaped unless it is markup."""
    return Markup(_environment().get_template(f"{template}.html.j2").render(context))


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("resweep.reporting.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (number, percent, probability, interval, duration, code, cell, breakable)
    found.filters |= {one.__name__: one for one in filters}
    return found


def number(value: Any, digits: int = words.DIGITS, sign: bool = False) -> Markup:
    """Return a number whose exact value stands in the attribute ``value`` of its element."""
    text = words.number(value, digits, sign)
    finite = not isinstance(value, str) and value is not None and value is not pd.NA
    if not finite or not np.isfinite(value):
        return escape(text)
    return DATA.format(_exact(value), text)


def _exact(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    return str(int(value)) if isinstance(value, int | np.integer) else repr(float(value))


def probability(p: Any) -> Markup:
    """Return a p-value or a q-value, the exact one in its element."""
    return _data(words.UNKNOWN if words.unknown(p) else words.probability(p), p)


def percent(share: Any, decimals: int = 0) -> Markup:
    """Return a share as a percentage, the exact share in its element."""
    return _data(words.percent(share, decimals), share)


def duration(seconds: float | None) -> Markup:
    """Return a time in the largest unit of which there are two or more; a dash if unknown."""
    return _data(words.duration(seconds), seconds)


def _data(text: str, value: Any) -> Markup:
    unknown = text == words.UNKNOWN or words.unknown(value)
    return escape(text) if unknown else DATA.format(repr(float(value)), text)


def interval(low: Any, high: Any) -> Markup:
    """Return ``low to high``, or a dash where there is no interval."""
    if words.unknown(low) or words.unknown(high):
        return escape(words.UNKNOWN)
    return Markup("{} to {}").format(number(low, 3), number(high, 3))


def code(value: Any) -> Markup:
    """Return a name or a command as code."""
    return CODE.format(value)


def codes(names: Iterable[Any]) -> Markup:
    """Return names as code, between commas."""
    return Markup(", ").join(map(code, names))


def breakable(name: str) -> Markup:
    """Return a name that may be broken after an underscore, and nowhere else."""
    return Markup("_<wbr>").join(name.split("_"))


def cell(value: Any) -> Markup:
    """Return what stands in a cell of a table: text and markup as they are, else a number."""
    return escape("" if value is None else value) if _plain(value) else number(value)


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, str)


@dataclass(frozen=True)
class Table:
    """A table that scrolls in a container of its own.

    Attributes
    ----------
    headings : sequence
        Heading of each column, or (heading, what it means); one that ends in ``#`` heads numbers.
    rows : sequence of sequences
        Cells: text, numbers or markup. The first cell of a row heads it.
    caption : str
        What the table shows.
    source : str, optional
        The file that holds these figures in full.
    """

    headings: Sequence[str | Sequence[str]]
    rows: Sequence[Sequence[Any]]
    caption: str
    source: str | None = None

    @property
    def heads(self) -> list[dict[str, Any]]:
        """Each column's ``title``, ``meaning`` (or None), and whether it holds ``numbers``."""
        pairs = [(h, None) if isinstance(h, str) else (h[0], h[1]) for h in self.headings]
        return [
            {"title": title.rstrip("#"), "meaning": meaning, "numbers": title.endswith("#")}
            for title, meaning in pairs
        ]


@dataclass(frozen=True)
class Picture:
    """A chart on a page, drawn by its script.

    Attributes
    ----------
    spec : str
        Its Vega-Lite definition as JSON.
    label : str
        What a person who does not see it should know.
    axes : tuple of str
        Of parallel coordinates: those that can be brushed, by name.
    """

    spec: Markup
    label: str
    axes: tuple[str, ...] = ()


def picture(chart: Chart, label: str, legend: bool = True, axes: Sequence[str] = ()) -> Picture:
    """Return a chart as the page shows it (`resweep.reporting.charts.render.fluid`)."""
    spec = json.dumps(fluid(chart, label, legend), separators=(",", ":"), ensure_ascii=False)
    for sign in "<>&":  # no text of a chart ends its element
        spec = spec.replace(sign, f"\\u{ord(sign):04x}")
    return Picture(Markup(spec), label, tuple(axes))
