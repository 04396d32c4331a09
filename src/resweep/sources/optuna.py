"""Finished Optuna studies as sweeps: a study becomes a space and a ledger."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from resweep.errors import InputError
from resweep.ledger.trials import Ledger
from resweep.sources.storage import from_environment, open_study, quiet
from resweep.space.inference import infer_space, plain_choice
from resweep.space.model import Space


def import_study(
    storage: str, name: str | None = None, *, space: Space | None = None
) -> tuple[Space, Ledger]:
    """Read a finished study.

    Parameters
    ----------
    storage : str
        URL of a database that Optuna knows, path of an SQLite file or of an Optuna journal file.
    name : str, optional
        Name of the study; needed if the storage holds several.
    space : Space, optional
        What the trials must fit; by default the space is inferred from what the trials recorded.

    Returns
    -------
    space : Space
    ledger : Ledger
        Its ``notes`` say what was inferred and what was left out.

    Raises
    ------
    InputError
        If the study cannot be read, has several objectives, has no finished trial, or does not fit
        `space`.
    """
    with quiet():
        study = open_study(storage, name)
        trials = study.get_trials(deepcopy=False)
    where = f"study {study.study_name}"
    if len(study.directions) > 1:
        raise InputError(
            f"has {len(study.directions)} objectives",
            where=where,
            mend="resweep refines one objective: store a study with the one that counts",
        )
    direction = study.direction.name.lower()
    finished = [t for t in trials if t.state.is_finished()]
    if not finished:
        raise InputError("has no finished trial", where=where, mend="let it run first")
    if space is None:
        found = infer_space(
            finished,
            study_name=study.study_name,
            direction=direction,
            n_trials=len(finished),
        )
        space, left_out, notes = found.space, found.left_out, found.notes
    elif space.direction != direction:
        raise InputError(f"is to {direction}, but the space says {space.direction}", where=where)
    else:
        left_out, notes = None, []
    records = []
    for trial in finished:
        record = _record(trial, space, where, left_out)
        if record is not None:
            records.append(record)
    notes += _notes(trials, left_out or {})
    ledger = Ledger.from_records(records, space)
    return space, dataclasses.replace(ledger, notes=tuple(notes))


def read_sweep(
    *, study: Mapping[str, Any], space: str | Path | None = None
) -> tuple[Space, Ledger]:
    """Read the finished study that stands for a sweep.

    Parameters
    ----------
    study : mapping
        ``storage`` or ``storage_env`` or ``csv``, and ``name``: see
        `resweep.workflow.configuration.Study`.
    space : path, optional
        The space of the study; a CSV needs it, of other studies it is inferred.

    Raises
    ------
    InputError
        See `import_study` and `Ledger.load`.
    """
    given = Space.load(space) if space is not None else None
    if study.get("csv") is not None:
        if given is None:
            raise InputError("a csv study needs its space", where=str(study["csv"]))
        return given, Ledger.load(study["csv"], given)
    storage = study.get("storage") or from_environment(study["storage_env"])
    return import_study(storage, study.get("name"), space=given)


def _record(
    trial: FrozenTrial, space: Space, where: str, left_out: dict[int, str] | None
) -> dict[str, Any] | None:
    """Return the record of a trial; None if it has no place in an inferred space.

    The reason is noted in `left_out`; without that, a trial that does not fit is an error.
    """
    if left_out is not None and trial.number in left_out:
        return None
    params: dict[str, Any] = {}
    failed = trial.state == TrialState.FAIL
    for name in sorted(trial.params, key=_order_in(space)):
        value = plain_choice(trial.params[name])
        if name in space:
            fits = space[name].contains(value) and space.is_active(name, params)
            if fits or not failed:  # a failed trial may have ended before it chose everything
                params[name] = space[name].cast(value) if fits else value
        elif left_out is None and (name not in space.fixed or space.fixed[name] != value):
            params[name] = value
    try:
        if not failed:
            space.check(params, where=f"{where}, trial {trial.number}")
    except InputError as error:
        if left_out is None:
            raise
        parameter = str(error.where).rpartition(", ")[2]
        left_out[trial.number] = f"{parameter} {error.what}"
        return None
    return {
        "number": trial.number,
        "value": None if failed else trial.value,
        "state": trial.state.name,
        "params": params,
        "user_attrs": trial.user_attrs,
        "curve": sorted(trial.intermediate_values.items()),
    }


def _order_in(space: Space):
    """Return a sorting key that puts names in the order of `space`, strangers last."""
    places = {name: place for place, name in enumerate(space.names)}
    return lambda name: places.get(name, len(places))


def _notes(trials: list[FrozenTrial], left_out: Mapping[int, str]) -> list[str]:
    """Say which trials were not taken over, reason by reason."""
    notes = []
    for state in (TrialState.RUNNING, TrialState.WAITING):
        numbers = [t.number for t in trials if t.state == state]
        if numbers:
            notes.append(f"{state.name.lower()} trials left out: {_enumerated(numbers)}")
    for reason in dict.fromkeys(left_out.values()):
        numbers = [number for number in left_out if left_out[number] == reason]
        notes.append(f"trials left out: {_enumerated(numbers)}: {reason}")
    if any(t.state == TrialState.PRUNED for t in trials):
        notes.append("a study does not record its pruner: add it to the space if it is to go on")
    return notes


def _enumerated(numbers: list[int], most: int = 10) -> str:
    more = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return ", ".join(map(str, sorted(numbers)[:most])) + more
