"""A finished study as a sweep: whatever tool it came from, it becomes a space and a ledger."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from resweep.errors import InputError, closest
from resweep.ledger.fronts import scored_records
from resweep.ledger.trials import Ledger
from resweep.sources import hydra, mlflow, ray, table, wandb
from resweep.sources import optuna as optuna_source
from resweep.sources.eras import Era, largest, split_eras
from resweep.sources.kinds import KINDS, recognise
from resweep.sources.objectives import choose_objectives
from resweep.sources.recorded import WHOLE, Recorded, as_blocks
from resweep.sources.runs import Runs, Wanted, to_study
from resweep.sources.storage import from_environment
from resweep.space.constraints import SET
from resweep.space.inference import infer_space, plain_choice
from resweep.space.model import Space
from resweep.space.objectives import described


@dataclasses.dataclass(frozen=True)
class Imported:
    """What an import made of a study.

    Attributes
    ----------
    space : Space
    ledger : Ledger
        Its ``notes`` say what was assumed and what was left out.
    n_finished : int
        Trials that had ended in the study.
    eras : list of Era
        The parts between which its parameters changed; see `resweep.sources.eras`.
    era : int
        Which of them this is, counted from 1.
    """

    space: Space
    ledger: Ledger
    n_finished: int
    eras: list[Era]
    era: int

    @property
    def n_kept(self) -> int:
        """How many of the finished trials are in the ledger."""
        return len(self.ledger.trials) + len(self.ledger.outside)


FOLDERS = {"wandb": wandb.read, "ray": ray.read, "hydra": hydra.read}


def import_study(
    storage: str, name: str | None = None, *, space: Space | None = None, era: int | None = None
) -> tuple[Space, Ledger]:
    """Read a finished Optuna study.

    Parameters
    ----------
    storage : str
        URL of a database that Optuna knows, path of an SQLite file or of an Optuna journal file.
    name : str, optional
        Name of the study, needed if the storage holds several; or a pattern such as ``fold_*``,
        whose studies are read together as blocks.
    space : Space, optional
        What the trials must fit; by default the space is inferred from what the trials recorded.
    era : int, optional
        Which part of a study whose parameters changed, from 1; by default the largest.

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
    studies = [choose_objectives(study, ()) for study in optuna_source.read(storage, name)]
    found = to_sweep(joined(studies), space=space, era=era)
    return found.space, found.ledger


def read(
    source: str,
    *,
    study: str | None = None,
    kind: str | None = None,
    objectives: Sequence[str] = (),
    params: Sequence[str] = (),
    sweep: str | Path | None = None,
) -> list[Recorded]:
    """Read the studies of a source that are meant.

    Parameters
    ----------
    source : str
        URL of a storage, or path of a file or folder of a known kind (`resweep.sources.kinds`).
    study : str, optional
        Name of the study or experiment, or a pattern for several.
    kind : str, optional
        Of the source; by default recognised.
    objectives : sequence of str
        What counts, as ``NAME`` or ``NAME:min`` or ``NAME:max``; of a study that Optuna recorded,
        the name or the number of an objective.
    params : sequence of str
        Columns of a table that are settings; by default guessed.
    sweep : path, optional
        Configuration of the W&B sweep that a table was exported from.

    Raises
    ------
    InputError
        If the source cannot be read, or does not hold what is meant.
    """
    kind = kind or recognise(source)
    wanted = [Wanted.parse(text) for text in objectives]
    if kind == "optuna":
        return [choose_objectives(s, wanted) for s in optuna_source.read(source, study)]
    path = Path(source.removeprefix("sqlite:///"))
    if kind == "table":
        found = [_table(path, wanted, params, sweep)]
    elif kind == "mlflow":
        found = mlflow.read(path, study)
    elif kind in FOLDERS:
        found = [FOLDERS[kind](path)]
    else:
        raise InputError(
            f'the kind "{kind}" is not known{closest(kind, KINDS)}',
            mend=f"use one of {', '.join(KINDS)}",
        )
    return [choose_objectives(to_study(runs, wanted), wanted) for runs in found]


