"""Scores: what every trial that reported anything says, pruned ones included.

A pruner stops most trials of a sweep before they have a final value, and it stops them for their
values. To look at complete trials alone throws the others away and keeps a selected sample. Here
every trial with evidence gets a place among all of them, from the learning curves:

Walk the steps upward. At a step, the trials that reached it are ordered by their values there,
among the places that they hold. A trial that ends at this step without being complete keeps its
place; the others go on. In the end the complete trials are ordered by their final values among
the places that are left. So each trial is judged at the last step at which it can be compared.

Places are a function of learning curves alone. A parameter without an effect on these is
therefore independent of the places, if the sampler does not look at values, and rank tests on
places or scores hold their level whatever the pruner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from resweep.ledger.blocks import block_labels, levels

if TYPE_CHECKING:
    from resweep.ledger.trials import Ledger

NO_STEP = -1
FEW = 4  # complete trials that a quartile needs
SAME = 1e-9  # relative difference below which a value is the same figure


def trial_scores(ledger: Ledger) -> pd.DataFrame:
    """Score every trial of a sweep that says how good its parameters are.

    That is a complete trial with a finite value, one of any other state that reported a finite
    value (or diverged: reported one that is not), and one that is known to violate a constraint.
    A pruned trial that reported nothing, or whose last value has no step, is left out: a value
    of an unknown step can be compared with no other.

    Parameters
    ----------
    ledger : Ledger
        Trials and learning curves of one sweep.

    Returns
    -------
    DataFrame
        One row per trial, by number: ``number`` (int64), ``state``, ``place`` (float64, 0..n-1
        among these trials, larger is better, ties averaged), ``score`` (float64, in units of the
        objective, larger is better, never falling with ``place``), ``step`` (int64, the last one
        reported, -1 if none), ``complete`` (bool), ``feasible`` (bool, true where nothing is
        known). In a sweep of blocks also ``block`` and ``level``, what its block adds to the
        score: it is taken out.

    Notes
    -----
    The score of a feasible complete trial is its value, its sign turned for a minimised
    objective. The others' are interpolated between these by place. Below the lowest of these the
    score falls linearly in the normal quantile of the place (Blom 1958), with the slope that the
    complete trials have there, and by their own range at the most. Without any feasible complete
    trial, the last reported values are given to the places in their order.

    No trial that is not complete stands above the best feasible complete one: the pruner may have
    been wrong about it, but nothing says so.

    Trials that violate a constraint stand below all that do not, by their total violation, as in
    Optuna (Deb 2000, "An efficient constraint handling method for genetic algorithms").

    Trials of different blocks are compared by how far they stand from the median of their block.
    """
    labels = block_labels(ledger.trials)
    return _of_one_block(ledger) if labels is None else _of_blocks(ledger, labels)


def _of_blocks(ledger: Ledger, labels: NDArray[Any]) -> pd.DataFrame:
    """Score each block by itself, then bring all blocks to the level of the average one."""
    parts = []
    for label in np.unique(labels):
        trials = ledger.trials[labels == label].reset_index(drop=True)
        curves = ledger.curves[ledger.curves["number"].isin(trials["number"])]
        mine = replace(ledger, trials=trials, curves=curves.reset_index(drop=True))
        parts.append(_of_one_block(mine).assign(block=label))
    table = pd.concat(parts).sort_values("number", kind="stable").reset_index(drop=True)
    able = table["feasible"].to_numpy()
    score = table["score"].to_numpy(dtype=float)
    level = levels(score, table["block"].to_numpy(), able & table["complete"].to_numpy())
    score = score - level
    if able.any():
        score = np.where(able, score, np.minimum(score, np.nextafter(score[able].min(), -np.inf)))
    place = np.where(able, (~able).sum(), 0.0)
    for some in (able, ~able):
        place[some] += rankdata(score[some]) - 1
    return table.assign(score=score, place=place, level=level)


def _of_one_block(ledger: Ledger) -> pd.DataFrame:
    trials = ledger.trials
    order = np.argsort(trials["number"].to_numpy(), kind="stable")
    number = trials["number"].to_numpy(dtype=np.int64)[order]
    value = ledger.space.sign * trials["value"].to_numpy(dtype=float)[order]
    state = trials["state"].to_numpy(dtype=object)[order]
    complete = (state == "COMPLETE") & np.isfinite(value)
    violation = np.nan_to_num(ledger.violation[order])
    infeasible = violation > 0
    curves = _Curves.of(ledger, number, complete, value)
    kept = complete | curves.any | infeasible
    judged = kept & ~infeasible
    place = np.full(len(number), np.nan)
    place[judged] = _places(curves.of_trials(judged), value[judged], complete[judged])
    place[judged] += infeasible.sum()
    if infeasible.any():
        place[infeasible] = rankdata(-violation[infeasible]) - 1
    last = np.where(infeasible, -np.inf, curves.last_value)
    score = _scores(place[kept], (complete & ~infeasible)[kept], value[kept], last[kept])
    return pd.DataFrame(
        {
            "number": number[kept],
            "state": state[kept],
            "place": place[kept],
            "score": score,
            "step": curves.last_step[kept],
            "complete": complete[kept],
            "feasible": ~infeasible[kept],
        }
    )


@dataclass(frozen=True)
class _Curves:
    """Learning curves of trials, one behind the other.

    Attributes
    ----------
    steps, values : array, shape (reports,)
        Steps ascending within a trial; values larger is better, what diverged as -inf.
    low, high : array of int, shape (trials,)
        Where the reports of each trial begin and end.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]

    @classmethod
    def of(
        cls, ledger: Ledger, number: NDArray[Any], complete: NDArray[Any], value: NDArray[Any]
    ) -> _Curves:
        """Return the curves of trials, in the order of `number`.

        Where the final values are the best of each curve rather than the last, so are the values
        at each step: a pruned trial is then judged by what it would have been worth.
        """
        table = ledger.curves.sort_values(["number", "step"], kind="stable")
        owner = table["number"].to_numpy(dtype=np.int64)
        values = ledger.space.sign * table["value"].to_numpy(dtype=float)
        found = cls(
            table["step"].to_numpy(dtype=np.int64),
            np.where(np.isfinite(values), values, -np.inf),
            np.searchsorted(owner, number, "left"),
            np.searchsorted(owner, number, "right"),
        )
        ended = complete & found.any
        best = pd.Series(found.values).groupby(owner).cummax().to_numpy()
        final = best[found.high[ended] - 1]
        near = SAME * np.maximum(np.abs(value[ended]), SAME)
        ends_at_best = (np.abs(value[ended] - final) <= near).all()
        if ends_at_best and (final > found.last_value[ended] + near).any():
            return replace(found, values=best)
        return found

    @property
    def any(self) -> NDArray[np.bool_]:
        """Which trials reported anything."""
        return self.high > self.low

    @property
    def last_step(self) -> NDArray[np.int64]:
        """Last step of each trial, -1 where it reported nothing."""
        return self._last(self.steps, NO_STEP)

    @property
    def last_value(self) -> NDArray[np.float64]:
        """Value at the last step of each trial, NaN where it reported nothing."""
        return self._last(self.values, np.nan)

    def _last(self, column: NDArray[Any], nothing: float) -> NDArray[Any]:
        return np.where(self.any, np.append(column, nothing)[self.high - 1], nothing)

    def of_trials(self, mask: NDArray[Any]) -> _Curves:
        """Return the curves of some of the trials."""
        return replace(self, low=self.low[mask], high=self.high[mask])

    def at(self, step: int) -> NDArray[np.float64]:
        """Values of trials that reported: the last at or before a step, else the first of all."""
        low, high = self.low, self.high  # by bisection: steps ascend within a trial
        while (open_ := low < high).any():
            middle = (low + high) // 2
            early = open_ & (self.steps[np.minimum(middle, len(self.steps) - 1)] <= step)
            low, high = np.where(early, middle + 1, low), np.where(open_ & ~early, middle, high)
        return self.values[np.maximum(low - 1, self.low)]


