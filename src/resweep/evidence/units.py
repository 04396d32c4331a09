"""The points that tell what a parameter does.

Points that are feasible, and that trained at all. Where some collapsed to one level far below all
others (a loss that diverged, an accuracy at chance), that says something of the parameters that
explain who collapsed, and nothing of the others, whose effects its distance would hide.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.evidence.adjusted import (
    MIN_POINTS,
    PROTECTED,
    AdjustedEffect,
    adjusted_effects,
    corrected,
)
from resweep.evidence.failures import clear_regions
from resweep.ledger.trials import Ledger
from resweep.space.model import Space

LEAST, MOST = 3, 1 / 3  # points that are a cluster, share of all that it may be
APART = 1.0  # standard deviations of the points above it between them and a cluster
FAR = 3.0  # the same of fewer points than a cluster
TIGHT = 0.25  # of that gap: the widest that the cluster may be
EXPLAINED = 0.1  # p below which parameters tell who collapsed


def study_effects(
    ledger: Ledger, table: pd.DataFrame, protected: float = PROTECTED
) -> dict[str, AdjustedEffect]:
    """Estimate the adjusted effect of every parameter of a study from the points that tell it.

    A parameter that explains who collapsed is judged by all points, every other by those that
    trained.

    Parameters
    ----------
    ledger
        Trials of one sweep.
    table
        Its points, as :func:`resweep.ledger.points.points` gives them.
    protected
        Share of the points, the best, whose values are never dropped.

    Returns
    -------
    dict
        By name, in the order of the space; p after Holm over all of them.
    """
    rows = _rows(ledger, table)
    low, causes = collapse(ledger.space, rows)
    effects = adjusted_effects(ledger.space, _without(rows, low), protected)
    if not causes:
        return effects
    whole = adjusted_effects(ledger.space, rows, protected)
    return corrected({name: (whole if name in causes else effects)[name] for name in effects})


def study_units(ledger: Ledger, table: pd.DataFrame) -> pd.DataFrame:
    """Rows for one model of a whole study: all that trained, or all if some parameter explains it.

    Parameters
    ----------
    ledger, table
        As for :func:`study_effects`.
    """
    rows = _rows(ledger, table)
    low, causes = collapse(ledger.space, rows)
    return rows if causes else _without(rows, low)


def _rows(ledger: Ledger, table: pd.DataFrame) -> pd.DataFrame:
    """Feasible points; where one parameter alone varies, over few values, the trials.

    Such points are its values and say nothing of the noise.
    """
    feasible = table[table["feasible"]] if "feasible" in table else table
    names = [f"params_{name}" for name in ledger.space.names]
    varied = [name for name in names if feasible[name].nunique(dropna=False) > 1]
    if len(varied) != 1 or len(feasible) >= MIN_POINTS:
        return feasible.reset_index(drop=True)
    scored = ledger.scored[ledger.scored["feasible"]]
    trials = ledger.trials[["number", *names]]
    kept = ["number", "score", *(c for c in ("block", "level") if c in scored)]
    return scored[kept].merge(trials, on="number", validate="1:1")


def _without(rows: pd.DataFrame, low: NDArray[np.bool_]) -> pd.DataFrame:
    return rows[~low].reset_index(drop=True) if low.any() else rows


def collapse(space: Space, table: pd.DataFrame) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Find the points in a cluster far below the others, and the parameters that explain it.

    Null hypothesis: each point is as likely to collapse as any other of its time; the test is that
    of :mod:`resweep.evidence.failures`, over all parameters and pairs jointly.

    Parameters
    ----------
    space
        The space that was searched.
    table
        Rows with a score, in order of time.

    Returns
    -------
    ndarray
        Whether each point is in the cluster, shape (points,).
    tuple of str
        Parameters that explain it.
    """
    low = low_cluster(table["score"].to_numpy(dtype=float))
    if not low.any():
        return low, ()
    ended = np.full(len(table), np.inf)
    found = clear_regions(space, table, low, ended, alpha=EXPLAINED)
    names = [condition.name for conditions, *_ in found for condition in conditions]
    return low, tuple(name for name in space.names if name in names)


def low_cluster(score: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Lowest scores that lie close together and far from all others, shape (points,).

    Below that cluster there may be another one, or a few single points farther off.
    """
    low = np.zeros(len(score), dtype=bool)
    most = int(len(score) * MOST)
    if len(score) < MIN_POINTS or not np.isfinite(score).all():
        return low
    order = np.argsort(score, kind="stable")
    ordered, start = score[order], 0
    while start < most:
        gaps = np.diff(ordered)[start:most]
        count = start + 1 + int(gaps.argmax())
        gap, width = float(gaps.max()), float(ordered[count - 1] - ordered[start])
        apart = APART if count - start >= LEAST else FAR
        if not gap > apart * ordered[count:].std() or width > TIGHT * gap:
            break
        start = count
    low[order[:start]] = True
    return low
