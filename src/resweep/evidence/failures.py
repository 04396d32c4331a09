"""Where trials fail, or violate a constraint: regions over all parameters jointly.

A region is what one condition on a parameter, or two on different ones, single out: a choice, or
all values from a bound up or down. Among all of these the one is taken whose trials fail most
clearly more often than the others (binomial likelihood ratio, one-sided, less 2 for a second
condition). Null hypothesis: at every step, each trial that has come so far is as likely to fail
as any other of its time. The test therefore redraws who fails: for each failure, by its step,
someone among the trials of the same sixth of the sweep that had come as far (the risk set of
Cox 1972, JRSS B 34, 187-220). So neither a pruner, which takes bad trials out of danger, nor a
sampler that moves while something else breaks, makes a region. The same search is done on every
redraw, which accounts for its many candidates. Once a region is found, the trials outside it are
searched again, each time at the same level: a further region is looked for only after a find.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import xlogy

from resweep.ledger.columns import Column, at_position, columns
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.words import FAILED, INFEASIBLE, counted, describe_value, listing

REDRAWS = 199
ALPHA = 0.05  # chance of naming a region where none is
FEWEST = 3  # failures, and trials without one, below which nothing is looked for
CUTS = 7  # bounds that are tried along a range or ladder
SECOND = 2.0  # what a second condition must add to the logarithm of the likelihood ratio
MOST = 3  # regions of one kind
BLOCK = 10  # trials of a stretch of time, at least; there are six at most


@dataclass(frozen=True)
class Condition:
    """One condition on one parameter.

    Attributes
    ----------
    name : str
        The parameter.
    side : {"low", "high", "choice"}
        Values up to, from, or equal to `value`.
    value
        In the parameter's own unit.
    mask : array of bool, shape (trials,)
        Which trials meet it.
    """

    name: str
    side: str
    value: Any
    mask: NDArray[np.bool_]

    def __str__(self) -> str:
        sign = {"low": "<=", "high": ">=", "choice": "="}[self.side]
        return f"{self.name} {sign} {describe_value(self.value)}"


@dataclass(frozen=True)
class Region:
    """A part of the space in which trials fail, or are infeasible, more often than elsewhere.

    Attributes
    ----------
    outcome : {"failed", "infeasible"}
    conditions : tuple of Condition
    n, n_failed : int
        Trials in it, and those of them with that outcome.
    n_elsewhere, n_failed_elsewhere : int
        The same of the trials outside it, and outside of the regions named before.
    p : float
        Chance of so clear a region anywhere, if parameters had no part in it.
    kinds : dict of str to int
        How the failures in it are recorded (``memory``, ``diverged``, ``timeout``, ...).
    """

    outcome: str
    conditions: tuple[Condition, ...]
    n: int
    n_failed: int
    n_elsewhere: int
    n_failed_elsewhere: int
    p: float
    kinds: dict[str, int]

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that it names."""
        return tuple(condition.name for condition in self.conditions)

    @property
    def where(self) -> str:
        """The region in words."""
        return " and ".join(str(condition) for condition in self.conditions)

    @property
    def told(self) -> str:
        """What happens there, in words."""
        happens = "fail" if self.outcome == FAILED else "violate a constraint"
        kinds = listing(f"{kind} {n}" for kind, n in self.kinds.items())
        return (
            f"{self.n_failed} of {counted(self.n, 'trial')} {happens} where {self.where}"
            f"{f' ({kinds})' if kinds else ''}; elsewhere "
            f"{self.n_failed_elsewhere} of {self.n_elsewhere}"
        )


