"""The launch checklist: what must be true before the first trial of a sweep starts."""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import optuna
import psutil

from resweep import spacefile
from resweep.errors import InputError
from resweep.files import write_json_atomic
from resweep.sampling.proposals import Plan, Proposer
from resweep.space import Space
from resweep.trials.trial import SweepTrial, make_pruner
from resweep.trials.worker import load_objective, seed_libraries, trial_seed

PROBE_STEPS = 2
FREE_MIB = 200.0  # room for records, logs and tables


@dataclass(frozen=True)
class Check:
    """One line of the checklist."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


class _Enough(Exception):
    """The probe has seen as many steps as it wanted."""


class _Probe(SweepTrial):
    """A real trial that ends after a few steps."""

    def report(self, value: float, step: int) -> None:
        super().report(value, step)
        if len(self.curve) >= PROBE_STEPS:
            raise _Enough


def check_space(space: Space) -> Check:
    """Say what is unwise about the space; that it is valid is known by now."""
    found = spacefile.warnings(space)
    return Check("space", True, "; ".join(found) or f"{len(space.params)} parameters, no warning")


def check_data(data: Path | None) -> Check:
    """Look whether the data file is there, and note its digest."""
    if data is None:
        return Check("data", True, "the objective brings its own")
    if not data.is_file() or data.stat().st_size == 0:
        return Check("data", False, f"{data} is missing or empty", "run `snakemake data` again")
    digest = sha256(data.read_bytes()).hexdigest()
    return Check("data", True, f"{data}, {data.stat().st_size:,} bytes, sha256 {digest[:16]}")


def check_disk(folder: Path, needed_mib: float) -> Check:
    """Look whether there is room for what the sweep writes."""
    free = shutil.disk_usage(folder).free / 2**20
    return Check(
        "disk",
        free >= needed_mib,
        f"{free:,.0f} MiB free, {needed_mib:,.0f} MiB needed",
        f"free some space below {folder}",
    )


def check_device(gpu_wanted: bool) -> Check:
    """Say which device trials will see; a GPU that was asked for must be there."""
    count = 0
    if "torch" in sys.modules:
        count = sys.modules["torch"].cuda.device_count()
    detail = f"{count} GPU, {os.cpu_count()} CPUs"
    return Check("device", count > 0 or not gpu_wanted, detail, "start where a GPU is, or ask none")


def probe(
    space: Space,
    objective: Callable,
    *,
    seed: int,
    threads: int,
    data: Path | None,
    n_trials: int,
    slots: int,
) -> tuple[Check, dict[str, Any]]:
    """Train a first trial for two steps and estimate what the sweep will take.

    Returns
    -------
    check : Check
    estimate : dict
        ``seconds_per_step``, ``sweep_minutes`` (all trials at full length, so an upper estimate
        where there is pruning), ``memory_mib``.
    """
    proposal = Proposer(Plan(space, seed)).propose(0, {})
    live = Proposer(Plan(space, seed)).history.open_trial(0, proposal.params, pruned=False)
    with tempfile.TemporaryDirectory() as folder:
        trial = _Probe(
            0,
            proposal.params,
            space,
            live,
            make_pruner({"type": "none"}),
            seed=trial_seed(seed, 0),
            threads=threads,
            data=data,
            checkpoint=Path(folder) / "checkpoint",
        )
        seed_libraries(trial.seed)
        started = time.monotonic()
        whole = False
        try:
            objective(trial)
            whole = True
        except (_Enough, optuna.TrialPruned):
            pass
        except InputError:
            raise
        except Exception as error:
            reason = f"the first trial fails: {type(error).__name__}: {error}"
            return Check("probe", False, reason, "mend the objective; see the log"), {}
        seconds = time.monotonic() - started
    steps = max(1, len(trial.curve))
    length = (
        steps if whole else int(space.fixed.get("epochs", space.pruner.get("max_resource", steps)))
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    estimate = {
        "seconds_per_step": round(seconds / steps, 3),
        "sweep_minutes": round(seconds / steps * length * n_trials / slots / 60, 1),
        "memory_mib": round(memory),
    }
    detail = (
        f"{steps} steps in {seconds:.1f} s; about {estimate['sweep_minutes']:g} minutes for "
        f"{n_trials} trials on {slots} slots, {memory:,.0f} MiB each"
    )
    return Check("probe", True, detail), estimate


def check_memory(needed_mib: float, slots: int) -> Check:
    """Look whether all slots fit into memory together."""
    available = psutil.virtual_memory().available / 2**20
    return Check(
        "memory",
        available >= needed_mib * slots,
        f"{needed_mib * slots:,.0f} MiB for {slots} slots, {available:,.0f} MiB available",
        "use fewer cores, or a larger machine",
    )


def run_checks(
    launch: Mapping[str, Any],
    *,
    objective: str,
    seed: int,
    threads: int,
    slots: int,
    n_trials: int,
    data: Path | None,
    folder: Path,
    gpu: bool,
) -> dict[str, Any]:
    """Go through the checklist.

    Returns
    -------
    dict
        ``ok``, ``checks`` (list of dict) and ``estimate``.
    """
    space = Space.loads(launch["space"], "launch.json")
    checks = [check_space(space), check_data(data), check_disk(folder, FREE_MIB)]
    estimate: dict[str, Any] = {}
    if all(check.ok for check in checks):
        check, estimate = probe(
            space,
            load_objective(objective),
            seed=seed,
            threads=threads,
            data=data,
            n_trials=n_trials,
            slots=slots,
        )
        checks += [check, check_device(gpu)]
        if estimate:
            checks.append(check_memory(estimate["memory_mib"], slots))
    return {
        "ok": all(check.ok for check in checks),
        "checks": [asdict(check) for check in checks],
        "estimate": estimate,
    }


def main(argv: list[str] | None = None) -> int:
    """Write the checklist of a sweep: ``python -m resweep.preflight``."""
    parser = argparse.ArgumentParser(prog="python -m resweep.preflight", description=__doc__)
    parser.add_argument("--launch", type=Path, required=True, help="launch.json of the sweep")
    parser.add_argument("--objective", required=True, help="package.module:function")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--slots", type=int, default=1, help="trials at a time")
    parser.add_argument("--n-trials", type=int, required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--gpu", action="store_true", help="a GPU is expected")
    parser.add_argument("--out", type=Path, required=True, help="preflight.json to write")
    given = parser.parse_args(argv)
    try:
        result = run_checks(
            json.loads(given.launch.read_text()),
            objective=given.objective,
            seed=given.seed,
            threads=given.threads,
            slots=given.slots,
            n_trials=given.n_trials,
            data=given.data,
            folder=given.out.parent,
            gpu=given.gpu,
        )
    except InputError as error:
        print(f"resweep: {error}", file=sys.stderr)
        return 1
    for check in result["checks"]:
        mark = "ok  " if check["ok"] else "FAIL"
        print(f"{mark} {check['name']}: {check['detail']}")
        if not check["ok"]:
            print(f"resweep: preflight, {check['name']}: {check['mend']}.", file=sys.stderr)
    if not result["ok"]:
        return 1
    write_json_atomic(given.out, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
