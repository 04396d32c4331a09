"""HTML fragments: text is escaped unless it is already a fragment."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from resweep import words

VOID = {"br", "hr", "img", "input", "link", "meta"}


class Html(str):
    """A piece of HTML; everything else is text and is escaped."""

    __slots__ = ()


def escape(value: Any) -> Html:
    """Return `value` as HTML; fragments as they are, ``None`` as nothing."""
    if isinstance(value, Html):
        return value
    return Html("" if value is None else html.escape(str(value), quote=True))


def join(parts: Iterable[Any], between: str = "") -> Html:
    """Return `parts` one after the other, each escaped."""
    return Html(str(escape(between)).join(escape(part) for part in parts))


def tag(name: str, /, *children: Any, **attributes: Any) -> Html:
    """Return an element.

    Parameters
    ----------
    name : str
        Name of the element.
    *children
        Text (escaped) or fragments.
    **attributes
        Underscores become hyphens, a trailing one is dropped (``class_``); ``None`` and ``False``
        leave the attribute out, ``True`` writes it without a value.
    """
    pieces = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        pieces.append(key if value is True else f'{key}="{html.escape(str(value), quote=True)}"')
    opening = f"<{' '.join(pieces)}>"
    return Html(opening if name in VOID else f"{opening}{join(children)}</{name}>")


def number(value: Any, digits: int = words.DIGITS, sign: bool = False) -> Html:
    """Return a number whose exact value stands in the attribute ``value`` of its element."""
    text = words.number(value, digits, sign)
    finite = not isinstance(value, str) and value is not None and value is not pd.NA
    if not finite or not np.isfinite(value):
        return escape(text)
    return tag("data", text, value=_exact(value))


def _exact(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    return str(int(value)) if isinstance(value, int | np.integer) else repr(float(value))


def probability(p: Any) -> Html:
    """Return a p-value or a q-value, the exact one in its element."""
    return escape(words.UNKNOWN) if words.unknown(p) else _data(words.probability(p), p)


def percent(share: Any, decimals: int = 0) -> Html:
    """Return a share as a percentage, the exact share in its element."""
    text = words.percent(share, decimals)
    return escape(text) if words.unknown(share) else _data(text, share)


def duration(seconds: float | None) -> Html:
    """Return a time in the largest unit of which there are two or more; a dash if unknown."""
    text = words.duration(seconds)
    return escape(text) if text == words.UNKNOWN else _data(text, seconds)


def _data(text: str, value: Any) -> Html:
    return tag("data", text, value=repr(float(value)))


def interval(low: Any, high: Any) -> Html:
    """Return ``low to high``, or a dash where there is no interval."""
    if words.unknown(low) or words.unknown(high):
        return escape(words.UNKNOWN)
    return join([number(low, 3), " to ", number(high, 3)])


def table(
    headings: Sequence[str | Sequence[str]],
    rows: Iterable[Sequence[Any]],
    caption: str,
    source: str | None = None,
) -> Html:
    """Return a table that scrolls in a container of its own.

    Parameters
    ----------
    headings : sequence
        Heading of each column, or (heading, what it means); one that ends in ``#`` heads numbers.
    rows : iterable of sequences
        Cells: text, numbers or fragments. The first cell of a row heads it.
    caption : str
        What the table shows.
    source : str, optional
        The file that holds these figures in full.
    """
    heads, numeric = [], []
    for heading in headings:
        title, meaning = (heading, None) if isinstance(heading, str) else heading
        numeric.append(title.endswith("#"))
        kind = "n" if numeric[-1] else None
        heads.append(tag("th", title.rstrip("#"), scope="col", class_=kind, title=meaning))
    body = []
    for row in rows:
        cells = []
        for place, (cell, right) in enumerate(zip(row, numeric, strict=True)):
            plain = isinstance(cell, str) or cell is None
            content = cell if plain else number(cell)
            kind = "n" if right else None
            cells.append(
                tag("td", content, class_=kind)
                if place
                else tag("th", content, scope="row", class_=kind)
            )
        body.append(tag("tr", *cells))
    if not body:
        body = [tag("tr", tag("td", "nothing", colspan=len(heads)))]
    origin = [" — ", tag("code", source)] if source else []
    inner = tag(
        "table",
        tag("caption", caption, *origin),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *body),
    )
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def details(summary: Any, *children: Any, **attributes: Any) -> Html:
    """Return content that opens on demand, by mouse and by keyboard."""
    return tag("details", tag("summary", summary), *children, **attributes)


def paragraph(*children: Any, class_: str | None = None) -> Html:
    """Return a paragraph."""
    return tag("p", *children, class_=class_)


def breakable(name: str) -> Html:
    """Return a name that may be broken after an underscore, and nowhere else."""
    return join(name.split("_"), Html("_<wbr>"))


def code(value: Any) -> Html:
    """Return a name or a command as code."""
    return tag("code", value)


def note(*children: Any) -> Html:
    """Return a quiet remark."""
    return paragraph(*children, class_="note")
