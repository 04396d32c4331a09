"""Hydra: the folder of a multirun.

What was overridden stands in each job's ``.hydra/overrides.yaml``. Hydra keeps no results: they
are read from the JSON, YAML and CSV files that the jobs wrote into their folders.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

from resweep.errors import InputError
from resweep.sources.runs import Run, Runs, flat, numbers_only

STEPS = ("step", "epoch", "iteration", "iter", "trainer/global_step")
INTERVAL = re.compile(r"^(tag\(\s*log\s*,\s*)?interval\(\s*([^,()]+)\s*,\s*([^,()]+)\s*\)\)?$")
INT_INTERVAL = re.compile(r"^int\((.*)\)$")


def is_multirun(folder: Path) -> bool:
    """Whether a folder is that of a multirun."""
    return any(folder.glob("*/.hydra/overrides.yaml"))


def read(folder: Path) -> Runs:
    """Read a multirun.

    Raises
    ------
    InputError
        If a file is damaged, or no job left a number in a file.
    """
    jobs = sorted((p.parent.parent for p in folder.glob("*/.hydra/overrides.yaml")), key=_order)
    runs = [_run(job) for job in jobs]
    if not any(run.metrics for run in runs):
        raise InputError(
            "its jobs left no result: Hydra itself keeps none",
            where=str(folder),
            mend="let each job write its metrics as JSON, YAML or CSV into its folder",
        )
    return Runs(
        name=folder.resolve().name,
        source=str(folder),
        runs=runs,
        domains=_domains(folder / "multirun.yaml"),
        notes=("jobs without a result are read as failed",)
        if any(not run.metrics for run in runs)
        else (),
    )


def _order(job: Path) -> tuple[Any, ...]:
    return (0, int(job.name), "") if job.name.isdigit() else (1, 0, job.name)


def _run(job: Path) -> Run:
    overrides = _yaml(job / ".hydra/overrides.yaml") or []
    params: dict[str, Any] = {}
    for override in overrides:
        name, _, text = str(override).partition("=")
        if not name.startswith("~"):
            params[name.lstrip("+")] = _value(text)
    metrics: dict[str, float] = {}
    curves: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(p for p in job.iterdir() if p.is_file()):
        if path.suffix == ".csv":
            for name, curve in _curves(path).items():
                curves[name] = curve
                metrics.setdefault(name, curve[-1][1])
        elif path.suffix in (".json", ".yaml", ".yml"):
            found = _json(path) if path.suffix == ".json" else _yaml(path)
            if isinstance(found, dict):
                metrics |= numbers_only(flat(found))
    state = TrialState.COMPLETE if metrics else TrialState.FAIL
    return Run(params, metrics, state, curves, {"job": job.name})


def _curves(path: Path) -> dict[str, list[tuple[int, float]]]:
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError):
        return {}
    step = next((c for c in STEPS if c in table), None)
    steps = table[step].tolist() if step else list(range(len(table)))
    found = {}
    for name in table.columns:
        if name != step and pd.api.types.is_numeric_dtype(table[name]):
            pairs = zip(steps, table[name].tolist(), strict=True)
            curve = [(int(s), float(v)) for s, v in pairs if pd.notna(s) and pd.notna(v)]
            if curve:
                found[str(name)] = curve
    return found


def _domains(path: Path) -> dict[str, BaseDistribution]:
    """Return the ranges that the command line of a multirun names."""
    if not path.exists():
        return {}
    found: dict[str, BaseDistribution] = {}
    settings = _yaml(path) or {}
    hydra = settings.get("hydra") or {} if isinstance(settings, dict) else {}
    given = list((hydra.get("overrides") or {}).get("task") or [])
    given += [f"{k}={v}" for k, v in ((hydra.get("sweeper") or {}).get("params") or {}).items()]
    for override in map(str, given):
        name, _, text = override.partition("=")
        whole = INT_INTERVAL.match(text.strip())
        match = INTERVAL.match((whole[1] if whole else text).strip())
        if not match:
            listed = _listed(text.strip())
            if len(listed) > 1:
                found[name.strip().lstrip("+")] = CategoricalDistribution(listed)
            continue
        low, high = float(match[2]), float(match[3])
        kind: Any = IntDistribution if whole else FloatDistribution
        number = int if whole else float
        found[name.strip().lstrip("+")] = kind(number(low), number(high), log=bool(match[1]))
    return found


def _listed(text: str) -> list[Any]:
    """Return the values of a sweep such as ``a,b,c`` or ``choice(a,b,c)``."""
    choice = re.fullmatch(r"choice\((.*)\)", text)
    text = choice[1] if choice else text
    if any(bracket in text for bracket in "()[]{}\"'"):
        return []  # lists, ranges and functions of Hydra: what the jobs show is taken instead
    return [_value(part.strip()) for part in text.split(",")]


def _value(text: str) -> Any:
    """Return the value of an override; numbers such as 1e-3 are numbers."""
    try:
        return float(text) if re.fullmatch(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+", text) else _parsed(text)
    except yaml.YAMLError:
        return text


def _parsed(text: str) -> Any:
    return yaml.safe_load(text)


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = str(error).splitlines()[0]
        raise InputError(f"cannot be read ({problem})", where=str(path)) from None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read ({error})", where=str(path)) from None