def outcomes(ledger: Ledger, outcome: str) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Return the trials that tell of an outcome, by number, and which of them had it.

    Parameters
    ----------
    ledger : Ledger
    outcome : {"failed", "infeasible"}
        A trial failed also if its value is not finite. Only trials whose constraints are known
        say whether they are feasible.
    """
    trials = ledger.trials
    if outcome == INFEASIBLE:
        known = np.isfinite(ledger.violation)
        bad = ledger.violation > 0
    else:
        known = np.ones(len(trials), dtype=bool)
        endless = (trials["state"] == "COMPLETE") & ~np.isfinite(trials["value"])
        bad = ((trials["state"] == "FAIL") | endless).to_numpy()
    order = np.argsort(trials["number"].to_numpy(), kind="stable")
    order = order[known[order]]
    return trials.iloc[order].reset_index(drop=True), bad[order]


def regions(ledger: Ledger, outcome: str = FAILED, seed: int = 0) -> list[Region]:
    """Find where trials fail, or violate a constraint, more often than elsewhere.

    Parameters
    ----------
    ledger : Ledger
        Trials of one sweep, failed and pruned ones included.
    outcome : {"failed", "infeasible"}
    seed : int
        Of the redraws.

    Returns
    -------
    list of Region
        At most three, the clearest first; empty where failures may be chance (p >= 0.05).
    """
    table, bad = outcomes(ledger, outcome)
    kinds = _kinds(table) if outcome == FAILED else pd.Series("", index=table.index)
    end = _ends(ledger, table, outcome)
    found: list[Region] = []
    for conditions, p, left in clear_regions(ledger.space, table, bad, end, seed):
        inside = left & np.logical_and.reduce([condition.mask for condition in conditions])
        rest = left & ~inside
        told = Counter(k for k in kinds[inside & bad] if k)
        n, hits = int(inside.sum()), int(bad[inside].sum())
        others, missed = int(rest.sum()), int(bad[rest].sum())
        found.append(
            Region(outcome, conditions, n, hits, others, missed, p, dict(told.most_common()))
        )
    return found


def clear_regions(
    space: Space,
    table: pd.DataFrame,
    bad: NDArray[np.bool_],
    end: NDArray[np.float64],
    seed: int = 0,
    alpha: float = ALPHA,
) -> Iterator[tuple[tuple[Condition, ...], float, NDArray[np.bool_]]]:
    """Search for regions by the test of the module, the clearest first, at most three.

    Parameters
    ----------
    space : Space
    table : DataFrame
        Rows in order of time, with a column ``params_<name>`` for each parameter.
    bad : array of bool, shape (rows,)
        Which of them failed.
    end : array of float, shape (rows,)
        How far each came.
    seed : int
        Of the redraws.
    alpha : float
        Chance of naming a region where none is.

    Yields
    ------
    conditions : tuple of Condition
        Over all rows.
    p : float
    left : array of bool, shape (rows,)
        Rows outside of the regions before: those that were searched.
    """
    left = np.ones(len(table), dtype=bool)
    for count in range(MOST):
        if min(bad[left].sum(), (~bad[left]).sum()) < FEWEST:
            return
        rows = table[left].reset_index(drop=True)
        candidates = _conditions(space, rows)
        drawn = redraws(bad[left], end[left], REDRAWS, np.random.default_rng([seed, count]))
        best, clearest = _search(candidates, np.column_stack([bad[left], drawn]))
        p = (1 + int((clearest[1:] >= clearest[0] - 1e-9).sum())) / (1 + REDRAWS)
        if not best or not p < alpha:
            return
        chosen = _sharpened([candidates[i] for i in best], space, rows, bad[left])
        everywhere = tuple(replace(one, mask=_over(one.mask, left)) for one in chosen)
        yield everywhere, p, left
        left = left & ~np.logical_and.reduce([condition.mask for condition in everywhere])


def _over(mask: NDArray[np.bool_], left: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Spread a mask of the rows that are left over all rows."""
    whole = np.zeros(len(left), dtype=bool)
    whole[left] = mask
    return whole


def _kinds(table: pd.DataFrame) -> pd.Series:
    """Return the first word of the reason that is recorded for each failure, or nothing."""
    column = "user_attrs_fail_reason"
    if column not in table:
        return pd.Series("", index=table.index)
    reasons = table[column].fillna("").astype(str)
    return reasons.where(reasons.str.match(r"\w+:"), "").str.partition(":")[0]


def _ends(ledger: Ledger, table: pd.DataFrame, outcome: str) -> NDArray[np.float64]:
    """Return how far each trial came: its last step, -1 before any, infinite where it ended."""
    if outcome == INFEASIBLE:
        return np.full(len(table), np.inf)
    last = ledger.curves.groupby("number")["step"].max()
    end = table["number"].map(last).fillna(-1).to_numpy(dtype=float)
    return np.where(table["state"] == "COMPLETE", np.inf, end)


