"""Cells of a ledger's table: from values to text, and back."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd

from resweep.errors import InputError
from resweep.space.parameter import Parameter

UNKNOWN = object()
"""Stands for text that is none of the choices."""


def as_number(text: str, where: str, column: str) -> float:
    """Return a number, or raise InputError naming place and column."""
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{column} {text!r} is not a number", where=where) from None


def parse_value(param: Parameter, text: str, where: str) -> Any:
    """Return the value that `text` in a table means for `param`.

    Raises
    ------
    InputError
        If it is not a number where one is needed, or not one of the choices.
    """
    if param.choices is not None:
        choice = parse_choice(text, param.choices)
        if choice is UNKNOWN:
            raise InputError(
                f"{text!r} is not one of {list(param.choices)}",
                where=where,
                mend="use the space that this sweep was run with",
            )
        return choice
    value = as_number(text, where, "value")
    return int(value) if param.type == "int" and value == int(value) else value


def parse_choice(text: str, choices: tuple[Any, ...]) -> Any:
    """Return the choice that a text means, or :data:`UNKNOWN`."""
    for choice in choices:
        if text == str(choice):
            return choice
        if isinstance(choice, bool) and text.lower() == str(choice).lower():
            return choice
    if text != text.strip() and (choice := parse_choice(text.strip(), choices)) is not UNKNOWN:
        return choice
    for choice in choices:  # pandas writes an integer column with gaps as floats
        if isinstance(choice, int | float) and not isinstance(choice, bool):
            try:
                if float(text) == choice:
                    return choice
            except ValueError:
                continue
    return UNKNOWN


def absent(value: Any) -> bool:
    """Whether a cell of a table holds nothing."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def typed(param: Parameter, values: list[Any]) -> pd.Series:
    """Return the column of a parameter: floats with NaN, or objects with None."""
    if param.is_numeric:
        return pd.Series([math.nan if v is None else float(v) for v in values], dtype=float)
    return pd.Series(values, dtype=object)


def attribute_text(value: Any) -> str:
    """Return the text of a user attribute; what has parts becomes JSON."""
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, separators=(",", ":"), sort_keys=True)
    return cell_text(value)


def cell_text(value: Any, integer: bool = False) -> str:
    """Return the text of a value; floats so that reading them gives the same bits."""
    if absent(value):
        return ""
    if integer:
        return str(int(value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    return str(value)


def inferred(values: list[str]) -> pd.Series:
    """Return a column as numbers if writing them back gives the same text, else as text."""
    present = [v for v in values if v != ""]
    for kind in (int, float):
        try:
            numbers = [kind(v) for v in present]
        except ValueError:
            continue
        if all(repr(n) == v and abs(n) < 2**53 for n, v in zip(numbers, present, strict=True)):
            if kind is int and len(present) == len(values):
                return pd.Series(numbers, dtype="int64")
            if kind is int:
                return pd.Series([None if v == "" else int(v) for v in values], dtype="Int64")
            return pd.Series([math.nan if v == "" else float(v) for v in values], dtype=float)
    return pd.Series([None if v == "" else v for v in values], dtype=object)
