"""A sweep as an Optuna study: ``study.db``, which dashboards and Optuna open."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from resweep.ledger.cells import absent
from resweep.ledger.fronts import values_of
from resweep.ledger.trials import Ledger, parameters
from resweep.sources.storage import quiet
from resweep.space.constraints import SET, excesses
from resweep.space.model import Space
from resweep.sweep.history import directions

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
            directions=directions(ledger.space),
        )
        if ledger.space.objectives:
            study.set_metric_names(list(ledger.space.objectives))
        study.add_trials(list(_frozen_trials(ledger, timings, parent_space)))
        storage.engine.dispose()
        with contextlib.closing(sqlite3.connect(temporary)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        os.replace(temporary, path)


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
    declared = ledger.space.constraints
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
            values=_values(row, ledger.space),
            params=params,
            distributions={name: distributions[name] for name in params},
            user_attrs=attrs,
            intermediate_values=curves.get(number, {}),
            system_attrs={f"{SET}{k}": v for k, v in excesses(attrs, declared).items()},
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
            found[param.name] = CategoricalDistribution((*space[param.name].choices, *more))
        else:
            low, high = min(param.low, own.low), max(param.high, own.high)
            aligned = param.step == space[param.name].step and param.low == own.low
            wide = space[param.name].replace(
                low=low, high=high, log=own.log and low > 0, step=param.step if aligned else None
            )
            found[param.name] = wide.distribution()
    return found


def _values(row: Mapping[str, Any], space: Space) -> list[float] | None:
    if row["state"] == "FAIL":
        return None
    if space.objectives:
        return values_of(row, space)
    return None if absent(row["value"]) else [float(row["value"])]


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
