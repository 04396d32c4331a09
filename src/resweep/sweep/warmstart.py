"""Carrying trials from one space into another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from resweep.space.model import Space
from resweep.space.parameter import describe_domain
from resweep.words import describe_value

if TYPE_CHECKING:
    import pandas as pd

    from resweep.ledger.trials import Ledger


class CannotCarry(Exception):
    """The reason why a trial has no place in another space."""


def reexpress(assignment: Mapping[str, Any], source: Space, target: Space) -> dict[str, Any]:
    """Return the point of `target` that trains exactly what `assignment` trains in `source`.

    Ranges and choices may differ, parameters may be fixed in one space and searched in the other.

    Raises
    ------
    CannotCarry
        With the reason, if `target` holds no such point.
    """
    known = {**source.fixed, **assignment}
    result: dict[str, Any] = {}
    for param in target.params:
        if not target.is_active(param.name, result):
            if param.name in assignment:
                raise CannotCarry(f"{param.name} takes no part under the new conditions")
            continue
        if param.name not in known:
            raise CannotCarry(f"{param.name} is new and the trial has no value for it")
        if not param.contains(known[param.name]):
            value = describe_value(known[param.name])
            raise CannotCarry(f"{param.name} = {value} is not in {describe_domain(param)}")
        result[param.name] = param.cast(known[param.name])
    for name, value in known.items():
        if name in target:
            continue
        if name in target.fixed and target.fixed[name] != value:
            old, new = describe_value(value), describe_value(target.fixed[name])
            raise CannotCarry(f"{name} = {old} is fixed at {new}")
        if name not in target.fixed and name in assignment:
            raise CannotCarry(f"{name} is no longer part of the space")
    return result


def moved(params: Mapping[str, Any], source: Space, target: Space) -> dict[str, Any] | None:
    """Return a point re-expressed in another space, None if it is not there."""
    if source is target:
        return dict(params)
    try:
        return reexpress(params, source, target)
    except CannotCarry:
        return None


def carry(parent: Ledger, name: str, target: Space) -> pd.DataFrame:
    """Re-express the completed trials of `parent` in `target`, those that no constraint forbids.

    Returns
    -------
    DataFrame
        ``sweep`` (`name`), ``number``, ``value``, ``carried`` (bool), ``reason`` (why not, else
        empty), ``params`` (dict in `target`, or None) and ``known`` (what a sampler is told: the
        value, or a list of those of several objectives), one row per completed trial. Values of
        blocks are brought to one level.
    """
    import pandas as pd  # not above: no process that trains needs it

    from resweep.ledger.fronts import values_of

    rows = []
    for _, row in parent.feasible.iterrows():
        value = parent.space.sign * row["score"]
        try:
            params, reason = reexpress(parent.assignment(row), parent.space, target), ""
        except CannotCarry as error:
            params, reason = None, str(error)
        known = values_of(row, target) or float(value)
        rows.append((name, row["number"], value, params is not None, reason, params, known))
    columns = ["sweep", "number", "value", "carried", "reason", "params", "known"]
    return pd.DataFrame(rows, columns=columns)
