"""Numbers, intervals, p-values and parameter values in words: the one place for all that is read.

A number is short (four digits), has a true minus, and is a dash where it is unknown. Tables for
machines do not come here: they hold every digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

FAILED, INFEASIBLE = "failed", "infeasible"  # what may become of a trial besides a value
UNKNOWN = "–"
DIGITS = 4
WHOLE = 1e6  # whole numbers below it are written in full
LEAST_P = 0.0005  # below it three decimals would be zeros


def describe_value(value: Any) -> str:
    """Return a parameter's value as people write it in YAML (``true``, ``0.001``, ``1e-05``)."""
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def describe_cell(cell: Any) -> str:
    """Return a parameter's value as people write it, whatever a table made of it."""
    return cell.lower() if cell in ("True", "False") else describe_value(cell)


def unknown(value: Any) -> bool:
    """Whether a value is missing: None, NaN or a pandas NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return bool(value != value)


def number(value: Any, digits: int = DIGITS, sign: bool = False) -> str:
    """Return a number for a person.

    Parameters
    ----------
    value : float, int or bool
        A bool is ``yes`` or ``no``, what is no number is written as it is.
    digits : int
        Significant digits of what is not whole.
    sign : bool
        Whether a number above zero has a plus.
    """
    if unknown(value):
        return UNKNOWN
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "yes" if value else "no"
    if isinstance(value, str) or not hasattr(value, "__float__"):
        return str(value)
    plus = "+" if sign and value > 0 else ""
    if math.isinf(value):
        return f"{plus}∞" if value > 0 else "−∞"
    if isinstance(value, int) or hasattr(value, "__index__"):
        text = str(int(value))
    elif value == int(value) and abs(value) < WHOLE:
        text = f"{int(value)}"
    else:
        mantissa, e, exponent = f"{float(value):.{digits}g}".partition("e")
        text = f"{mantissa}e{int(exponent)}" if e else mantissa
    return plus + text.replace("-", "−")


def whole(value: Any) -> str:
    """Return a count, rounded; a dash for the unknown and the infinite."""
    known = not unknown(value) and math.isfinite(value)
    return f"{round(float(value))}" if known else UNKNOWN


def interval(low: Any, high: Any, digits: int = 3, sign: bool = False) -> str:
    """Return ``low to high``; a dash where either end is unknown.

    Parameters
    ----------
    low, high : float
    digits, sign
        As `number`, for both ends.
    """
    if unknown(low) or unknown(high):
        return UNKNOWN
    return f"{number(low, digits, sign)} to {number(high, digits, sign)}"


def with_interval(value: Any, low: Any, high: Any, digits: int = 3, sign: bool = False) -> str:
    """Return an estimate with its 95% interval in brackets.

    Parameters
    ----------
    value, low, high : float
        The estimate and the ends of its interval, in one unit.
    digits, sign
        As `number`, for all three.
    """
    ends = interval(low, high, digits, sign)
    shown = number(value, digits, sign)
    return f"{shown} ({ends})" if ends != UNKNOWN else f"{shown} (interval unknown)"


def probability(p: Any) -> str:
    """Return a p-value or a q-value: three decimals, or that it is below them."""
    if unknown(p):
        return UNKNOWN
    return f"{p:.3f}" if p >= LEAST_P else "<0.001"


def probability_of(chance: Any) -> str:
    """Return the probability of something: two decimals, or beyond which it is."""
    if unknown(chance):
        return UNKNOWN
    return ">0.99" if chance > 0.99 else "<0.01" if chance < 0.01 else f"{chance:.2f}"


def tested(p: Any = None, q: Any = None) -> str:
    """Return a p-value, a q-value or both in brackets, after a blank: `` (p 0.012, q 0.034)``."""
    known = [f"{name} {probability(x)}" for name, x in (("p", p), ("q", q)) if x is not None]
    return f" ({', '.join(known)})"


def percent(share: Any, decimals: int = 0) -> str:
    """Return a share in percent."""
    return UNKNOWN if unknown(share) else f"{float(share):.{decimals}%}"


def duration(seconds: Any) -> str:
    """Return a time in the largest unit of which there are two or more, e.g. ``12.5 min``."""
    if unknown(seconds) or not math.isfinite(seconds):
        return UNKNOWN
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{number(seconds / size, 3)} {unit}"
    return f"{number(float(seconds), 3)} s"


def counted(n: Any, noun: str, plural: str = "") -> str:
    """Return ``1 trial`` or ``2 trials``.

    Parameters
    ----------
    n : int
    noun : str
        What is counted, in the singular.
    plural : str
        Its plural, unless an s makes it.
    """
    return f"{int(n)} {noun if int(n) == 1 else plural or noun + 's'}"


def listing(names: Iterable[Any], last: str = "and") -> str:
    """Return ``a, b and c``.

    Parameters
    ----------
    names : iterable
    last : str
        The word before the last one.
    """
    words = [str(name) for name in names]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
