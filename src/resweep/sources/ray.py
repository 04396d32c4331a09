"""Ray Tune: the folder of an experiment.

Settings, results and states are read from its JSON files. The pickles beside them are never
loaded, nor the pickled values inside the state file.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from optuna.trial import TrialState

from resweep.errors import InputError
from resweep.sources.runs import Run, Runs, Wanted, early_stopped, flat, numbers_only

AUTOMATIC = {
    "timestamp",
    "done",
    "training_iteration",
    "time_this_iter_s",
    "time_total_s",
    "pid",
    "time_since_restore",
    "iterations_since_restore",
    "timesteps_total",
    "timesteps_since_restore",
    "episodes_total",
    "warmup_time",
    "should_checkpoint",
}
STATES = {"TERMINATED": TrialState.COMPLETE, "ERROR": TrialState.FAIL}


def is_experiment(folder: Path) -> bool:
    """Whether a folder is that of an experiment."""
    return any(folder.glob("experiment_state*.json")) or any(folder.glob("*/params.json"))


def read(folder: Path) -> Runs:
    """Read an experiment.

    Raises
    ------
    InputError
        If its files are damaged or name no trial.
    """
    state, problem = _state(folder)
    trials = sorted(folder.glob("*/params.json"), key=lambda path: _order(path.parent.name))
    if not trials:
        raise InputError("holds no trial with a params.json", where=str(folder))
    runs, searched = [], set()
    for path in trials:
        known = state.get(path.parent.name, {})
        searched |= {name.replace("/", ".") for name in known.get("evaluated_params") or {}}
        runs.append(_run(path, known.get("status")))
    notes = [problem] if problem else []
    stopped = early_stopped(runs)
    if any(run.state == TrialState.PRUNED for run in stopped):
        longest = max(steps for steps, _ in runs)
        notes.append(
            f"trials that ended before the longest, of {longest} steps, are read as pruned"
        )
    metric = state.get("", {}).get("_metric")
    return Runs(
        name=folder.resolve().name,
        source=str(folder),
        runs=stopped,
        searched=frozenset(searched) or None,
        objective=Wanted(metric) if isinstance(metric, str) else None,
        notes=tuple(notes),
    )


def _order(name: str) -> tuple[Any, ...]:
    """Sort trials by the number that their folder's name holds."""
    number = re.search(r"_(\d{5})_", name)
    return (int(number[1]) if number else 0, name)


def _state(folder: Path) -> tuple[dict[str, dict[str, Any]], str | None]:
    """Return what the newest state file says of each trial's folder, and of the experiment ("")."""
    files = sorted(folder.glob("experiment_state*.json"))
    if not files:
        return {}, "without its experiment_state file it is not known which trials failed"
    saved = _json(files[-1])
    found: dict[str, dict[str, Any]] = {"": saved.get("runner_data") or {}}
    for entry in saved.get("trial_data") or []:
        known = json.loads(entry[0]) if isinstance(entry, list) else entry
        found[str(known.get("relative_logdir"))] = known
    return found, None


def _run(path: Path, status: str | None) -> tuple[int, Run]:
    config = _settings(_json(path))
    notes: dict[str, Any] = {}
    curves: dict[str, list[tuple[int, float]]] = {}
    last: dict[str, float] = {}
    results = path.with_name("result.json")
    steps = 0
    for number, line in enumerate(_lines(results), 1):
        try:
            row = json.loads(line)
        except ValueError:
            break  # cut off by a kill
        steps = int(row.get("training_iteration") or number)
        row = {k: v for k, v in row.items() if k not in AUTOMATIC and k != "config"}
        last = numbers_only(flat(row, "/"))
        for name, value in last.items():
            curves.setdefault(name, []).append((steps, value))
    failed = path.with_name("error.txt").exists() or status == "ERROR"
    state = TrialState.FAIL if failed else STATES.get(status or "TERMINATED", TrialState.RUNNING)
    return steps, Run(config, last, state, curves, notes)


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    """Return settings, without those that Ray could only pickle."""
    return {
        name: value
        for name, value in flat(config).items()
        if not name.endswith("._type") and not (isinstance(value, str) and value.startswith("8005"))
    }


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except FileNotFoundError:
        return []


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read ({error})", where=str(path)) from None
    if not isinstance(found, dict):
        raise InputError("is not a mapping", where=str(path))
    return found