def _places(curves: _Curves, value: NDArray[Any], complete: NDArray[Any]) -> NDArray[np.float64]:
    """Places of trials among each other, by the walk that the module describes."""
    has_curve, last = curves.any, curves.last_step
    place = np.full(len(value), np.nan)
    going = np.flatnonzero(has_curve)
    held = np.arange(len(going), dtype=float)
    # The order at a step forgets that of the steps before; so only those count where one leaves.
    for step in np.unique(last[has_curve & ~complete]):
        leaves = ~complete[going] & (last[going] == step)
        place[going[leaves]], held = _part(curves.of_trials(going).at(step), leaves, held)
        going = going[~leaves]
    place[going] = _tied(value[going], held)
    if len(going):  # who left above the best complete trial goes just below it
        top = place[going].max()
        above = has_curve & ~complete & (place > top)
        place[above] = top - 0.5 + 0.2 * _fractions(place[above])
    return rankdata(_merge(place, value, complete, has_curve)) - 1


def _part(
    here: NDArray[Any], leaves: NDArray[Any], held: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Share the places held among those who leave and those who stay, by their values here.

    Those who leave and are equal get the mean of their places. Those who stay need no order yet:
    of the places of equal trials they get as many as they are, evenly spread.

    Returns
    -------
    left : array of float
        Places of those who leave.
    kept : array of float
        Places for those who stay, ascending.
    """
    _, group, size = np.unique(here, return_inverse=True, return_counts=True)
    start = np.cumsum(size) - size
    means = np.add.reduceat(held, start) / size
    staying = size - np.bincount(group[leaves], minlength=len(size))
    which = np.repeat(np.arange(len(size)), staying)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(staying) - staying, staying)
    spread = ((nth + 0.5) / staying[which] * size[which]).astype(np.int64)
    return means[group[leaves]], held[start[which] + spread]


def _tied(values: NDArray[Any], held: NDArray[Any]) -> NDArray[np.float64]:
    """Give the places held to values in their order; equal values share the mean."""
    if not len(values):
        return held
    _, group = np.unique(values, return_inverse=True)
    shared = np.empty(len(values))
    shared[np.argsort(values, kind="stable")] = held
    return (np.bincount(group, shared) / np.bincount(group))[group]


def _fractions(values: NDArray[Any]) -> NDArray[np.float64]:
    """Ranks within 0..1, ties averaged."""
    return (rankdata(values) - 0.5) / max(1, len(values))


def _merge(
    place: NDArray[Any], value: NDArray[Any], complete: NDArray[Any], has_curve: NDArray[Any]
) -> NDArray[np.float64]:
    """Set complete trials without a learning curve among the others, by their final values.

    They stand just below the next better complete trial that has a curve, so above whatever was
    pruned between. If no complete trial has a curve, all of them stand above all that is pruned.
    """
    bare, known = complete & ~has_curve, complete & has_curve
    if not bare.any():
        return place
    if not known.any():
        found = place - len(place)
        found[bare] = rankdata(value[bare])
        return found
    order = np.argsort(value[known], kind="stable")
    levels, places = value[known][order], place[known][order]
    found = place.copy()
    at = np.searchsorted(levels, value[bare], "left")
    nearest = np.minimum(at, len(levels) - 1)
    equal = levels[nearest] == value[bare]
    within = 0.2 * _fractions(value[bare])
    found[bare] = np.where(
        at < len(levels), places[nearest] - 0.25 + within, places[-1] + 1 + within
    )
    found[bare] = np.where(equal, places[nearest], found[bare])
    return found


def _scores(
    place: NDArray[Any], anchor: NDArray[Any], value: NDArray[Any], last: NDArray[Any]
) -> NDArray[np.float64]:
    """Put places on the scale of the values of the `anchor` trials, which keep their own."""
    n = len(place)
    if not anchor.any():
        finite = last[np.isfinite(last)]
        if not finite.size:
            return place.copy()
        ladder = np.sort(np.where(np.isfinite(last), last, finite.min() - (_spread(last) or 1.0)))
        return np.interp(place, np.arange(n), ladder)
    x, y = _anchors(place[anchor], value[anchor])
    found = np.interp(place, x, y)
    found[anchor] = value[anchor]
    below = place < x[0]
    if below.any():
        z, mine = (ndtri((p + 1 - 0.375) / (n + 0.25)) for p in (x, place[below]))
        spread = np.ptp(y) or _spread(last) or 1.0
        slope = _slope(z, y) or spread
        drop = z[0] - mine
        found[below] = y[0] - drop * min(slope, spread / drop.max())
    return found


def _anchors(place: NDArray[Any], value: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Places in ascending order, each once, with the values there."""
    x, index = np.unique(place, return_index=True)
    return x, value[index]


def _slope(z: NDArray[Any], y: NDArray[Any]) -> float:
    """Units of the value per normal quantile: of the middle half, of all where they are few."""
    if len(z) >= FEW:
        (z_low, z_high), (y_low, y_high) = (
            np.quantile(z, (0.25, 0.75)),
            np.quantile(y, (0.25, 0.75)),
        )
        if y_high > y_low:
            return (y_high - y_low) / (z_high - z_low)
    return np.ptp(y) / np.ptp(z) if len(z) > 1 else 0.0


def _spread(last: NDArray[Any]) -> float:
    """Range of the last reported values."""
    finite = last[np.isfinite(last)]
    return float(np.ptp(finite)) if finite.size else 0.0