def _table(
    path: Path, wanted: list[Wanted], params: Sequence[str], sweep: str | Path | None
) -> Runs:
    """Read a table; what the configuration of its W&B sweep says goes before what it shows."""
    if sweep is None:
        return table.read(path, params=params, wanted=wanted)
    domains, objective, notes = wandb.read_sweep(Path(sweep))
    known: dict[str, Any] = {n: d for n, d in domains.items() if d is not None}
    constants = {n: d.choices[0] for n, d in known.items() if d.single() and n not in params}
    names = params or [n for n in domains if n not in constants]
    found = table.read(path, params=names, wanted=wanted or ([objective] if objective else []))
    runs = [dataclasses.replace(run, params={**constants, **run.params}) for run in found.runs]
    return dataclasses.replace(
        found,
        runs=runs,
        domains=known,
        objective=objective or found.objective,
        notes=(*found.notes, *notes),
    )


def read_all(source: str, **options: Any) -> list[Recorded]:
    """Read every study of a source, with the options of `read`."""
    if recognise(source) == "optuna":
        return optuna_source.read_all(source)
    if recognise(source) == "mlflow":
        wanted = [Wanted.parse(text) for text in options.get("objectives", ())]
        path = Path(source.removeprefix("sqlite:///"))
        return [to_study(runs, wanted) for runs in mlflow.read_all(path)]
    return read(source, **options)


def joined(studies: Sequence[Recorded]) -> Recorded:
    """Return one study, or several as its blocks."""
    return studies[0] if len(studies) == 1 else as_blocks(studies)


def to_sweep(study: Recorded, *, space: Space | None = None, era: int | None = None) -> Imported:
    """Turn a study into a space and a ledger.

    Of several objectives, the ``value`` of the ledger is the rank (`resweep.ledger.fronts`).

    Parameters
    ----------
    study : Recorded
    space : Space, optional
        What the trials must fit; by default it is inferred.
    era : int, optional
        Which era of the study, from 1; by default the largest.

    Raises
    ------
    InputError
        If it has no finished trial, no such era, none whose trials can be
        kept, or does not fit `space`.
    """
    where = study.where
    several = len(study.objectives) > 1
    objectives = dict(zip(study.objectives, study.directions, strict=True)) if several else {}
    direction = "maximize" if several else study.directions[0]
    finished = study.finished
    if not finished:
        raise InputError("has no finished trial", where=where, mend="let it run first")
    notes = list(study.notes)
    if space is None:
        eras = split_eras(finished)
        place = _place(eras, era, where)
        trials = eras[place].trials
        notes += _era_notes(eras, place, finished)
        found = infer_space(
            trials,
            study_name=study.name,
            direction=direction,
            n_trials=len(trials),
        )
        space, left_out = found.space.replace(objectives=objectives), found.left_out
        if study.constraints:
            space = space.replace(constraints=study.constraints)
        notes += found.notes
        if study.ladders:
            space = _with_ladders(space, study.ladders)
    elif (space.direction, list(space.objectives.items())) != (direction, list(objectives.items())):
        goal = described(objectives) if several else direction
        raise InputError(f"is to {goal}, but the space says {space.goal}", where=where)
    else:
        trials, left_out, eras, place = finished, None, [Era(finished, space.names)], 0
    records = []
    for trial in trials:
        record = _record(trial, space, where, left_out)
        if record is not None:
            records.append(record)
    if not any(TrialState[r["state"]] in WHOLE for r in records) and any(
        t.state in WHOLE for t in trials
    ):
        reasons = "; ".join(dict.fromkeys((left_out or {}).values()))
        raise InputError(
            f"none of its {len(trials)} trials can be kept: {reasons}",
            where=where,
            mend="give the space that it was searched in with --space",
        )
    notes += _notes(study, left_out or {})
    ledger = Ledger.from_records(scored_records(records, space), space)
    ledger = dataclasses.replace(ledger, notes=tuple(notes))
    return Imported(space, ledger, len(finished), eras, place + 1)


