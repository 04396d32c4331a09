"""Several objectives: what the front holds, and what each parameter does to each objective."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.errors import InputError
from resweep.evidence.adjusted_tables import adjusted_tables
from resweep.ledger.fronts import (
    VALUES,
    as_losses,
    contributions,
    fronts,
    hypervolume,
    ranked,
    scaled,
    value_columns,
)
from resweep.ledger.trials import Ledger
from resweep.space.constraints import violations


def finished(ledger: Ledger) -> pd.DataFrame:
    """Return the complete trials that violate no known constraint, those outside the space too.

    Returns
    -------
    DataFrame
        ``number``, ``value`` (the rank) and ``values_<name>`` of each objective, by number.
    """
    columns = ["number", "value", *value_columns(ledger.space)]
    tables = []
    for frame in (ledger.trials, ledger.outside):
        if len(frame):
            able = (frame["state"] == "COMPLETE") & frame["value"].notna()
            able &= ~(np.array(violations(frame, ledger.space.constraints)) > 0)
            tables.append(frame.loc[able, columns])
    if not tables:
        return pd.DataFrame(columns=columns, dtype=float)
    return pd.concat(tables).sort_values("number", kind="stable").reset_index(drop=True)


def front(ledger: Ledger) -> pd.DataFrame:
    """Return the trials that no other beats in one objective without losing in another.

    Returns
    -------
    DataFrame
        ``number``, ``values_<name>`` of each objective and ``adds`` (share of the front's
        hypervolume that only this trial dominates, values on 0..1 over all complete trials, the
        reference point at 1.1), the largest first. No row for one objective.
    """
    names = value_columns(ledger.space)
    if not ledger.space.objectives:
        return pd.DataFrame(columns=["number", "adds"])
    table = finished(ledger)
    losses = scaled(as_losses(table[names].to_numpy(), ledger.space.objectives))
    best = fronts(losses) == 0
    members: Any = table.loc[best, ["number", *names]]
    whole = hypervolume(losses[best])
    share = contributions(losses[best]) / whole if len(members) else np.zeros(0)
    members = members.assign(adds=share)
    return members.sort_values(["adds", "number"], ascending=[False, True]).reset_index(drop=True)


def objective_effects(ledger: Ledger) -> pd.DataFrame:
    """Return what each parameter does to each of several objectives, all others held equal.

    Returns
    -------
    DataFrame
        ``objective``, then the columns of ``adjusted_effects``
        (:func:`resweep.evidence.adjusted_tables.adjusted_tables`), p corrected within an objective.
        No row for one objective, whose table that is.
    """
    tables = []
    for name, direction in ledger.space.objectives.items():
        space = ledger.space.replace(objectives={}, direction=direction)
        one = dataclasses.replace(ledger, space=space, trials=_valued(ledger.trials, name))
        effects, _ = adjusted_tables(one)
        effects.insert(0, "objective", name)
        tables.append(effects)
    if tables:
        return pd.concat(tables, ignore_index=True)
    effects, _ = adjusted_tables(dataclasses.replace(ledger, trials=ledger.trials.iloc[:0]))
    effects.insert(0, "objective", pd.Series(dtype=object))
    return effects.iloc[:0]


def _valued(trials: pd.DataFrame, name: str) -> pd.DataFrame:
    return trials.assign(value=trials[f"{VALUES}{name}"])


def together(a: Ledger, b: Ledger) -> tuple[Ledger, Ledger]:
    """Return two ledgers whose values can be compared: ranks are taken over both.

    Raises
    ------
    InputError
        If they have not the same objectives.
    """
    if list(a.space.objectives.items()) != list(b.space.objectives.items()):
        raise InputError(
            f"one sweep is to {a.space.goal}, the other to {b.space.goal}",
            mend="compare sweeps of the same objectives",
        )
    first, second = ranked(a, b)
    return first, second


def hypervolumes(a: Ledger, b: Ledger, budget: int | None = None) -> tuple[float, float]:
    """Return what the fronts of two sweeps dominate, on the scale of the trials of both.

    Parameters
    ----------
    a, b : Ledger
    budget : int, optional
        Trials of each that count; by default all.

    Returns
    -------
    float, float
        As a share of what an ideal point would dominate that is best in every objective.
    """
    tables = [finished(ledger) for ledger in (a, b)]
    objectives = a.space.objectives
    values = pd.concat(tables)[value_columns(a.space)].to_numpy(dtype=float)
    losses = scaled(as_losses(values, objectives))
    ideal = hypervolume(np.zeros((1, len(objectives))))
    first = np.arange(len(losses)) < len(tables[0])
    early = np.concatenate([_early(t, x, budget) for t, x in zip(tables, (a, b), strict=True)])
    volumes = [hypervolume(losses[own & early]) / ideal for own in (first, ~first)]
    return volumes[0], volumes[1]


def _early(table: pd.DataFrame, ledger: Ledger, budget: int | None) -> NDArray[np.bool_]:
    if budget is None:
        return np.ones(len(table), dtype=bool)
    every = np.sort([*ledger.trials["number"], *ledger.outside["number"]])[:budget]
    return table["number"].isin(every).to_numpy()
