"""Studies of several objectives: one of them, or all in one score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna._hypervolume import compute_hypervolume
from optuna.trial import TrialState

from resweep.errors import InputError, closest
from resweep.sources.recorded import Recorded, altered
from resweep.sources.runs import Wanted

SCORE = "score"
ATTRIBUTE = "objective_"  # user attributes that hold the values of objectives begin with this
SIGNS = {"min": ">=", "max": "<="}
REFERENCE = 1.1  # of the hypervolume, where 0..1 spans the values of each objective


def choose_objectives(study: Recorded, wanted: Sequence[Wanted]) -> Recorded:
    """Return a study of the one objective that is wanted, or of the score of several.

    Each trial keeps the value of every objective as a user attribute ``objective_<name>``.

    Parameters
    ----------
    study : Recorded
    wanted : sequence of Wanted
        By name, or by number from 0; none for a study of one objective. Those with a threshold
        become constraints on the user attribute.

    Raises
    ------
    InputError
        If there is no such objective, it is to be turned round, one must be named, or all have a
        threshold.
    """
    if not wanted and len(study.objectives) == 1:
        return study
    if not wanted:
        raise InputError(
            f"has {len(study.objectives)} objectives: {_listed(study)}",
            where=study.where,
            mend="choose one with --objective NAME, or rank by all with --objectives A:max B:min",
        )
    places = [_place(study, want) for want in wanted if not want.bounds]
    limited = {_place(study, want): want.bounds for want in wanted if want.bounds}
    if not places:
        raise InputError(
            "each of its objectives has a threshold",
            where=study.where,
            mend="name one without, which is to be optimised",
        )
    trials = study.trials
    if len(study.objectives) > 1:
        trials = [
            altered(t, user_attrs=t.user_attrs | _attrs(study, t.values)) for t in study.trials
        ]
    study = _constrained(study, limited)
    if len(places) == 1:
        (place,) = places
        return study.replace(
            objectives=(study.objectives[place],),
            directions=(study.directions[place],),
            trials=[altered(t, values=None if t.values is None else [t.values[place]])
                    for t in trials],
        )  # fmt: skip
    names = [study.objectives[place] for place in places]
    signs = [1.0 if study.directions[place] == "minimize" else -1.0 for place in places]
    complete = [t for t in trials if t.state == TrialState.COMPLETE]
    losses = np.array([[s * t.values[p] for s, p in zip(signs, places, strict=True)]
                       for t in complete], dtype=float).reshape(-1, len(places))  # fmt: skip
    scores = dict(zip((t.number for t in complete), pareto_scores(losses), strict=True))
    return study.replace(
        objectives=(SCORE,),
        directions=("maximize",),
        trials=[
            altered(t, values=[float(scores[t.number])] if t.number in scores else None)
            for t in trials
        ],
        notes=(
            *study.notes,
            f"ranked by {' and '.join(names)}: fronts of non-dominated trials, within a front by "
            "the hypervolume that each adds; 1 is the best score",
        ),
    )


def _constrained(study: Recorded, limited: Mapping[int, Mapping[str, float]]) -> Recorded:
    """Return a study with bounds on some of its objectives, by their place."""
    constraints, notes = {}, []
    complete = [t for t in study.trials if t.state == TrialState.COMPLETE]
    for place, bounds in limited.items():
        name = study.objectives[place]
        words = " and ".join(f"{SIGNS[side]} {bound:g}" for side, bound in bounds.items())
        low, high = bounds.get("min", -np.inf), bounds.get("max", np.inf)
        broken = sum(not low <= t.values[place] <= high for t in complete)
        constraints[f"{ATTRIBUTE}{name}"] = dict(bounds)
        notes.append(
            f"{name} {words} is a constraint, which {broken} of {len(complete)} complete trials "
            "violate"
        )
    return study.replace(constraints=constraints, notes=(*study.notes, *notes))


def _listed(study: Recorded) -> str:
    pairs = zip(study.objectives, study.directions, strict=True)
    return ", ".join(f"{name} ({direction})" for name, direction in pairs)


def _attrs(study: Recorded, values: Sequence[float] | None) -> dict[str, float]:
    if values is None:
        return {}
    return {f"{ATTRIBUTE}{n}": v for n, v in zip(study.objectives, values, strict=True)}


def _place(study: Recorded, want: Wanted) -> int:
    numbers = [str(i) for i in range(len(study.objectives))]
    known = study.objectives if want.name in study.objectives else numbers
    if want.name not in known:
        raise InputError(
            f'has no objective "{want.name}"{closest(want.name, study.objectives)}',
            where=study.where,
            mend=f"it has {_listed(study)}",
        )
    place = list(known).index(want.name)
    if not want.bounds and want.direction not in (None, study.directions[place]):
        raise InputError(
            f"is to {study.directions[place]} {want.name}, not to {want.direction} it",
            where=study.where,
        )
    return place


def pareto_scores(losses: NDArray[Any]) -> NDArray[Any]:
    """Score points of several losses: the best has 1, the scores are evenly spaced above 0.

    Points are ordered by the front of non-dominated points that they lie on (Deb et al. 2002),
    within a front by the hypervolume that each adds to it (Beume et al. 2007). Equal points have
    equal scores.

    Parameters
    ----------
    losses : array, shape (n, k)
        Smaller is better. What is infinite is behind (or before) all that is finite.

    Returns
    -------
    array, shape (n,)
    """
    n = len(losses)
    if n == 0:
        return np.zeros(0)
    distinct, inverse = np.unique(_scaled(losses), axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    front = fronts(distinct)
    added = np.zeros(len(distinct))
    for level in range(front.max() + 1):
        members = np.flatnonzero(front == level)
        added[members] = _contributions(distinct[members])
    order = np.lexsort((-added, front))
    place = np.empty(len(distinct))
    counts = np.bincount(inverse, minlength=len(distinct))[order]
    place[order] = np.cumsum(counts) - (counts + 1) / 2  # mean place of equal points
    return 1.0 - place[inverse] / n


def _scaled(losses: NDArray[Any]) -> NDArray[Any]:
    """Return losses on a scale where the finite ones of each objective span 0..1."""
    finite = np.isfinite(losses)
    low = np.where(finite, losses, np.inf).min(axis=0)
    high = np.where(finite, losses, -np.inf).max(axis=0)
    low, high = np.where(finite.any(axis=0), (low, high), 0.0)
    span = high / 2 - low / 2  # halved: the difference itself may overflow
    scaled = (losses / 2 - low / 2) / np.where(span > 0, span, 1.0)
    return np.clip(scaled, 1.0 - REFERENCE, REFERENCE)


def fronts(losses: NDArray[Any]) -> NDArray[np.int64]:
    """Return the number of the front that each of some distinct points lies on, 0 the best."""
    no_worse: Any = (losses[:, None] <= losses).all(axis=2)
    dominated = no_worse & (losses[:, None] < losses).any(axis=2)
    level = np.full(len(losses), -1)
    for front in range(len(losses)):
        left = level < 0
        if not left.any():
            break
        level[left & ~dominated[left].any(axis=0)] = front
    return level


def _contributions(front: NDArray[Any]) -> NDArray[Any]:
    reference = np.full(front.shape[1], REFERENCE)
    total = compute_hypervolume(front, reference)
    if len(front) == 1:
        return np.array([total])
    without = [
        compute_hypervolume(np.delete(front, i, axis=0), reference) for i in range(len(front))
    ]
    return total - np.array(without)
