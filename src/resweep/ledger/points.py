"""Points: the distinct parameter assignments of a sweep, with repeated trials averaged.

A replicate trains another trial's parameters again with a new seed. It tells how noisy a value
is, not what the parameters do, so every table ranks points, never trials: a point's score is the
mean over its repeats.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.ledger.trials import Ledger

ELITE_FRACTION = 0.25


def points(ledger: Ledger, elite_fraction: float = ELITE_FRACTION) -> pd.DataFrame:
    """Collapse the completed trials of a ledger to its points.

    Parameters
    ----------
    ledger
        Trials of one sweep.
    elite_fraction
        Share of the points that are elites; the number is rounded up, so that any completed
        sweep has at least one.

    Returns
    -------
    DataFrame
        One row per point, by trial number: ``number`` (of the first trial there), ``value`` (mean
        as recorded), ``score`` (mean, larger is better), ``n_repeats``, ``repeat_sd`` (standard
        deviation between repeats, NaN for a single one), ``elite`` (bool), then ``params_*``.
    """
    complete = ledger.complete
    names = [f"params_{name}" for name in ledger.space.names]
    frame = complete.assign(score=np.asarray(ledger.scores, dtype=float))
    frame = frame.sort_values("number", kind="stable").reset_index(drop=True)
    origin = _origin(frame)
    first = ~pd.Series(origin).duplicated().to_numpy()
    table = frame.loc[first, ["number", "value", "score", *names]].reset_index(drop=True)
    table["number"] = origin[first]
    if first.all():
        table["n_repeats"] = np.ones(len(table), dtype=np.int64)
        table["repeat_sd"] = np.full(len(table), np.nan)
    else:
        groups = frame.groupby(origin, sort=False)
        table["value"] = groups["value"].mean().to_numpy()
        table["score"] = groups["score"].mean().to_numpy()
        table["n_repeats"] = groups["score"].size().to_numpy()
        table["repeat_sd"] = groups["score"].std(ddof=1).to_numpy()
    table["elite"] = elite_flags(table["score"].to_numpy(), elite_fraction)
    lead = ["number", "value", "score", "n_repeats", "repeat_sd", "elite"]
    return table[lead + names].sort_values("number", kind="stable").reset_index(drop=True)


def _origin(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Name the trial whose parameters each trial repeats; itself where it repeats none."""
    numbers = frame["number"].to_numpy(dtype=np.int64)
    if "user_attrs_replicate_of" not in frame or "user_attrs_kind" not in frame:
        return numbers
    target = pd.to_numeric(frame["user_attrs_replicate_of"], errors="coerce").to_numpy(dtype=float)
    repeats = (frame["user_attrs_kind"] == "replicate").to_numpy() & np.isfinite(target)
    parent = dict(zip(numbers[repeats].tolist(), target[repeats].astype(int).tolist(), strict=True))
    origin = numbers.copy()
    for i in np.flatnonzero(repeats):
        seen: set[int] = set()
        root = int(numbers[i])
        while root in parent and root not in seen:  # a replicate of a replicate
            seen.add(root)
            root = parent[root]
        origin[i] = root
    return origin


def elite_flags(scores: NDArray, fraction: float = ELITE_FRACTION) -> NDArray[np.bool_]:
    """Flag the best ``ceil(fraction * n)`` scores; of equal ones the earliest come first."""
    flags = np.zeros(len(scores), dtype=bool)
    count = math.ceil(fraction * len(scores) - 1e-9)
    flags[np.argsort(-np.asarray(scores, dtype=float), kind="stable")[:count]] = True
    return flags
