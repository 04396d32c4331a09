"""Studies of several objectives: one of them, or several that trials are ranked by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial, TrialState

from resweep.errors import InputError, closest
from resweep.sources.recorded import Recorded, altered
from resweep.sources.runs import Wanted

ATTRIBUTE = "objective_"  # user attributes that hold the values of objectives begin with this
SIGNS = {"min": ">=", "max": "<="}


def choose_objectives(study: Recorded, wanted: Sequence[Wanted]) -> Recorded:
    """Return a study of the objectives that are wanted.

    Each trial keeps the value of every other one as a user attribute ``objective_<name>``.

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
    every = range(len(study.objectives))
    others = [place for place in every if place in limited or place not in places]
    trials = [
        altered(
            t,
            values=None if t.values is None else [t.values[place] for place in places],
            user_attrs=_attrs(study, t, places, others),
        )
        for t in study.trials
    ]
    names = [study.objectives[place] for place in places]
    study = _constrained(study, limited)
    ranked = (
        f"ranked by {' and '.join(names)}: fronts of non-dominated trials, within a front by the "
        "hypervolume that each adds; 1 is the best value",
    )
    return study.replace(
        objectives=tuple(names),
        directions=tuple(study.directions[place] for place in places),
        trials=trials,
        notes=(*study.notes, *(ranked if len(names) > 1 else ())),
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


def _attrs(
    study: Recorded, trial: FrozenTrial, places: Sequence[int], others: Sequence[int]
) -> dict[str, Any]:
    """Return a trial's user attributes, with the objectives that do not count among them."""
    kept = {f"{ATTRIBUTE}{study.objectives[place]}" for place in places if place not in others}
    attrs = {name: value for name, value in trial.user_attrs.items() if name not in kept}
    if trial.values is not None:
        attrs |= {f"{ATTRIBUTE}{study.objectives[i]}": trial.values[i] for i in others}
    return attrs


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
