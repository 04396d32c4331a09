"""Tables of runs: CSV, Parquet, JSON lines, as notebooks and tracking tools export them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from optuna.trial import TrialState

from resweep.errors import InputError, closest
from resweep.sources.runs import HIGHER, LOWER, PROGRESS, Run, Runs, Wanted

SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json")

# What names of columns begin with where a tool keeps settings, metrics and the rest apart.
PARAMS = ("params_", "params.", "param_", "config/", "config.", "hparams/", "hparams.", "hp_")
METRICS = ("metrics.", "metrics/", "summary/", "summary.", "values_")
VALUES = ("value", "objective", "target", "mean_test_score")
STATES = ("state", "status", "State", "Status")
META = re.compile(
    r"(?i)^(unnamed: \d+|index|number|trial|trial_?id|trial_?number|run|run_?id|run_?name|id|name|"
    r"experiment_?(id|name|tag)|sweep|sweep_?(id|name)|user|group|tags|notes|description|created|"
    r"runtime|duration|updated|end time|hostname|host|github|git ?hash|gpu (count|type)|"
    r"agent|job ?type|commit|date|pid|node_ip|logdir|artifact_uri|(start|end)_time|"
    r"datetime_(start|complete)|timestamp|done|checkpoint_dir_name|_.*|user_attrs_.*|"
    r"system_attrs_.*|tags\..*|(mean|std|split\d+|rank)_.*(score|time))$"
)
STATE_WORDS = {
    TrialState.COMPLETE: (
        "complete",
        "completed",
        "finished",
        "terminated",
        "success",
        "done",
        "ok",
    ),
    TrialState.FAIL: ("fail", "failed", "crashed", "crash", "error", "killed", "preempted"),
    TrialState.PRUNED: ("pruned", "stopped", "early_stopped"),
    TrialState.RUNNING: ("running", "pending", "waiting", "scheduled", "queued"),
}
WORDS = {word: state for state, words in STATE_WORDS.items() for word in words}


@dataclass(frozen=True)
class Columns:
    """Which columns of a table hold what.

    Attributes
    ----------
    params : dict of str to str
        Columns of settings, and what these are called.
    metrics : dict of str to str
        The same of metrics.
    state : str or None
    attrs : tuple of str
        Columns kept as user attributes.
    """

    params: dict[str, str]
    metrics: dict[str, str]
    state: str | None
    attrs: tuple[str, ...] = ()


def read(path: Path, *, params: Sequence[str] = (), wanted: Sequence[Wanted] = ()) -> Runs:
    """Read a table with one row for each run.

    Parameters
    ----------
    path : Path
    params : sequence of str, optional
        Columns that are settings; by default they are guessed from their names.
    wanted : sequence of Wanted
        Columns that are objectives.

    Raises
    ------
    InputError
        If it is no table, or has no such columns.
    """
    table = _table(path)
    if table.empty:
        raise InputError("has no rows", where=str(path))
    columns, notes = assign(table, str(path), params, wanted)
    runs = [_run(row, columns) for row in table.to_dict("records")]
    only = "value" if list(columns.metrics.values()) == ["value"] else None
    return Runs(
        name=path.stem,
        source=str(path),
        runs=runs,
        objective=Wanted(only) if only else None,
        notes=tuple(notes),
    )


def _table(path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        elif path.suffix in (".jsonl", ".ndjson"):
            table = pd.json_normalize(pd.read_json(path, lines=True).to_dict("records"))
        elif path.suffix == ".json":
            table = pd.json_normalize(pd.read_json(path, orient="records").to_dict("records"))
        else:
            table = pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",")
    except ImportError:
        raise InputError(
            "pyarrow is needed to read Parquet", where=str(path), mend="run `pip install pyarrow`"
        ) from None
    except OSError as error:
        problem = error.strerror or "is damaged"
        raise InputError(f"cannot be read ({problem})", where=str(path)) from None
    except (ValueError, UnicodeDecodeError) as error:
        problem = (str(error).strip().splitlines() or ["no message"])[-1]
        raise InputError(f"is not a table ({problem[:200]})", where=str(path)) from None
    return table.rename(columns=lambda name: str(name).strip())


def assign(
    table: pd.DataFrame, where: str, params: Sequence[str], wanted: Sequence[Wanted]
) -> tuple[Columns, list[str]]:
    """Say which columns of a table hold what, with notes on what was guessed."""
    names = list(table.columns)
    state = next((c for c in STATES if c in names), None)
    metrics = _metrics(table, wanted, where)
    if params:
        chosen = {}
        for name in params:
            column = next((c for c in (name, *(p + name for p in PARAMS)) if c in names), None)
            if column is None:
                raise InputError(
                    f'the column "{name}" is missing{closest(name, names)}',
                    where=where,
                    mend=f"it has {', '.join(names[:20])}",
                )
            chosen[column] = _short(column)
        return Columns(chosen, metrics, state), []
    prefixed = {c: _short(c) for c in names if c.startswith(PARAMS) and c not in metrics}
    if prefixed:
        return Columns(prefixed, metrics, state, _kept_attrs(names)), []
    rest = [c for c in names if c not in metrics and c != state and not META.match(c)]
    numeric = {c for c in rest if pd.api.types.is_numeric_dtype(table[c])}
    passed = [c for c in rest if c in numeric and (_is_metric(c) or PROGRESS.match(c))]
    chosen = {c: c for c in rest if c not in passed}
    if not chosen:
        raise InputError(
            "no column looks like a setting", where=where, mend="name them with --params a,b,c"
        )
    notes = [f"{', '.join(chosen)}: taken as the settings; --params names others"]
    if passed:
        notes.append(f"{', '.join(passed)}: taken as outcomes, not as settings")
    return Columns(chosen, metrics, state, _kept_attrs(names)), notes


def _kept_attrs(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(c for c in names if c.startswith("user_attrs_"))


def _is_metric(name: str) -> bool:
    return bool(LOWER.search(name) or HIGHER.search(name))


def _short(column: str) -> str:
    prefix = next((p for p in PARAMS if column.startswith(p)), "")
    return column.removeprefix(prefix).replace("/", ".")


def _metrics(table: pd.DataFrame, wanted: Sequence[Wanted], where: str) -> dict[str, str]:
    """Return columns of numbers that may be objectives, and what they are called."""
    names = list(table.columns)
    found: dict[str, str] = {}
    for want in wanted:
        column = next(
            (c for c in (want.name, *(p + want.name for p in METRICS)) if c in names), None
        )
        if column is None:
            raise InputError(
                f'the column "{want.name}" is missing{closest(want.name, names)}',
                where=where,
                mend=f"it has {', '.join(names[:20])}",
            )
        if not pd.api.types.is_numeric_dtype(table[column]):
            raise InputError(f'the column "{want.name}" does not hold numbers', where=where)
        found[column] = want.name
    if found:
        return found
    numeric = [c for c in names if pd.api.types.is_numeric_dtype(table[c])]
    for prefix in METRICS:
        found |= {c: c.removeprefix(prefix) for c in numeric if c.startswith(prefix)}
    if found:
        return found
    for name in VALUES:
        if name in numeric:
            return {name: name}
    settings = tuple(PARAMS)
    likely = [c for c in numeric if _is_metric(c) and not c.startswith(settings)]
    likely = [c for c in likely if not META.match(c)]
    if not likely:
        raise InputError(
            "no column looks like an objective",
            where=where,
            mend=f"name it with --objective NAME:min or NAME:max; it has {', '.join(names[:20])}",
        )
    return {c: c for c in likely}


def _run(row: dict[str, Any], columns: Columns) -> Run:
    params = {
        name: _scalar(row[column]) for column, name in columns.params.items() if _there(row[column])
    }
    metrics = {
        name: float(row[column]) for column, name in columns.metrics.items() if _there(row[column])
    }
    state = TrialState.COMPLETE
    if columns.state is not None and isinstance(row[columns.state], str):
        word = row[columns.state].strip().removeprefix("TrialState.").lower()
        state = WORDS.get(word, TrialState.COMPLETE)
    attrs = {
        c.removeprefix("user_attrs_"): _scalar(row[c]) for c in columns.attrs if _there(row[c])
    }
    return Run(params, metrics, state, attrs=attrs)


def _there(value: Any) -> bool:
    if isinstance(value, list | dict):
        return True
    return not (value is None or value is pd.NA or value == "" or _is_nan(value))


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _scalar(value: Any) -> Any:
    """Return a plain value for one of NumPy's or pandas'."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)  # pandas writes whole numbers with gaps as floats
    return value
