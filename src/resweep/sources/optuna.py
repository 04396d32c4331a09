"""Sweeps and Optuna studies: a ledger becomes a study, a finished study a space and a ledger."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import os
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from resweep.errors import InputError
from resweep.ledger.trials import Ledger, absent, parameters
from resweep.sources.storage import from_environment, open_study
from resweep.space.inference import infer_space, plain_choice
from resweep.space.model import Space

# Optuna wants dates; a ledger has none. Trials follow each other from here on.
EPOCH = datetime.datetime(2000, 1, 1)
SECONDS_UNKNOWN = 1.0


def export_study(
    ledger: Ledger,
    path: str | Path,
    *,
    study_name: str | None = None,
    timings: pd.DataFrame | None = None,
    parent_space: Space | None = None,
) -> None:
    """Write a ledger as an Optuna study in SQLite, which ``optuna-dashboard`` opens.

    Equal ledgers give equal trials: no clock is read. The dates start at 2000-01-01 and only their
    differences mean something.

    Parameters
    ----------
    ledger : Ledger
    path : path
        The file appears whole or not at all; an older one is replaced.
    study_name : str, optional
        By default the name in the space.
    timings : DataFrame, optional
        ``number`` and ``seconds`` (how long a trial took); trials that it lacks last one second.
    parent_space : Space, optional
        Where the trials of ``ledger.outside`` were drawn from. Without it, their parameters stand
        in the user attributes ``params_<name>``.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with quiet(), tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        temporary = Path(folder) / "study.db"
        storage = _new_storage(temporary)
        study = optuna.create_study(
            study_name=study_name or ledger.space.study_name,
            storage=storage,
            direction=ledger.space.direction,
        )
        study.add_trials(list(_frozen_trials(ledger, timings, parent_space)))
        storage.engine.dispose()
        with contextlib.closing(sqlite3.connect(temporary)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        os.replace(temporary, path)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let Optuna's log speak of warnings only, and of no choices: lists among them are noted."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Choices for a categorical distribution")
            yield
    finally:
        optuna.logging.set_verbosity(before)


def _new_storage(path: Path) -> optuna.storages.RDBStorage:
    """Open a fresh SQLite storage that leaves flushing to the operating system."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, check_same_thread=False)
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=MEMORY")
        return connection

    return optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs={"creator": connect})


def _frozen_trials(
    ledger: Ledger, timings: pd.DataFrame | None, parent_space: Space | None
) -> Iterator[FrozenTrial]:
    """Yield the trials in the order of their numbers, those outside the space among them."""
    distributions = _distributions(ledger.space, parent_space)
    curves: dict[int, dict[int, float]] = {}
    for number, step, value in ledger.curves.itertuples(index=False):
        curves.setdefault(number, {})[step] = value
    seconds = (
        {} if timings is None else dict(zip(timings["number"], timings["seconds"], strict=True))
    )
    rows = [(row, False) for row in ledger.trials.to_dict("records")]
    rows += [(row, True) for row in ledger.outside.to_dict("records")]
    start = EPOCH
    for place, (row, stranger) in enumerate(sorted(rows, key=lambda pair: pair[0]["number"])):
        number = int(row["number"])
        attrs = _user_attrs(row)
        if number != place:
            attrs["number"] = number
        if not stranger:
            params = ledger.assignment(row)
        elif parent_space is not None:
            params = parameters(row, parent_space)
        else:
            params = {}
            attrs |= {k: v for k, v in row.items() if k.startswith("params_") and not absent(v)}
        took = seconds.get(number, SECONDS_UNKNOWN)
        end = start + datetime.timedelta(seconds=SECONDS_UNKNOWN if absent(took) else float(took))
        trial = create_trial(
            state=TrialState[row["state"]],
            value=_value(row),
            params=params,
            distributions={name: distributions[name] for name in params},
            user_attrs=attrs,
            intermediate_values=curves.get(number, {}),
        )
        trial.datetime_start, trial.datetime_complete = start, end
        start = end
        yield trial


def _distributions(space: Space, parent: Space | None) -> dict[str, BaseDistribution]:
    """Return one distribution per parameter that holds its values in both spaces.

    Optuna wants the choices of a parameter to be the same in all trials of a study.
    """
    found = {param.name: param.distribution() for param in space}
    for param in parent or ():
        own = found.get(param.name)
        if own is None:
            found[param.name] = param.distribution()
        elif param.choices is not None:
            more = [c for c in param.choices if not space[param.name].contains(c)]
            found[param.name] = CategoricalDistribution((*own.choices, *more))
        else:
            low, high = min(param.low, own.low), max(param.high, own.high)
            aligned = param.step == space[param.name].step and param.low == own.low
            wide = space[param.name].replace(
                low=low, high=high, log=own.log and low > 0, step=param.step if aligned else None
            )
            found[param.name] = wide.distribution()
    return found


def _value(row: Mapping[str, Any]) -> float | None:
    return None if row["state"] == "FAIL" or absent(row["value"]) else float(row["value"])


def _user_attrs(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the user attributes of a row as JSON values; lists and mappings are text in it."""
    found = {}
    for column, value in row.items():
        if not column.startswith("user_attrs_") or absent(value):
            continue
        value = value.item() if hasattr(value, "item") else value
        if isinstance(value, str) and value[:1] in ("[", "{"):
            with contextlib.suppress(ValueError):
                value = json.loads(value)
        found[column.removeprefix("user_attrs_")] = value
    return found


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
