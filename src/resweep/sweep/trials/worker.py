"""The process that trains: proposes its trials, runs the objective, writes records.

It may die at any moment. What it has finished lies in the state folder of each trial; what it was
doing resumes from the objective's own checkpoint.
"""

from __future__ import annotations

import importlib
import json
import math
import random
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from resweep.errors import InputError
from resweep.files import canonical_json, write_text_atomic
from resweep.space.model import Space
from resweep.sweep.plan import Plan, Proposal
from resweep.sweep.proposals import Proposer
from resweep.sweep.schedule import Schedule, job_numbers, seed_for
from resweep.sweep.trials import disk
from resweep.sweep.trials import record as records_
from resweep.sweep.trials.job import ASIDE, Job
from resweep.sweep.trials.knowledge import known_trials
from resweep.sweep.trials.noted import Notes
from resweep.sweep.trials.record import Record, finite
from resweep.sweep.trials.trial import SweepTrial, make_pruner

Objective = Callable[[optuna.trial.BaseTrial], Any]  # gives a number, or a tuple of numbers


def load_objective(name: str) -> Objective:
    """Import ``package.module:function``; the current folder is searched first.

    Raises
    ------
    InputError
        If the name has another form, or the module or function is not there.
    """
    module_name, _, function = name.partition(":")
    if not module_name or not function:
        raise InputError(
            f'objective "{name}" is not of the form package.module:function',
            mend="write, for example, my_project.train:objective",
        )
    sys.path.insert(0, str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise InputError(
            f'objective "{name}" cannot be imported ({error})',
            mend="install its package, or start in the folder that holds the module",
        ) from None
    objective = getattr(module, function, None)
    if not callable(objective):
        raise InputError(f'objective "{name}": {module_name} has no function {function}')
    return objective


def load_plan(job: Job) -> Plan:
    """Build the plan of the sweep from ``launch.json`` and the settings."""
    launch = json.loads(job.launch.read_text())
    space = Space.loads(launch["space"], str(job.launch))
    parent = launch.get("fallback_space")
    return Plan(
        space=space,
        seed=job.settings["seed"],
        window=job.settings["window"],
        sampler=job.settings["sampler"],
        schedule=Schedule(**job.settings["schedule"]),
        enqueued=launch.get("enqueued", []),
        warm=launch.get("warm", []),
        fallback_space=Space.loads(parent, str(job.launch)) if parent else None,
        fallback_warm=launch.get("fallback_warm", []),
        walls=launch.get("walls", []),
    )


def known_records(job: Job, window: int) -> dict[int, Record]:
    """Read the records of the trials that the last trial of `job` may look at."""
    needed = job.numbers[-1] - window
    per_job = job.settings["trials_per_job"]
    first = job.numbers[0] // per_job
    found = {}
    for other in range(min(first, needed // per_job + 1)):
        numbers = job_numbers(other, per_job, job.numbers[0])
        for record in records_.read(records_.job_file(job.folder, other), numbers):
            found[record["number"]] = record
    return found


def run(job: Job, verdicts: Mapping[int, str], announce: Callable[[str, int], None]) -> None:
    """Run the trials of `job` that are not finished yet.

    Parameters
    ----------
    job : Job
    verdicts : mapping of int to str
        Trials that are given up, with the reason that goes into their record.
    announce : callable
        Is told ``("start", number)`` and ``("end", number)`` of each trial that it runs.

    Raises
    ------
    InputError
        If the space, the settings and the objective do not fit together.
    """
    plan = load_plan(job)
    objective = load_objective(job.settings["objective"])
    known = known_records(job, plan.window)
    recorded = _recorded(job)
    notes = Notes(job)
    proposer = Proposer(plan, notes.read)
    for number in job.numbers:
        proposal = proposer.propose(number, known)
        key = _key(job, plan, proposal)
        record = _finished(job.state_of(number), key)
        notes.write(proposal, proposer.known)
        if record is None and recorded.get(number, {}).get("key") == key:
            record = recorded[number]
            records_.write(job.state_of(number) / "record.jsonl", [record])
        if record is None:
            announce("start", number)
            if number in verdicts:
                record = _record(job, proposal, key, "FAIL", reason=verdicts[number])
            else:
                record = _train(job, plan, proposer, proposal, key, objective)
            records_.write(job.state_of(number) / "record.jsonl", [record])
            announce("end", number)
        known[number] = record


def _recorded(job: Job) -> dict[int, Record]:
    """Return what another process, which ran the same trials until just now, has recorded."""
    try:
        return {r["number"]: r for r in records_.read(records_.job_file(job.folder, job.number))}
    except InputError:
        return {}


def _key(job: Job, plan: Plan, proposal: Proposal) -> str:
    decided = {
        "settings": {k: v for k, v in job.settings.items() if k not in ASIDE},
        "space": plan.space_of(proposal.kind).dumps(),
        "proposal": [proposal.number, proposal.kind, proposal.params, proposal.replicate_of],
    }
    return sha256(canonical_json(decided).encode()).hexdigest()


def _finished(state: Path, key: str) -> Record | None:
    """Return the record of a trial that ended in an earlier run, unless it was another trial."""
    state.mkdir(parents=True, exist_ok=True)
    marker = state / "key"
    if not marker.exists() or marker.read_text() != key:
        for leftover in state.iterdir():
            if leftover.is_file():
                leftover.unlink()
        write_text_atomic(marker, key)
    try:
        (record,) = records_.read(state / "record.jsonl")
        return record
    except (InputError, ValueError):
        return None


def _train(
    job: Job, plan: Plan, proposer: Proposer, proposal: Proposal, key: str, objective: Objective
) -> Record:
    """Call the objective until it ends, or has crashed too often; crashes become records too.

    A crash of an attempt that went on from a checkpoint may be the checkpoint's: the next attempt
    starts from nothing, and only an attempt that did so can be the last.
    """
    checkpoint = job.state_of(proposal.number) / "checkpoint"
    crashes, judged = 0, False
    while True:
        resumed = checkpoint.exists()
        trial = _make_trial(job, plan, proposer, proposal)
        try:
            seed_libraries(trial.seed)
            value = objective(trial)
        except optuna.TrialPruned:
            return _record(job, proposal, key, "PRUNED", trial)
        except InputError:
            raise
        except ImportError as error:
            raise InputError(
                f"the objective cannot import what it needs ({_one_line(error)})",
                where=job.settings["objective"],
                mend="install it, then run the same command again",
            ) from None
        except FloatingPointError as error:
            reason = f"diverged: {_one_line(error)}"
            return _record(job, proposal, key, "FAIL", trial, reason=reason)
        except Exception as error:
            disk.check(error, job.state_of(proposal.number))
            traceback.print_exc()
            crashes, judged = crashes + 1, judged or not resumed
            if resumed:
                checkpoint.unlink(missing_ok=True)
            if judged and crashes > job.settings["retries"]:
                reason = f"{_kind_of_crash(error)}: {type(error).__name__}: {_one_line(error)}"
                return _record(job, proposal, key, "FAIL", trial, reason=reason)
            continue
        finally:
            trial.close()
        values = as_values(value, plan.space)
        bad = not_finite(values, plan.space)
        if bad is not None:
            return _record(job, proposal, key, "FAIL", trial, reason=bad)
        return _record(job, proposal, key, "COMPLETE", trial, values=values)


def as_values(given: Any, space: Space) -> list[float]:
    """Return the values of a trial, one for each objective; NaN where the objective gave nothing.

    Raises
    ------
    InputError
        If it is something else than numbers, or not as many as the space has objectives.
    """
    if not space.objectives:
        return [as_number(given)]
    names = ", ".join(space.objectives)
    if given is None:
        return [math.nan] * len(space.objectives)
    try:
        values = [math.nan if value is None else float(value) for value in given]
    except (TypeError, ValueError):
        raise InputError(
            f"the objective returned {given!r}; the space wants a tuple of numbers: {names}",
            mend="return the values in this order, or declare `direction:` for a single one",
        ) from None
    if len(values) != len(space.objectives):
        raise InputError(
            f"the objective returned {len(values)} values, the space has "
            f"{len(space.objectives)} objectives: {names}",
            mend="return one value for each, in this order",
        )
    return values


def as_number(value: Any) -> float:
    """Return the value of a trial of one objective; NaN where the objective gave nothing.

    Raises
    ------
    InputError
        If it is something else than a number.
    """
    try:
        return math.nan if value is None else float(value)
    except (TypeError, ValueError):
        raise InputError(
            f"the objective returned {value!r}, which is not a number",
            mend="name its values under `objectives:` in the space"
            if isinstance(value, tuple | list)
            else "return the value to optimise as a float",
        ) from None


def not_finite(values: Sequence[float], space: Space) -> str | None:
    """Say why a trial with these values has failed; None where all are finite."""
    for value, name in zip(values, space.objectives or [""], strict=True):
        of = name and f" for {name}"
        if math.isnan(value):
            return f"nan: the objective gave NaN or nothing{of}"
        if math.isinf(value):
            return f"diverged: the objective gave {value:+}{of}"
    return None


def _make_trial(job: Job, plan: Plan, proposer: Proposer, proposal: Proposal) -> SweepTrial:
    space = plan.space_of(proposal.kind)
    data = job.settings["data"]
    pruner = {"type": "none"} if proposal.replicate_of is not None else space.pruner
    pruned = pruner["type"] != "none"
    return SweepTrial(
        proposal.number,
        proposal.params,
        space,
        proposer.history_of(proposal).open_trial(proposal.number, proposal.params, pruned=pruned),
        make_pruner(pruner),
        known=known_trials(plan, proposer, proposal.number),
        seed=trial_seed(job.settings["seed"], proposal.seed_number),
        threads=job.settings["threads"],
        data=Path(data) if data else None,
        checkpoint=job.state_of(proposal.number) / "checkpoint",
        journal=job.state_of(proposal.number) / "journal",
    )


def trial_seed(sweep_seed: int, number: int) -> int:
    """Return the seed of trial `number`."""
    return seed_for(sweep_seed, "trial", number)


def seed_libraries(seed: int) -> None:
    """Seed the global generators, for objectives that draw from them."""
    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _record(
    job: Job,
    proposal: Proposal,
    key: str,
    state: str,
    trial: SweepTrial | None = None,
    *,
    values: Sequence[float] | None = None,
    reason: str | None = None,
) -> Record:
    objectives = trial.objectives if trial else ()
    curve = sorted(trial.curve.items()) if trial else []
    value = None if values is None or objectives else values[0]
    if state == "PRUNED" and curve:
        value = curve[-1][1]
    attrs = dict(trial.user_attrs) if trial else {}
    if trial and values is not None:  # a constraint may name an objective
        attrs |= {n: v for n, v in zip(objectives, values, strict=False) if n in trial.bounded}
    attrs |= proposal.attrs | {"seed": trial_seed(job.settings["seed"], proposal.seed_number)}
    if reason is not None:
        attrs["fail_reason"] = reason
    return {
        "number": proposal.number,
        "params": proposal.params,
        "state": state,
        "value": finite(value),
        **({"values": values} if objectives else {}),
        "curve": [[step, finite(v)] for step, v in curve],
        "user_attrs": attrs,
        "system_attrs": trial.pruner_attrs if trial else {},
        "key": key,
    }


_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")  # of an object in memory: differs from run to run


def _kind_of_crash(error: Exception) -> str:
    text = str(error).lower()
    names = {cls.__name__ for cls in type(error).__mro__}
    if isinstance(error, MemoryError) or "OutOfMemoryError" in names:
        return "memory"
    if isinstance(error, RuntimeError) and ("out of memory" in text or "allocate memory" in text):
        return "memory"
    return "crash"


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return _ADDRESS.sub("0x...", lines[0])[:200] if lines else "no message"
