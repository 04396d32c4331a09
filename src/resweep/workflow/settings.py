"""Settings of jobs as text: the options and the JSON that rules hand to what they start.

Snakemake's ``params`` trigger compares values and not their names, so that what decides a job is
one canonical text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from resweep.space.model import Space
from resweep.sweep.schedule import Schedule, job_numbers, seed_for, side_by_side
from resweep.workflow.plan import Plan


def as_json(value: Any) -> str:
    """Return a value as canonical JSON."""
    return json.dumps(value, sort_keys=True, default=str)


def part_of_sweep(plan: Plan, sweep: str, *keys: str) -> str:
    """Return some of the settings of a sweep."""
    return as_json(plan.config.sweeps[sweep].model_dump(include=set(keys)))


def part_of_engine(plan: Plan, sweep: str, *keys: str) -> str:
    """Return some of the settings of a sweep's engine."""
    return as_json(plan.config.engine_of(sweep).model_dump(include=set(keys)))


@dataclass(frozen=True)
class Launched:
    """What the launch file of a sweep says.

    Attributes
    ----------
    n_trials : int
        Of the sweep, where a budget decided it.
    n_enqueued : int
        Points that it tries first.
    """

    n_trials: int
    n_enqueued: int


def launched(path: str | Path) -> Launched:
    """Read a launch file; every job asks, so it is read anew only when it has changed."""
    return _launched(str(path), Path(path).stat().st_mtime_ns)


@cache
def _launched(path: str, _stamp: int) -> Launched:
    found = json.loads(Path(path).read_text(encoding="utf-8"))
    return Launched(Space.loads(found["space"]).n_trials, len(found["enqueued"]))


def trial_settings(
    plan: Plan, sweep: str, job: int, *, n_enqueued: int, n_decided: int | None, code: str
) -> str:
    """Return what decides the trials of a job besides its inputs.

    Parameters
    ----------
    plan : Plan
    sweep : str
    job : int
    n_enqueued : int
        Points that the launch file tries first.
    n_decided : int, optional
        Trials of the sweep, once the mid-sweep check has decided; None for a job that runs
        whatever it decides. Such a job carries what it would carry in an extended sweep, since it
        cannot be added to later.
    code : str
        Digest of the code that trials run.
    """
    engine = plan.config.engine_of(sweep)
    n_trials = plan.most_trials(sweep) if n_decided is None else n_decided
    numbers = job_numbers(job, engine.trials_per_job, n_trials)
    schedule = Schedule.plan(
        plan.n_trials[sweep],
        n_enqueued,
        engine.replicate,
        engine.fallback if plan.parent(sweep) else 0.0,
        plan.most_trials(sweep),
    )
    own = ["seed", "window", "sampler", "trials_per_job", "threads", "retries"]
    own += ["timeout_seconds", "memory_mb"]
    return as_json(
        {key: getattr(engine, key) for key in own}
        | {
            "n_trials": numbers[-1] + 1,
            "schedule": vars(schedule.up_to(numbers[-1])),
            "objective": plan.config.objective,
            "code": code,
        }
    )


def preflight_options(plan: Plan, sweep: str, launch: str, cores: int | None) -> str:
    """Return the options of the launch checklist.

    Parameters
    ----------
    plan : Plan
    sweep : str
    launch : str
        Path of the launch file.
    cores : int, optional
        Cores of this machine; on a cluster only a job knows its cores.
    """
    engine, parent = plan.config.engine_of(sweep), plan.parent(sweep)
    options: dict[str, object] = {
        "--launch": launch,
        "--objective": plan.config.objective,
        "--seed": engine.seed,
        "--threads": engine.threads,
        "--n-trials": plan.n_trials[sweep] if plan.budget(sweep) is None else None,
        "--slots": side_by_side(engine.trials_per_job, engine.window),
        "--cores": cores,
        "--data": plan.data,
    }
    if plan.needs_review(sweep):
        options["--approval"] = f"config/approvals/{sweep}.json"
    if parent and plan.config.trains(parent):  # no input: its times differ from run to run
        options["--parent"] = plan.result(parent, "preflight.json")
    return " ".join(_words(options))


def sampling_of(plan: Plan, sweep: str) -> str:
    """Return which kind of sampling a sweep's forecast is for: ``adaptive`` or ``random``."""
    blind = plan.config.engine_of(sweep).sampler in ("random", "qmc")
    return "random" if blind else "adaptive"


def forecast_settings(plan: Plan, sweep: str) -> str:
    """Return what a child's forecast depends on besides its parent's trials and its space."""
    engine = plan.config.engine_of(sweep)
    return as_json({"sampling": sampling_of(plan, sweep), "replicate": engine.replicate})


def look_half_way(plan: Plan, sweep: str) -> str:
    """Return the rules of the mid-sweep check as a person set them, ``null`` if there is none."""
    midsweep = plan.config.midsweep_of(sweep)
    return as_json(midsweep.model_dump() if midsweep is not None else None)


def midsweep_settings(plan: Plan, sweep: str) -> str:
    """Return the rules of the mid-sweep check.

    Raises
    ------
    ValueError
        If the sweep has no such check.
    """
    midsweep = plan.config.midsweep_of(sweep)
    if midsweep is None:
        raise ValueError(f"sweep {sweep} has no mid-sweep check")
    return as_json(
        midsweep.model_dump(exclude={"at"})
        | {
            "n_planned": plan.n_trials[sweep],
            "n_stop": plan.n_if_stopped(sweep),
            "seed": seed_for(plan.config.engine_of(sweep).seed, "midsweep"),
            "sampling": sampling_of(plan, sweep),
        }
    )


def champion_options(plan: Plan, fold: str) -> str:
    """Return the options of one training of a champion of the built-in classifier."""
    given = plan.config.champions
    options = {"--epochs": given.epochs, "--patience": given.patience}
    return " ".join([*_words(options), fold_option(fold)])


def fold_option(fold: str) -> str:
    """Return the option that tests on a fold; fold 0 stands for the test split."""
    return f"--fold {int(fold) - 1}" if int(fold) else ""


def champion_seed(plan: Plan, sweep: str, rank: str, seed: str) -> int:
    """Return the seed of one training of a champion."""
    return seed_for(plan.config.engine_of(sweep).seed, "champion", rank, seed)


def expected(plan: Plan, sweep: str) -> str:
    """Return what a person expects of a sweep."""
    given = plan.config.sweeps[sweep].expect
    return as_json(given.model_dump(by_alias=True) if given is not None else {})


def report_settings(plan: Plan, sweep: str, run: str) -> str:
    """Return what the report says about how the sweep was run: the command, the engine."""
    return as_json({"run": run, "engine": plan.config.engine_of(sweep).model_dump()})


def command(target: str, configfiles: Iterable[str | os.PathLike[str]]) -> str:
    """Return the command that makes a target with the same configuration files."""
    files = [os.path.relpath(file) for file in configfiles]
    given = ["--configfile", *files] if files else []
    return " ".join(["snakemake", "--cores", "4", target, *given])


def _words(options: Mapping[str, object]) -> list[str]:
    return [f"{key} {value}" for key, value in options.items() if value is not None]