def redraws(
    bad: NDArray[np.bool_], end: NDArray[np.float64], count: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Redraw who fails under the null hypothesis of the module.

    Parameters
    ----------
    bad : array of bool, shape (trials,)
        Which trials failed, in order of time.
    end : array of float, shape (trials,)
        Last step that each trial came to.
    count : int
    rng : Generator

    Returns
    -------
    array of bool, shape (trials, count)
    """
    n = len(bad)
    blocks = np.arange(n) * max(1, min(6, n // BLOCK)) // max(n, 1)
    drawn = np.zeros((n, count), dtype=bool)
    columns_ = np.arange(count)
    failures = np.flatnonzero(bad)
    for i in failures[np.argsort(end[failures], kind="stable")]:
        risk = np.flatnonzero((blocks == blocks[i]) & (end >= end[i]))
        free = ~drawn[risk]  # who failed in a redraw cannot fail again in it
        pick = (rng.random(free.shape) * free).argmax(axis=0)
        drawn[risk[pick], columns_] = True
    return drawn


def _conditions(space: Space, table: pd.DataFrame) -> list[Condition]:
    found: list[Condition] = []
    for one in columns(space, table).values():
        found += _of_order(one, CUTS) if one.has_order else _of_choices(one)
    return found


def _of_choices(one: Column) -> Iterator[Condition]:
    for code in np.unique(one.x):
        yield _condition(one, "choice", one.parameter.choices[int(code)], one.x == code)


def _of_order(one: Column, cuts: int, side: str | None = None) -> Iterator[Condition]:
    """Yield conditions at bounds between the values that were tried, evenly many trials apart."""
    levels = np.unique(one.x)
    if len(levels) > cuts + 1:
        wanted = np.quantile(one.x, np.arange(1, cuts + 1) / (cuts + 1))
        starts = np.unique(np.clip(np.searchsorted(levels, wanted), 1, len(levels) - 1))
    else:
        starts = np.arange(1, len(levels))
    for start in starts:
        below, above = levels[start - 1], levels[start]
        if side != "low":
            yield _condition(one, "high", _bound(one, below, above, "high"), one.x >= above)
        if side != "high":
            yield _condition(one, "low", _bound(one, below, above, "low"), one.x <= below)


def _condition(one: Column, side: str, value: Any, met: NDArray[np.bool_]) -> Condition:
    mask = one.active.copy()
    mask[one.active] = met
    return Condition(one.name, side, value, mask)


def _bound(one: Column, below: float, above: float, side: str) -> Any:
    """Return the roundest value of a parameter that separates two positions."""
    spec, inner = one.parameter, above if side == "high" else below
    if spec.is_ladder:
        return spec.choices[round(inner * (len(spec.choices) - 1))]
    low, high = at_position(spec, below), at_position(spec, above)
    if spec.type == "int":
        return round(high if side == "high" else low)
    for digits in range(1, 16):
        value = float(f"{high if side == 'high' else low:.{digits}g}")
        if low < value <= high if side == "high" else low <= value < high:
            return value
    return high if side == "high" else low


def _ratios(n: int, hits: int) -> NDArray[np.float64]:
    """Tabulate the log likelihood ratio of ``k`` failures among ``m`` trials, shape (m, k).

    Against one rate for all `n` trials with `hits` failures; zero where the rate is not higher.
    """
    m, k = np.arange(n + 1)[:, None], np.arange(hits + 1)[None, :]

    def likelihood(k: NDArray[Any], m: NDArray[Any]) -> NDArray[Any]:
        share = np.clip(k / np.maximum(m, 1), 0, 1)
        return xlogy(k, share) + xlogy(m - k, 1 - share)

    possible = (k <= m) & (hits - k <= n - m)
    inside = likelihood(np.minimum(k, m), m)
    outside = likelihood(np.clip(hits - k, 0, n - m), n - m)
    whole = likelihood(np.array(hits), np.array(n))
    return np.where(possible & (k * n > hits * m), inside + outside - whole, 0.0)


def _search(
    conditions: list[Condition], labels: NDArray[np.bool_]
) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """Find the clearest region for each column of labels.

    Returns
    -------
    best : tuple of int
        Conditions of the clearest region for the first column; empty where there is none.
    clearest : array, shape (columns,)
        How clear the clearest region is, for each column.
    """
    best: tuple[int, ...] = ()
    clearest = np.zeros(labels.shape[1])
    if not conditions:
        return best, clearest
    n, hits = len(labels), int(labels[:, 0].sum())
    ratios = _ratios(n, hits)
    masks = np.array([condition.mask for condition in conditions], dtype=np.float32)
    marks = labels.astype(np.float32)
    owner = np.array([condition.name for condition in conditions])
    for i in range(len(masks)):
        # The first row is the condition alone, the others that and a later one.
        later = np.flatnonzero(owner[i + 1 :] != owner[i]) + i + 1
        both = np.vstack([masks[i], masks[i] * masks[later]])
        sizes = np.rint(both.sum(axis=1)).astype(int)
        counts = np.rint(both @ marks).astype(int)
        clear = ratios[sizes[:, None], counts]
        clear[1:] -= SECOND
        top = int(clear[:, 0].argmax())
        if clear[top, 0] > clearest[0] + 1e-9:
            best = (i,) if top == 0 else (i, int(later[top - 1]))
        clearest = np.maximum(clearest, clear.max(axis=0))
    return best, clearest


def _sharpened(
    chosen: list[Condition], space: Space, table: pd.DataFrame, bad: NDArray[np.bool_]
) -> list[Condition]:
    """Move each bound of a region to where it separates best, the other one held."""
    ratios = _ratios(len(bad), int(bad.sum()))
    cols = columns(space, table)
    for place in [*range(len(chosen)), *range(len(chosen))]:
        old = chosen[place]
        if old.side == "choice":
            continue
        others = [c.mask for i, c in enumerate(chosen) if i != place]
        rest = np.logical_and.reduce([np.ones(len(bad), dtype=bool), *others])

        def clear(condition: Condition, rest: NDArray[np.bool_] = rest) -> float:
            inside = condition.mask & rest
            return float(ratios[inside.sum(), bad[inside].sum()])

        finer = [c for c in _of_order(cols[old.name], len(bad), old.side) if c.mask.any()]
        best = max(finer, key=clear)
        if clear(best) > clear(old) + 1e-9:
            chosen = [*chosen[:place], best, *chosen[place + 1 :]]
    return chosen
