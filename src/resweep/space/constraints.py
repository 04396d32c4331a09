"""Constraints: what a trial must keep to, besides being good.

A constraint is set by the objective (``trial.set_constraint``, kept as the user attribute
``constraints:<key>``, which violates it above 0, as in Optuna), or declared in the space as bounds
of a user attribute that the objective reports::

    constraints: {latency_ms: {max: 20}, recall: {min: 0.9}}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard

if TYPE_CHECKING:
    import pandas as pd

SET = "constraints:"  # user attributes with this beginning hold what was set; Optuna's own word
BOUNDS = ("min", "max")

Declared = Mapping[str, Mapping[str, float]]


def checked(value: Any, fail: Callable[[str, str], NoReturn]) -> dict[str, dict[str, float]]:
    """Return the declared constraints of a space; `fail` is told what is wrong, and the mend."""
    example = "write `constraints: {latency_ms: {max: 20}}`"
    if not isinstance(value, dict):
        fail("constraints must be a mapping of user attributes to bounds", example)
    found = {}
    for name, bounds in value.items():
        if not isinstance(bounds, dict) or not bounds or set(bounds) - set(BOUNDS):
            fail(f"constraints: {name} needs min, max or both, not {bounds!r}", example)
        for key, bound in bounds.items():
            number = isinstance(bound, int | float) and not isinstance(bound, bool)
            if not number or not math.isfinite(bound):
                fail(
                    f"constraints: {key} of {name} must be a finite number, not {bound!r}", example
                )
        found[str(name)] = {key: float(bounds[key]) for key in BOUNDS if key in bounds}
    return found


def excesses(attrs: Mapping[str, Any], declared: Declared) -> dict[str, float]:
    """Return by how much a trial exceeds each of its constraints; at most 0 is feasible.

    Parameters
    ----------
    attrs : mapping
        Its user attributes. What is no number says nothing.
    declared : mapping
        Bounds by user attribute, as `resweep.space.model.Space.constraints`.
    """
    found = {
        key.removeprefix(SET): float(value)
        for key, value in attrs.items()
        if key.startswith(SET) and _is_number(value)
    }
    for name, bounds in declared.items():
        value = attrs.get(name)
        if not _is_number(value):
            continue
        if "min" in bounds:
            found[f"{name} min"] = bounds["min"] - float(value)
        if "max" in bounds:
            found[f"{name} max"] = float(value) - bounds["max"]
    return found


def violation(attrs: Mapping[str, Any], declared: Declared) -> float:
    """Return the sum of what a trial exceeds its constraints by; NaN where none is known."""
    found = excesses(attrs, declared)
    return sum(max(0.0, excess) for excess in found.values()) if found else math.nan


def violations(table: pd.DataFrame, declared: Declared) -> list[float]:
    """Return the `violation` of each row of a table of trials, by its ``user_attrs_*``."""
    prefix = "user_attrs_"
    names = [column.removeprefix(prefix) for column in table if column.startswith(prefix)]
    names = [name for name in names if name.startswith(SET) or name in declared]
    columns = [table[prefix + name].tolist() for name in names]
    rows = zip(*columns, strict=True) if columns else ([] for _ in range(len(table)))
    return [violation(dict(zip(names, row, strict=True)), declared) for row in rows]


def _is_number(value: Any) -> TypeGuard[float]:
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        return False
    try:
        return not math.isnan(float(value))
    except TypeError:  # what pandas has where nothing is
        return False
