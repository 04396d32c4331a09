"""Weights & Biases: an exported table with the sweep's YAML, or the folder of local runs.

A run's folder holds a log of protobuf records, framed as LevelDB frames its logs; their types come
with the package wandb. No network is used, and no settings of the account are read.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

from resweep.errors import InputError
from resweep.sources.runs import Run, Runs, Wanted, flat, numbers_only

BLOCK = 32768  # bytes of a block of the log
HEADER = struct.Struct("<IHB")  # checksum, length, type of a fragment
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
MAGIC = b":W&B"


def is_runs(folder: Path) -> bool:
    """Whether a folder holds local runs."""
    return any(folder.glob("*run-*/*.wandb"))


def read(folder: Path) -> Runs:
    """Read the local runs of a folder such as ``wandb/``.

    Raises
    ------
    InputError
        If a log is damaged, or the package wandb is missing.
    """
    logs = sorted(path for path in folder.glob("*run-*/*.wandb") if not path.parent.is_symlink())
    runs = [_run(path) for path in logs]
    name = folder.resolve()
    return Runs(
        name=name.parent.name if name.name == "wandb" else name.name,
        source=str(folder),
        runs=runs,
    )


def _run(path: Path) -> Run:
    config: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    curves: dict[str, list[tuple[int, float]]] = {}
    state, attrs = TrialState.RUNNING, {"run": path.stem.removeprefix("run-")}
    for record in _records(path):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            config |= _items(record.run.config.update)
            attrs["name"] = record.run.display_name
        elif kind == "config":
            config |= _items(record.config.update)
        elif kind == "history":
            row = numbers_only(_items(record.history.item))
            step = int(row.get("_step", record.history.step.num))
            for name, value in row.items():
                if not name.startswith("_"):
                    curves.setdefault(name, []).append((step, value))
        elif kind == "summary":
            metrics |= numbers_only(_items(record.summary.update))
        elif kind == "exit":
            state = TrialState.COMPLETE if record.exit.exit_code == 0 else TrialState.FAIL
    last = {name: curve[-1][1] for name, curve in curves.items()}
    metrics = {k: v for k, v in (last | metrics).items() if not k.startswith("_")}
    settings = {k: v for k, v in flat(config).items() if not k.startswith("_wandb")}
    return Run(settings, metrics, state, curves, attrs)


def _items(items: Iterable[Any]) -> dict[str, Any]:
    """Return the values of protobuf items, whose keys may be nested."""
    found: dict[str, Any] = {}
    for item in items:
        name = item.key or ".".join(item.nested_key)
        try:
            found[name] = json.loads(item.value_json)
        except ValueError:
            continue
    return found


def _records(path: Path) -> Iterator[Any]:
    try:
        from wandb.proto import wandb_internal_pb2
    except ImportError:
        raise InputError(
            "wandb is needed to read the log of a run",
            where=str(path),
            mend="run `pip install wandb`, or export the runs as CSV",
        ) from None
    from google.protobuf.message import DecodeError

    for content in _framed(path):
        record = wandb_internal_pb2.Record()
        try:
            record.ParseFromString(content)
        except DecodeError:
            raise InputError("is damaged", where=str(path)) from None
        yield record


def _framed(path: Path) -> Iterator[bytes]:
    """Yield the records of a log; what a kill cut off at its end is passed over."""
    content = path.read_bytes()
    if content[:4] != MAGIC:
        raise InputError("is not the log of a W&B run", where=str(path))
    place = 7
    parts: list[bytes] = []
    while place + HEADER.size <= len(content):
        left = BLOCK - place % BLOCK
        if left < HEADER.size:
            place += left
            continue
        _, length, kind = HEADER.unpack_from(content, place)
        place += HEADER.size
        fragment = content[place : place + length]
        place += length
        if len(fragment) < length or kind not in (FULL, FIRST, MIDDLE, LAST):
            return
        parts = [fragment] if kind in (FULL, FIRST) else [*parts, fragment]
        if kind in (FULL, LAST):
            yield b"".join(parts)


def read_sweep(path: Path) -> tuple[dict[str, BaseDistribution | None], Wanted | None, list[str]]:
    """Read the YAML of a sweep.

    Returns
    -------
    domains : dict of str to BaseDistribution or None
        None where the sweep gives no bounds, as with a normal distribution.
    objective : Wanted or None
    notes : list of str

    Raises
    ------
    InputError
        If it is not the configuration of a sweep.
    """
    try:
        sweep = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = str(error).splitlines()[0]
        raise InputError(f"cannot be read ({problem})", where=str(path)) from None
    given = sweep.get("parameters") if isinstance(sweep, Mapping) else None
    if not isinstance(given, Mapping):
        raise InputError("is not the configuration of a sweep: no `parameters`", where=str(path))
    notes: list[str] = []
    domains = {}
    for name, settings in _leaves(given):
        domains[name] = _domain(name, settings, notes, str(path))
    metric = sweep.get("metric") or {}
    goal = str(metric.get("goal", "minimize"))
    objective = Wanted(metric["name"], goal) if metric.get("name") else None
    return domains, objective, notes


def _leaves(
    parameters: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, settings in parameters.items():
        if isinstance(settings, Mapping) and isinstance(settings.get("parameters"), Mapping):
            yield from _leaves(settings["parameters"], f"{prefix}{name}.")
        elif isinstance(settings, Mapping):
            yield f"{prefix}{name}", settings


def _domain(
    name: str, given: Mapping[str, Any], notes: list[str], where: str
) -> BaseDistribution | None:
    """Return the domain that a sweep gives a parameter, None where it has no bounds."""
    kind = given.get("distribution")
    if "value" in given:
        return CategoricalDistribution([_plain(given["value"])])
    if "values" in given:
        if given.get("probabilities"):
            notes.append(
                f"{name}: the sweep gave its values probabilities; the space has no weights"
            )
        return CategoricalDistribution([_plain(v) for v in given["values"]])
    if "min" not in given or "max" not in given:
        if kind is not None:
            notes.append(f"{name}: the distribution {kind} has no bounds; taken from the values")
        return None
    try:
        low, high = float(given["min"]), float(given["max"])
    except (TypeError, ValueError):
        raise InputError("min and max must be numbers", where=f"{where}, {name}") from None
    whole = all(isinstance(given[k], int) for k in ("min", "max"))
    if kind in ("log_uniform", "q_log_uniform"):  # exponents of e
        low, high, whole = math.exp(low), math.exp(high), False
    log = kind is not None and "log" in kind
    step = given.get("q", 1) if kind and kind.startswith("q_") and not log else None
    if low > high:
        raise InputError("min is above max", where=f"{where}, {name}")
    if low == high:
        return CategoricalDistribution([given["min"]])
    if kind == "int_uniform" or (whole and (kind is None or (kind.startswith("q_") and not step))):
        return IntDistribution(int(low), int(high), log=log)
    if step is not None and whole and float(step).is_integer():
        return IntDistribution(int(low), int(high), step=int(step))
    return FloatDistribution(low, high, log=log)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return json.dumps(value, sort_keys=True, default=str)
