"""What was explored, and where the elites lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from resweep.ledger.columns import Column, column
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.space.parameter import same
from resweep.words import describe_value

GAP_BINS = 10


def ranges_explored(ledger: Ledger) -> pd.DataFrame:
    """How much of each parameter's range the trials of any state have visited.

    Returns
    -------
    DataFrame
        One row per parameter: ``parameter``, ``type``, ``scale`` (log, linear, choices),
        ``n_active`` (trials of any state), ``low``, ``high`` (as declared), ``min``, ``max`` (as
        tried), ``coverage`` (share of ten equal parts of the range, or of the choices, that were
        tried), ``largest_gap`` (widest stretch of the range without a trial, as a share of it),
        ``untried`` (choices never tried).
    """
    return pd.DataFrame(
        [_explored(column(p, ledger.trials), ledger) for p in ledger.space.params],
        columns=[
            "parameter",
            "type",
            "scale",
            "n_active",
            "low",
            "high",
            "min",
            "max",
            "coverage",
            "largest_gap",
            "untried",
        ],
    )


def _explored(one: Column, ledger: Ledger) -> dict[str, Any]:
    parameter, n = one.parameter, int(one.active.sum())
    row: dict[str, Any] = {"parameter": one.name, "type": parameter.type, "n_active": n}
    if not parameter.is_numeric:
        values = ledger.trials[f"params_{one.name}"].to_numpy()[one.active]
        tried = {(isinstance(v, (bool, np.bool_)), v) for v in values}
        untried = [c for c in parameter.choices if (isinstance(c, bool), c) not in tried]
        coverage = 1 - len(untried) / len(parameter.choices)
        return row | {"scale": "choices", "coverage": coverage, "untried": _join(untried)}
    values = ledger.trials[f"params_{one.name}"].to_numpy(dtype=float)[one.active]
    inside = np.clip(one.x, 0, 1)
    cells = GAP_BINS
    if parameter.type == "int" and not parameter.log:
        cells = min(cells, round((parameter.high - parameter.low) / (parameter.step or 1)) + 1)
    bins = np.minimum((inside * cells).astype(int), cells - 1)
    edges = np.concatenate([[0.0], np.sort(inside), [1.0]])
    return row | {
        "scale": "log" if parameter.log else "linear",
        "low": parameter.low,
        "high": parameter.high,
        "min": values.min() if n else np.nan,
        "max": values.max() if n else np.nan,
        "coverage": np.unique(bins).size / cells if n else 0.0,
        "largest_gap": float(np.diff(edges).max()) if n else 1.0,
        "untried": "",
    }


def _join(values: list[Any]) -> str:
    return ", ".join(describe_value(v) for v in values)


def empirical_ranges(ledger: Ledger) -> dict[str, Any]:
    """Where the elites lie, ready to be written as ``empirical_ranges.yaml``.

    Returns
    -------
    dict
        By parameter: ``n_active``, ``n_elites``; for a number ``low``, ``median``, ``high`` over
        the elites and ``best`` (at the best point); otherwise ``choices`` (count of elites by
        choice, most frequent first) and ``best``. ``best`` is ``None`` where the parameter was
        not active at the best point.
    """
    table = points(ledger)
    elites = table[table["elite"]]
    found: dict[str, Any] = {}
    for parameter in ledger.space.params:
        name = f"params_{parameter.name}"
        chosen = elites.loc[elites[name].notna()]
        top = table.loc[[table["score"].idxmax()], name] if len(table) else table[name]
        best = top.iloc[0] if len(top) and pd.notna(top.iloc[0]) else None
        entry: dict[str, Any] = {
            "n_active": int(table[name].notna().sum()),
            "n_elites": len(chosen),
        }
        if parameter.is_numeric:
            cast = int if parameter.type == "int" else float
            if len(chosen):
                values = chosen[name].to_numpy(dtype=float)
                entry |= {
                    "low": cast(values.min()),
                    "median": float(np.median(values)),
                    "high": cast(values.max()),
                }
            entry["best"] = None if best is None else cast(best)
        else:
            counts = {c: sum(same(v, c) for v in chosen[name]) for c in parameter.choices}
            order = sorted(counts, key=counts.__getitem__, reverse=True)
            entry["choices"] = {c: counts[c] for c in order if counts[c]}
            entry["best"] = best.item() if isinstance(best, np.generic) else best
        found[parameter.name] = entry
    return found
