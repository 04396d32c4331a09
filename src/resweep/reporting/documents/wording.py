"""How documents say figures: short, with their uncertainty, and never surer than the test."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from resweep.words import describe_value

SIGNIFICANT = 0.10  # q below which a parameter counts as told from noise
UNKNOWN = "–"


def number(value: Any, digits: int = 4, sign: bool = False) -> str:
    """Return a number with some significant digits and a true minus; a dash for the unknown."""
    if value is None or pd.isna(value):
        return UNKNOWN
    value = float(value)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    plus = "+" if sign else ""
    text = f"{value:{plus}.{digits}g}"
    if "e" not in text and value == int(value) and abs(value) < 10**digits:
        text = f"{value:{plus}.0f}"
    return text.replace("-", "−") if "e" not in text else text


def whole(value: Any) -> str:
    """Return a count, rounded; a dash for the unknown or the infinite."""
    known = value is not None and not pd.isna(value) and math.isfinite(value)
    return f"{round(float(value))}" if known else UNKNOWN


def interval(low: Any, high: Any, digits: int = 3, sign: bool = False) -> str:
    """Return ``low to high``; a dash where it is unknown."""
    if pd.isna(low) or pd.isna(high):
        return UNKNOWN
    return f"{number(low, digits, sign)} to {number(high, digits, sign)}"


def with_interval(value: Any, low: Any, high: Any, digits: int = 3, sign: bool = False) -> str:
    """Return an estimate with its 95% interval in brackets."""
    ends = interval(low, high, digits, sign)
    shown = number(value, digits, sign)
    return f"{shown} ({ends})" if ends != UNKNOWN else f"{shown} (interval unknown)"


def probability(p: Any) -> str:
    """Return a p or a q with three decimals."""
    if p is None or pd.isna(p):
        return UNKNOWN
    return f"{p:.3f}" if p >= 0.001 else "<0.001"


def percent(share: Any) -> str:
    """Return a share in percent."""
    return UNKNOWN if share is None or pd.isna(share) else f"{float(share):.0%}"


def counted(n: Any, noun: str, plural: str = "") -> str:
    """Return ``1 trial`` or ``2 trials``."""
    return f"{int(n)} {noun if int(n) == 1 else plural or noun + 's'}"


def listing(names: Iterable[Any], last: str = "and") -> str:
    """Return ``a, b and c``."""
    names = [str(name) for name in names]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def code(text: Any) -> str:
    """Return text as Markdown code."""
    return f"`{text}`"


def value(given: Any) -> str:
    """Return a parameter's value as people write it, whatever a table made of it."""
    text = str(given)
    if text in ("True", "False"):
        return text.lower()
    return describe_value(given) if isinstance(given, int | float) else text


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return a table as lines of Markdown; cells are texts."""
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    return lines + ["| " + " | ".join(_cell(c) for c in row) + " |" for row in rows]


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def source(*files: str) -> str:
    """Say which tables figures come from."""
    return f"*From {listing(code(file) for file in files)}.*"


def document(*parts: str | Sequence[str]) -> str:
    """Return parts (paragraphs, or lists of lines) as one text, with blank lines between them."""
    texts = ["\n".join(part) if not isinstance(part, str) else part for part in parts]
    return "\n\n".join(text for text in texts if text) + "\n"
