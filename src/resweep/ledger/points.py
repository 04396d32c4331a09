"""Points: the distinct parameter assignments of a sweep, with repeated trials averaged.

Trials with equal parameters (replicates, the seeds of a grid, points tried again) tell how noisy
a value is, not what the parameters do, so every table ranks points, never trials: a point's score
is the mean over its trials. Pruned trials are among them, with the scores of `ledger.scores`.
Trials of several blocks (`ledger.blocks`) with equal parameters are one point as well: as many
folds do not make as many independent observations of a parameter.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.ledger.blocks import SEVERAL
from resweep.ledger.trials import Ledger
from resweep.words import counted

WORDS = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
ELITE_FRACTION = 0.25


def points(
    ledger: Ledger, elite_fraction: float = ELITE_FRACTION, *, each_block: bool = False
) -> pd.DataFrame:
    """Collapse the trials of a ledger that are evidence to its points.

    Parameters
    ----------
    ledger
        Trials of one sweep.
    elite_fraction
        Share of the feasible points that are elites; the number is rounded up, so that any sweep
        with a feasible point has at least one.
    each_block
        Whether equal parameters in two blocks are two points: to compare blocks.

    Returns
    -------
    DataFrame
        One row per point, by trial number: ``number`` (of the first trial there), ``value`` (mean
        of the scores in units of the objective; as recorded where its trials are complete),
        ``score`` (the same, larger is better), ``n_repeats`` (its trials that are evidence),
        ``n_complete`` (those of them that are complete), ``repeat_sd`` (standard deviation
        between complete repeats, NaN for fewer than two), ``feasible`` (no trial of it violates a
        constraint), ``elite`` (bool), then ``params_*``. The best score is that of a feasible
        point with a complete trial, if there is one. In a sweep of blocks ``value`` and
        ``score`` are at the level of the average block, and two columns follow: ``block``
        (``(several)`` for a point of more than one) and ``level`` (what its block added to the
        score, 0 for several).
    """
    names = [f"params_{name}" for name in ledger.space.names]
    scored = ledger.scored
    known = ledger.trials.sort_values("number", kind="stable")
    frame = known[known["number"].isin(scored["number"])].reset_index(drop=True)
    told = [frame[name] for name in names]
    if each_block and "block" in scored:
        told.append(scored["block"])
    point = _point_of(told, len(frame))
    first = np.unique(point, return_index=True)[1]
    table = frame.loc[first, ["number", *names]].reset_index(drop=True)
    groups = scored.groupby(point)
    table["number"] = np.minimum(table["number"], pd.Series(_origin(frame)).groupby(point).min())
    table["score"] = groups["score"].mean()
    table["n_repeats"] = groups["score"].size()
    table["n_complete"] = groups["complete"].sum().astype(np.int64)
    repeats = scored["score"].where(scored["complete"] & scored["feasible"])
    table["repeat_sd"] = repeats.groupby(point).std(ddof=1)
    table["feasible"] = groups["feasible"].all()
    if "block" in scored:
        several = groups["block"].nunique() > 1
        table["block"] = groups["block"].first().mask(several, SEVERAL)
        table["level"] = groups["level"].first().mask(several, 0.0)
    table["score"] = _in_order(table)
    table["value"] = ledger.space.sign * table["score"]
    table = table.sort_values("number", kind="stable").reset_index(drop=True)
    table["elite"] = elite_flags(
        table["score"].where(table["feasible"], -np.inf), elite_fraction, table["feasible"].sum()
    )
    lead = ["number", "value", "score", "n_repeats", "n_complete", "repeat_sd", "feasible", "elite"]
    blocks = [c for c in ("block", "level") if c in table]
    return table[lead + names + blocks]


def _in_order(table: pd.DataFrame) -> pd.Series:
    """Keep what was never completed below the best that was, and what is infeasible below all.

    The means over repeats might mix them.
    """
    score, able = table["score"], table["feasible"]
    ended = able & (table["n_complete"] > 0)
    if ended.any():
        score = score.where(ended, np.minimum(score, np.nextafter(score[ended].max(), -np.inf)))
    if able.any():
        score = score.where(able, np.minimum(score, np.nextafter(score[able].min(), -np.inf)))
    return score


def _point_of(told: list[pd.Series], n: int) -> NDArray[np.int64]:
    """Say which point each of n trials tried, points numbered from 0: equal columns, one point."""
    if not told:
        return np.zeros(n, dtype=np.int64)
    codes = [pd.factorize(_told_apart(values), use_na_sentinel=False)[0] for values in told]
    _, index, point = np.unique(
        np.column_stack(codes), axis=0, return_index=True, return_inverse=True
    )
    return np.argsort(np.argsort(index))[point.ravel()]


def _told_apart(values: pd.Series) -> pd.Series:
    """Return values such that ``True`` and ``1`` are different, which Python holds equal."""
    if values.dtype != object:
        return values
    return pd.Series([(type(v) is bool or isinstance(v, np.bool_), v) for v in values])


def _origin(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Name the trial whose parameters each trial repeats; itself where it repeats none."""
    numbers = frame["number"].to_numpy(dtype=np.int64)
    if "user_attrs_replicate_of" not in frame or "user_attrs_kind" not in frame:
        return numbers
    target = pd.to_numeric(frame["user_attrs_replicate_of"], errors="coerce").to_numpy(dtype=float)
    repeats = (frame["user_attrs_kind"] == "replicate").to_numpy() & np.isfinite(target)
    return np.where(repeats, np.nan_to_num(target), numbers).astype(np.int64)


def elite_flags(
    scores: NDArray[Any], fraction: float = ELITE_FRACTION, of: int | None = None
) -> NDArray[np.bool_]:
    """Flag the best ``ceil(fraction * of)`` scores; of equal ones the earliest come first.

    By default it is a fraction of all of them.
    """
    flags = np.zeros(len(scores), dtype=bool)
    count = math.ceil(fraction * (len(scores) if of is None else of) - 1e-9)
    flags[np.argsort(-np.asarray(scores, dtype=float), kind="stable")[:count]] = True
    return flags


def evidence_told(ledger: Ledger) -> str:
    """Say how many trials there are, how they ended, and how many of them are evidence.

    Returns
    -------
    str
        ``20 trials (12 complete, 8 pruned), all 20 used as evidence``
    """
    ended = ledger.trials["state"].value_counts()
    states = [f"{ended[state]} {word}" for state, word in WORDS.items() if state in ended]
    n, used = len(ledger.trials), int(points(ledger)["n_repeats"].sum())
    every = "all " if used == n > 1 else ""
    ends = f" ({', '.join(states)})" if states else ""
    return f"{counted(n, 'trial')}{ends}, {every}{used} used as evidence"
