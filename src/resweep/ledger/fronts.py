"""Ranks over several objectives: which trials no other beats in everything, and what they add.

The rank of a trial is its ``value`` where a space declares several objectives. Every table of
evidence, every rule and every proposal rests on it as on the value of one objective.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from resweep.space.constraints import violation, violations
from resweep.space.model import Space
from resweep.space.objectives import Objectives, signs

if TYPE_CHECKING:
    from resweep.ledger.trials import Ledger

REFERENCE = 1.1  # of the hypervolume, where 0..1 spans the values of each objective
VALUES = "values_"  # columns that hold the values of objectives begin with this; Optuna's own word


def as_losses(values: Iterable[Sequence[float]], objectives: Objectives) -> NDArray[Any]:
    """Return values turned so that smaller is better, shape (n, objectives)."""
    table = np.array(list(values), dtype=float).reshape(-1, len(objectives))
    return -table * np.array(signs(objectives))


def pareto_scores(losses: NDArray[Any], forbidden: Sequence[bool] = ()) -> NDArray[Any]:
    """Score points of several losses: the best has 1, the others are evenly spaced above 0.

    Points are ordered by the front of non-dominated points that they lie on (Deb et al. 2002),
    within a front by the hypervolume that each adds to it (Beume et al. 2007). Equal points have
    equal scores. What a constraint forbids stands behind everything else, and moves no front of it.

    Parameters
    ----------
    losses : array, shape (n, k)
        Smaller is better. What is infinite is behind (or before) all that is finite.
    forbidden : sequence of bool, shape (n,)
        By default none is.

    Returns
    -------
    array, shape (n,)
    """
    n, out = len(losses), np.zeros(len(losses), dtype=bool)
    if len(forbidden):
        out = np.asarray(forbidden, dtype=bool)
    place = np.zeros(n)
    place[~out] = _places(losses[~out])
    place[out] = (~out).sum() + _places(losses[out])
    return 1.0 - place / max(1, n)


def _places(losses: NDArray[Any]) -> NDArray[Any]:
    """Return the places of points in their order, from 0; equal points share the mean place."""
    if not len(losses):
        return np.zeros(0)
    distinct, inverse = np.unique(scaled(losses), axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    front, added = fronts(distinct), np.zeros(len(distinct))
    for level in range(front.max() + 1):
        members = np.flatnonzero(front == level)
        added[members] = contributions(distinct[members])
    order = np.lexsort((-added, front))
    place = np.empty(len(distinct))
    counts = np.bincount(inverse, minlength=len(distinct))[order]
    place[order] = np.cumsum(counts) - (counts + 1) / 2
    return place[inverse]


def scaled(losses: NDArray[Any]) -> NDArray[Any]:
    """Return losses on a scale where the finite ones of each objective span 0..1."""
    if not len(losses):
        return losses
    finite = np.isfinite(losses)
    low = np.where(finite, losses, np.inf).min(axis=0)
    high = np.where(finite, losses, -np.inf).max(axis=0)
    low, high = np.where(finite.any(axis=0), (low, high), 0.0)
    span = high / 2 - low / 2  # halved: the difference itself may overflow
    scaled = (losses / 2 - low / 2) / np.where(span > 0, span, 1.0)
    return np.clip(scaled, 1.0 - REFERENCE, REFERENCE)


def fronts(losses: NDArray[Any]) -> NDArray[np.int64]:
    """Return the number of the front that each of some points lies on, 0 the best."""
    no_worse: Any = (losses[:, None] <= losses).all(axis=2)
    dominated = no_worse & (losses[:, None] < losses).any(axis=2)
    level = np.full(len(losses), -1)
    for front in range(len(losses)):
        left = level < 0
        if not left.any():
            break
        level[left & ~dominated[left].any(axis=0)] = front
    return level


def hypervolume(losses: NDArray[Any]) -> float:
    """Return the volume that points with losses on 0..1 dominate, up to 1.1 in each objective.

    What lies beyond 1.1 counts as lying there.
    """
    from optuna._hypervolume import compute_hypervolume  # not above: no table of one value needs it

    if not len(losses):
        return 0.0
    reference = np.full(losses.shape[1], REFERENCE)
    return float(compute_hypervolume(np.minimum(losses, reference), reference))


def contributions(front: NDArray[Any]) -> NDArray[Any]:
    """Return what each point of a front adds to its hypervolume, losses on 0..1."""
    total = hypervolume(front)
    if len(front) == 1:
        return np.array([total])
    return total - np.array([hypervolume(np.delete(front, i, axis=0)) for i in range(len(front))])


def value_columns(space: Space) -> list[str]:
    """Return the columns that hold what trials gave: ``value``, or ``values_<name>`` of several."""
    return [f"{VALUES}{name}" for name in space.objectives] or ["value"]


def values_of(row: Mapping[str, Any], space: Space) -> list[float] | None:
    """Return the values of several objectives in a row of a table of trials, None without them."""
    values = [float(row[f"{VALUES}{name}"]) for name in space.objectives]
    return None if not values or any(map(math.isnan, values)) else values


def scored_records(records: Iterable[Mapping[str, Any]], space: Space) -> list[Mapping[str, Any]]:
    """Return records whose ``value`` is their rank, if the space has several objectives.

    Parameters
    ----------
    records : iterable of mapping
        With ``state``, ``values`` (None where there are none) and ``user_attrs``. Those of a block
        (``user_attrs["block"]``) are ranked among themselves: blocks are not on one level.
    space : Space
    """
    given = list(records)
    if not space.objectives:
        return given
    attrs = [record.get("user_attrs") or {} for record in given]
    scores = _ranks(
        [record.get("values") if record["state"] == "COMPLETE" else None for record in given],
        [violation(one, space.constraints) > 0 for one in attrs],
        [one.get("block") for one in attrs],
        space.objectives,
    )
    return [{**record, "value": score} for record, score in zip(given, scores, strict=True)]


def ranked(*ledgers: Ledger) -> list[Ledger]:
    """Return ledgers whose ``value`` is the rank of a trial among the trials of all of them.

    Ledgers of one objective come back as they are.
    """
    objectives = ledgers[0].space.objectives
    if not objectives:
        return list(ledgers)
    values: list[list[float] | None] = []
    forbidden: list[bool] = []
    blocks: list[Any] = []
    frames = [(ledger, frame) for ledger in ledgers for frame in (ledger.trials, ledger.outside)]
    for ledger, frame in frames:
        rows = frame.to_dict("records")
        values += [values_of(r, ledger.space) if r["state"] == "COMPLETE" else None for r in rows]
        forbidden += [v > 0 for v in violations(frame, ledger.space.constraints)]
        blocks += [row.get("user_attrs_block") for row in rows]
    scores = _ranks(values, forbidden, blocks, objectives)
    done, start = [], 0
    for _, frame in frames:
        own = scores[start : start + len(frame)]
        start += len(frame)
        column = [math.nan if score is None else score for score in own]
        done.append(frame.assign(value=column) if len(frame) else frame)
    pairs = zip(done[::2], done[1::2], strict=True)
    return [
        dataclasses.replace(ledger, trials=trials, outside=outside)
        for ledger, (trials, outside) in zip(ledgers, pairs, strict=True)
    ]


def _ranks(
    values: Sequence[Sequence[float] | None],
    forbidden: Sequence[bool],
    blocks: Sequence[Any],
    objectives: Objectives,
) -> list[float | None]:
    """Return the scores of trials, each block's among themselves; None where nothing is known."""
    groups: dict[str, list[int]] = {}
    for place, one in enumerate(values):
        if one is not None:
            groups.setdefault(str(blocks[place]), []).append(place)
    found: list[float | None] = [None] * len(values)
    for places in groups.values():
        losses = as_losses((values[i] or () for i in places), objectives)
        scores = pareto_scores(losses, [forbidden[i] for i in places])
        for place, score in zip(places, scores, strict=True):
            found[place] = float(score)
    return found
