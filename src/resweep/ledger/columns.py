"""Columns: the values of one parameter over a table of points or trials, on a common scale."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.space.model import Space
from resweep.space.parameter import Parameter


@dataclass(frozen=True)
class Column:
    """One parameter over the points.

    Attributes
    ----------
    parameter
        Its specification.
    active
        Where it was active, shape (points,).
    x
        Its values there, shape (active points,): position in 0..1 between the bounds (in log
        units where the parameter is logarithmic) for a number, position of the step in 0..1 for a
        ladder, index of the choice for any other categorical.
    """

    parameter: Parameter
    active: NDArray[np.bool_]
    x: NDArray[np.float64]

    @property
    def name(self) -> str:
        """Name of the parameter."""
        return self.parameter.name

    @property
    def has_order(self) -> bool:
        """Whether "more" means something: numbers and ladders."""
        return self.parameter.is_numeric or self.parameter.is_ladder

    @property
    def kind(self) -> str:
        """One of ``numeric``, ``ladder``, ``boolean``, ``categorical``."""
        if self.parameter.is_numeric:
            return "numeric"
        if self.parameter.is_ladder:
            return "ladder"
        return "boolean" if self.parameter.is_boolean else "categorical"


def column(parameter: Parameter, table: pd.DataFrame) -> Column:
    """One parameter's column of a table of points or trials."""
    values = table[f"params_{parameter.name}"]
    active = values.notna().to_numpy()
    if parameter.choices is not None and None in parameter.choices:
        active = _condition_holds(parameter, table)  # None is a value here, not an absence
    present = values.to_numpy()[active]
    if parameter.is_numeric:
        x = position(parameter, present)
    else:
        x = choice_codes(parameter.choices, present).astype(float)
        if parameter.is_ladder and len(parameter.choices) > 1:
            x = x / (len(parameter.choices) - 1)
    return Column(parameter, active, x)


def columns(space: Space, table: pd.DataFrame) -> dict[str, Column]:
    """Every parameter's column of a table of points or trials, by name."""
    return {parameter.name: column(parameter, table) for parameter in space.params}


def _condition_holds(parameter: Parameter, table: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether the condition of a parameter holds in each row, by the values of its parents."""
    holds = np.ones(len(table), dtype=bool)
    for parent, allowed in parameter.condition.items():
        if f"params_{parent}" in table:  # a fixed parent has no column, and its children are on
            holds &= table[f"params_{parent}"].isin(allowed).to_numpy()
    return holds


def position(parameter: Parameter, values: NDArray[Any]) -> NDArray[np.float64]:
    """Where values lie between the bounds of a numeric parameter, 0..1, log units where log."""
    values = np.asarray(values, dtype=float)
    low, high = float(parameter.low), float(parameter.high)
    if parameter.log:
        values, low, high = np.log(values), math.log(low), math.log(high)
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def at_position(parameter: Parameter, where: float) -> float:
    """Value of a numeric parameter at a position; the inverse of :func:`position`."""
    low, high = float(parameter.low), float(parameter.high)
    if parameter.log:
        low, high = math.log(low), math.log(high)
        return math.exp(low + where * (high - low))
    return low + where * (high - low)


def choice_codes(choices: tuple[Any, ...], values: Iterable[Any]) -> NDArray[np.int64]:
    """Index of each value among the choices; ``True`` and ``1`` are different choices."""
    index = {(type(choice) is bool, choice): i for i, choice in enumerate(choices)}
    none = index.get((False, None))
    values = [None if none is not None and pd.isna(v) else v for v in values]
    return np.array([index[(isinstance(v, (bool, np.bool_)), v)] for v in values], dtype=np.int64)