def read_sweep(
    *, study: Mapping[str, Any], space: str | Path | None = None
) -> tuple[Space, Ledger]:
    """Read the finished study that stands for a sweep.

    Parameters
    ----------
    study : mapping
        ``source``, ``storage``, ``storage_env`` or ``csv``, and how to read it: see
        `resweep.workflow.configuration.Study`.
    space : path, optional
        The space of the study; a ledger (``csv``) needs it, of other studies it is inferred.

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
    source = study.get("source") or study.get("storage")
    one = study.get("objective")
    studies = read(
        source or from_environment(study["storage_env"]),
        study=study.get("name"),
        kind=study.get("kind") or (None if study.get("source") else "optuna"),
        objectives=study.get("objectives") or ([one] if one else []),
        params=study.get("params") or (),
        sweep=study.get("sweep"),
    )
    found = to_sweep(joined(studies), space=given, era=study.get("era"))
    return found.space, found.ledger


def _place(eras: Sequence[Era], era: int | None, where: str) -> int:
    if era is None:
        return largest(eras)
    if not 1 <= era <= len(eras):
        raise InputError(f"has {len(eras)} eras, so none is number {era}", where=where)
    return era - 1


def _era_notes(eras: Sequence[Era], place: int, finished: Sequence[FrozenTrial]) -> list[str]:
    if len(eras) == 1:
        return []
    notes = [
        f"the parameters changed during the study: it has {len(eras)} eras, of which this is "
        f"number {place + 1}; --era reads another"
    ]
    notes += [f"era {i}: {era.describe()}" for i, era in enumerate(eras, 1)]
    placed = {t.number for era in eras for t in era.trials}
    homeless = [t.number for t in finished if t.number not in placed]
    if homeless:
        notes.append(f"trials of no era, too few of their parameters: {_enumerated(homeless)}")
    return notes


def _with_ladders(space: Space, ladders: frozenset[str]) -> Space:
    params = tuple(
        p.replace(ordered=True) if p.name in ladders and p.choices is not None else p for p in space
    )
    return space.replace(params=params)


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
        **_values(None if failed else trial.values, space),
        "state": trial.state.name,
        "params": params,
        "user_attrs": trial.user_attrs | {f"{SET}{k}": v for k, v in trial.constraints.items()},
        "curve": sorted(trial.intermediate_values.items()),
    }


def _values(values: Sequence[float] | None, space: Space) -> dict[str, Any]:
    """Return what a record says of the value of a trial, or of its values."""
    if space.objectives:
        return {"value": None, "values": values}
    return {"value": None if values is None else values[0]}


def _order_in(space: Space) -> Callable[[str], int]:
    """Return a sorting key that puts names in the order of `space`, strangers last."""
    places = {name: place for place, name in enumerate(space.names)}
    return lambda name: places.get(name, len(places))


def _notes(study: Recorded, left_out: Mapping[int, str]) -> list[str]:
    """Say which trials were not taken over, reason by reason."""
    notes = []
    for state in (TrialState.RUNNING, TrialState.WAITING):
        numbers = [t.number for t in study.trials if t.state == state]
        if numbers:
            notes.append(f"{state.name.lower()} trials left out: {_enumerated(numbers)}")
    for reason in dict.fromkeys(left_out.values()):
        numbers = [number for number in left_out if left_out[number] == reason]
        notes.append(f"trials left out: {_enumerated(numbers)}: {reason}")
    if not study.keeps_pruner and any(t.state == TrialState.PRUNED for t in study.trials):
        notes.append("a study does not record its pruner: add it to the space if it is to go on")
    return notes


def _enumerated(numbers: list[int], most: int = 10) -> str:
    more = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return ", ".join(map(str, sorted(numbers)[:most])) + more
