"""The rows that the model of a study is fitted to.

Points that are feasible, and that trained at all: where some collapsed to one level far below all
others whatever their parameters (a loss that diverged, an accuracy at chance), they say nothing of
the parameters, and their distance would hide what the others say.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.evidence.adjusted import MIN_POINTS, adjusted_effects
from resweep.ledger.trials import Ledger
from resweep.space.model import Space

LEAST, MOST = 3, 1 / 3  # points that are a cluster, share of all that it may be
APART = 1.0  # standard deviations of the other points between them and the cluster
TIGHT = 0.25  # of that gap: the widest that the cluster may be
EXPLAINED = 0.1  # p after Holm, below which a parameter tells who collapsed


def study_units(ledger: Ledger, table: pd.DataFrame) -> pd.DataFrame:
    """Rows that the model of a study is fitted to: its feasible points that trained.

    Where only one parameter varies, the points are its values and say nothing of the noise; then
    the trials are the rows.

    Parameters
    ----------
    ledger
        Trials of one sweep.
    table
        Its points, as :func:`resweep.ledger.points.points` gives them.
    """
    feasible = table[table["feasible"]] if "feasible" in table else table
    names = [f"params_{name}" for name in ledger.space.names]
    varied = [name for name in names if feasible[name].nunique(dropna=False) > 1]
    if len(varied) != 1 or len(feasible) >= MIN_POINTS:
        feasible = feasible.reset_index(drop=True)
        return feasible[~collapsed(ledger.space, feasible)].reset_index(drop=True)
    scored = ledger.scored[ledger.scored["feasible"]]
    trials = ledger.trials[["number", *names]]
    kept = ["number", "score", *(c for c in ("block", "level") if c in scored)]
    return scored[kept].merge(trials, on="number", validate="1:1")


def collapsed(space: Space, table: pd.DataFrame) -> NDArray[np.bool_]:
    """Points in a cluster far below the others that no parameter explains, shape (points,).

    Null hypothesis for each parameter: "who collapsed does not depend on it"; test, F in the
    additive model of the indicator; correction, Holm over the parameters. Where one explains it,
    collapsing is its effect, and all points stay.
    """
    low = low_cluster(table["score"].to_numpy(dtype=float))
    if not low.any():
        return low
    effects = adjusted_effects(space, table.assign(score=np.where(low, 0.0, 1.0)))
    explained = any(effect.p_holm < EXPLAINED for effect in effects.values())
    return np.zeros_like(low) if explained else low


def low_cluster(score: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Lowest scores that lie close together and far from all others, shape (points,)."""
    none = np.zeros(len(score), dtype=bool)
    most = int(len(score) * MOST)
    if len(score) < MIN_POINTS or most < LEAST or not np.isfinite(score).all():
        return none
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    gaps = np.diff(ordered)[LEAST - 1 : most]
    count = LEAST + int(gaps.argmax())
    gap = float(gaps.max())
    width = float(ordered[count - 1] - ordered[0])
    if not gap > APART * ordered[count:].std() or width > TIGHT * gap:
        return none
    none[order[:count]] = True
    return none
