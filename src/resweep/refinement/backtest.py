"""Back-test: what the refined space would have kept and lost of its parent's trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from resweep.ledger.columns import position
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.words import describe_value

BESIDE = 0.50  # as a share of the old range: the widest zone of the rule "simplify"
ROOM = 0.01  # least distance of the best point from a bound, as a share of the new range


@dataclass(frozen=True)
class Backtest:
    """Outcome of a back-test.

    Attributes
    ----------
    summary
        Columns ``group`` (all points, elites, best), ``n``, ``kept`` (inside the refined space),
        ``lost``, ``share_kept``, ``best_kept``, ``best_lost`` (values).
    lost
        One row per elite and parameter that the refined space leaves out: ``number``, ``value``,
        ``parameter``, ``parameter_value``, ``domain`` (of the refined space).
    room
        One row per number: ``parameter``, ``best`` (value at the best point), ``low``, ``high``,
        ``room_low``, ``room_high`` (distance of the best point from each bound, share of the new
        range, log units where log), ``tight`` (nearer than 1% to a bound that is not at its
        limit).
    """

    summary: pd.DataFrame
    lost: pd.DataFrame
    room: pd.DataFrame

    @property
    def contains_elites(self) -> bool:
        """Whether the refined space contains every elite of the parent."""
        return self.lost.empty


def backtest(ledger: Ledger, space: Space, elite_fraction: float = 0.25) -> Backtest:
    """Hold a refined space against the trials it was derived from.

    A fixed number counts as kept where the point lies within half of the old range from
    the fixed value, since fixing at a neutral value is meant to leave the values beside it.

    Parameters
    ----------
    ledger
        The parent's trials.
    space
        The refined space.
    elite_fraction
        Share of the points that are elites.
    """
    table = points(ledger, elite_fraction)
    value, score = table["value"].to_numpy(dtype=float), table["score"].to_numpy(dtype=float)
    outside = {p.name: _outside(p, table, space) for p in ledger.space.params}
    inside = ~np.any(list(outside.values()), axis=0) if outside else np.ones(len(table), bool)
    elite = table["elite"].to_numpy(dtype=bool)
    best = np.zeros(len(table), dtype=bool)
    if len(table):
        best[score.argmax()] = True
    everything = np.ones(len(table), dtype=bool)
    groups = [("all points", everything), ("elites", elite), ("best", best)]
    summary = pd.DataFrame(
        [
            {
                "group": group,
                "n": int(mask.sum()),
                "kept": int((mask & inside).sum()),
                "lost": int((mask & ~inside).sum()),
                "share_kept": float(inside[mask].mean()) if mask.any() else np.nan,
                "best_kept": _best(value, score, mask & inside),
                "best_lost": _best(value, score, mask & ~inside),
            }
            for group, mask in groups
        ]
    )
    return Backtest(summary, _lost(table, elite, outside, space), _room(ledger.space, table, space))


def _outside(old: Parameter, table: pd.DataFrame, space: Space) -> np.ndarray:
    """Which points the refined space leaves out on account of one parameter."""
    values = table[f"params_{old.name}"]
    active = values.notna().to_numpy()
    outside = np.zeros(len(table), dtype=bool)
    if old.name in space:
        new = space[old.name]
        outside[active] = [not _holds(new, v) for v in values[active]]
    elif old.name in space.fixed:
        at = space.fixed[old.name]
        if old.is_numeric:
            where = position(old, np.array([at]))[0]
            near = np.abs(position(old, values[active].to_numpy(dtype=float)) - where) <= BESIDE
            outside[active] = ~near
        else:
            outside[active] = [
                not (v == at and isinstance(v, (bool, np.bool_)) == isinstance(at, bool))
                for v in values[active]
            ]
    return outside


def _holds(new: Parameter, value: Any) -> bool:
    """Whether a value lies in the new domain; a step's grid does not matter here."""
    if new.is_numeric:
        return new.low - 1e-12 <= float(value) <= new.high + 1e-12
    return new.contains(value)


def _best(value: np.ndarray, score: np.ndarray, mask: np.ndarray) -> float:
    return float(value[mask][score[mask].argmax()]) if mask.any() else np.nan


def _lost(
    table: pd.DataFrame, elite: np.ndarray, outside: dict[str, Any], space: Space
) -> pd.DataFrame:
    from resweep.space.parameter import describe_spec

    rows = []
    for name, mask in outside.items():
        for i in np.flatnonzero(mask & elite):
            domain = (
                describe_spec(space[name]) if name in space else describe_value(space.fixed[name])
            )
            rows.append(
                {
                    "number": int(table["number"].iloc[i]),
                    "value": float(table["value"].iloc[i]),
                    "parameter": name,
                    "parameter_value": table[f"params_{name}"].iloc[i],
                    "domain": domain,
                }
            )
    columns = ["number", "value", "parameter", "parameter_value", "domain"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["number", "parameter"], kind="stable").reset_index(drop=True)


def _room(old_space: Space, table: pd.DataFrame, space: Space) -> pd.DataFrame:
    rows = []
    top = table.loc[table["score"].idxmax()] if len(table) else None
    for old in old_space.params:
        if top is None or old.name not in space or not space[old.name].is_numeric:
            continue
        best = top[f"params_{old.name}"]
        if pd.isna(best):
            continue
        new = space[old.name]
        where = float(position(new, np.array([best]))[0])
        limits = new.limits or (new.low, new.high)
        tight = (where < ROOM and new.low > limits[0]) or (
            where > 1 - ROOM and new.high < limits[1]
        )
        rows.append(
            {
                "parameter": old.name,
                "best": float(best),
                "low": new.low,
                "high": new.high,
                "room_low": where,
                "room_high": 1 - where,
                "tight": bool(tight),
            }
        )
    columns = ["parameter", "best", "low", "high", "room_low", "room_high", "tight"]
    return pd.DataFrame(rows, columns=columns)
