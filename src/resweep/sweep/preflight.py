"""The launch checklist: what must be true before the first trial of a sweep starts."""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

import optuna
import psutil

from resweep.errors import InputError, with_one_message
from resweep.files import write_json_atomic
from resweep.space import review
from resweep.space.model import Space
from resweep.sweep.approval import check_approved
from resweep.sweep.plan import Plan
from resweep.sweep.proposals import Proposer
from resweep.sweep.trials.slots import visible_devices
from resweep.sweep.trials.trial import SweepTrial, make_pruner
from resweep.sweep.trials.worker import (
    as_values,
    load_objective,
    not_finite,
    seed_libraries,
    trial_seed,
)
from resweep.words import counted

PROBES = 3  # points that are tried until one can be trained
PROBE_STEPS = 2
PROBE_SECONDS = 300.0  # a trial that reports more seldom, or never, is not waited for
FREE_MIB = 200.0  # room for records, logs and tables


@dataclass(frozen=True)
class Check:
    """One line of the checklist."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


class _Enough(BaseException):
    """The probe has seen as many steps as it wanted, or has waited long enough.

    No `Exception`, which objectives like to catch.
    """


class _Probe(SweepTrial):
    """A real trial that ends after a few steps."""

    reported = 0.0  # when the last report came, on the monotonic clock

    def report(self, value: float, step: int) -> None:
        super().report(value, step)
        self.reported = time.monotonic()
        if len(self.curve) >= PROBE_STEPS:
            raise _Enough


def check_space(space: Space) -> Check:
    """Say what is unwise about the space; that it is valid is known by now."""
    found = review.warnings(space)
    return Check("space", True, "; ".join(found) or f"{len(space.params)} parameters, no warning")


def check_approval(space: Space, approval: Path | None) -> Check:
    """Look whether a person has approved this space, if `approval`, the record of it, is needed."""
    if approval is None:
        return Check("approval", True, "no review is asked for")
    try:
        check_approved(space, approval.stem, approval)
    except InputError as error:
        return Check("approval", False, error.what, error.mend or "")
    return Check("approval", True, f"the space is the one that {approval} approves")


def check_data(data: Path | None, digest: str | None, parent: Path | None) -> Check:
    """Look whether the data file is there, and is the one that the parent sweep was trained on.

    Parameters
    ----------
    data : Path, optional
    digest : str, optional
        SHA-256 of the file.
    parent : Path, optional
        ``preflight.json`` of the parent sweep.
    """
    if data is None:
        return Check("data", True, "the objective brings its own")
    if digest is None:
        return Check("data", False, f"{data} is missing or empty", "run `snakemake data` again")
    known = _recorded(parent)
    if known not in (None, digest):
        return Check(
            "data",
            False,
            f"{data} has changed since the parent sweep was trained on it ({parent})",
            "bring the file back, or delete the parent's results and run it again",
        )
    unchanged = ", unchanged since the parent sweep" if known else ""
    size = f"{data.stat().st_size:,} bytes"
    return Check("data", True, f"{data}, {size}, sha256 {digest[:16]}{unchanged}")


def _recorded(preflight: Path | None) -> str | None:
    """Return the digest of the data that another checklist noted, if it did."""
    if preflight is None or not preflight.exists():
        return None
    return json.loads(preflight.read_text()).get("data_sha256")


def check_window(slots: int, cores: int | None, threads: int) -> Check:
    """Say how many jobs run at once, and whether the window leaves cores without work.

    Parameters
    ----------
    slots : int
        Jobs that the window lets run at once.
    cores : int, optional
        Cores of this machine; unknown on a cluster.
    threads : int
        Threads of a trial.
    """
    possible = max(1, cores // threads) if cores else slots
    running = min(slots, possible)
    detail = f"{counted(running, 'job')} at once"
    if slots < possible:
        detail += (
            f": the window keeps {possible - slots} of {possible} slots empty "
            f"(raise engine.window, or lower engine.trials_per_job)"
        )
    return Check("window", True, detail)


def check_disk(folder: Path, needed_mib: float) -> Check:
    """Look whether there is room for what the sweep writes.

    Parameters
    ----------
    folder : Path
        On the disk in question.
    needed_mib : float
        Room that is needed, in MiB.
    """
    free = shutil.disk_usage(folder).free / 2**20
    return Check(
        "disk",
        free >= needed_mib,
        f"{free:,.0f} MiB free, {needed_mib:,.0f} MiB needed",
        f"free some space below {folder}",
    )


def check_device(environ: Mapping[str, str]) -> Check:
    """Say which devices trials will see, and whether PyTorch, if it is used, can use them."""
    found = [d for d in visible_devices(environ) if re.match(r"\d+$|GPU-|MIG-", d)]
    detail = f"{len(found)} GPU, {os.cpu_count()} CPUs"
    torch = sys.modules.get("torch")
    if torch is None or not found or torch.cuda.is_available():
        return Check("device", True, detail)
    if torch.version.cuda is None:
        return Check("device", True, f"{detail}; this build of PyTorch uses the CPU only")
    return Check(
        "device",
        False,
        f"{detail}, but PyTorch for CUDA {torch.version.cuda} cannot use the GPU",
        "install a PyTorch that fits the driver, or set CUDA_VISIBLE_DEVICES= to use the CPU",
    )


def probe(
    space: Space,
    objective: Callable[..., Any],
    *,
    seed: int,
    threads: int,
    data: Path | None,
    n_trials: int,
    slots: int,
) -> tuple[Check, dict[str, Any]]:
    """Train a first trial for two steps and estimate what the sweep will take.

    A point that cannot be trained is no reason not to start: the next is tried, up to three. A
    trial that takes longer than `PROBE_SECONDS` is left, and nothing is estimated but its memory.

    Parameters
    ----------
    space : Space
    objective : callable
    seed : int
        Of the sweep.
    threads : int
        Threads of a trial.
    data : Path, optional
        The data file of the objective.
    n_trials : int
        Planned trials of the sweep.
    slots : int
        Jobs that run at once.

    Returns
    -------
    check : Check
    estimate : dict
        ``seconds_per_step``, ``sweep_minutes`` (all trials at full length, so an upper estimate
        where there is pruning; both None if no step was seen), ``memory_mib``, ``checkpoint_mib``.
    """
    proposer = Proposer(Plan(space, seed, window=PROBES))
    failures = []
    for number in range(PROBES):
        params = proposer.propose(number, {}).params
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = Path(folder) / "checkpoint"
            trial = _Probe(
                number,
                params,
                space,
                proposer.history.open_trial(number, params, pruned=False),
                make_pruner({"type": "none"}),
                seed=trial_seed(seed, number),
                threads=threads,
                data=data,
                checkpoint=checkpoint,
            )
            started = time.monotonic()
            whole, failure = _try(objective, trial, space)
            waited = time.monotonic() - started
            seconds = waited if whole or not trial.curve else trial.reported - started
            size = checkpoint.stat().st_size / 2**20 if checkpoint.exists() else 0.0
        if failure is None:
            break
        failures.append(f"trial {number} fails: {failure}")
    else:
        return Check("probe", False, "; ".join(failures), "mend the objective; see the log"), {}
    steps = len(trial.curve) or int(whole)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    estimate = {
        "seconds_per_step": None,
        "sweep_minutes": None,
        "memory_mib": round(memory),
        "checkpoint_mib": round(size, 3),
    }
    where = f"{n_trials} trials on {counted(slots, 'slot')}, {memory:,.0f} MiB each"
    if not steps:
        detail = f"no report within {waited:.0f} s: nothing is known of the time for {where}"
        return Check("probe", True, "; ".join([detail, *failures])), estimate
    length = (
        steps if whole else int(space.fixed.get("epochs", space.pruner.get("max_resource", steps)))
    )
    minutes = round(seconds / steps * length * n_trials / slots / 60, 1)
    estimate |= {"seconds_per_step": round(seconds / steps, 3), "sweep_minutes": minutes}
    detail = f"{steps} steps in {seconds:.1f} s; about {minutes:g} minutes for {where}"
    return Check("probe", True, "; ".join([detail, *failures])), estimate


def _try(objective: Callable[..., Any], trial: SweepTrial, space: Space) -> tuple[bool, str | None]:
    """Return whether the objective came to its own end, and why it failed, if it did."""
    seed_libraries(trial.seed)
    try:
        with _no_longer_than(PROBE_SECONDS):
            values = as_values(objective(trial), space)
    except (_Enough, optuna.TrialPruned):
        return False, None
    except InputError:
        raise
    except Exception as error:
        traceback.print_exc()
        return False, f"{type(error).__name__}: {error}"
    return True, not_finite(values, space)


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """End what is inside by `_Enough` after so many seconds."""

    def end(*_: object) -> None:
        raise _Enough

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again, should it have been caught
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def check_memory(needed_mib: float, slots: int) -> Check:
    """Look whether all slots fit into memory together."""
    available = psutil.virtual_memory().available / 2**20
    return Check(
        "memory",
        available >= needed_mib * slots,
        f"{needed_mib * slots:,.0f} MiB for {counted(slots, 'slot')}, "
        f"{available:,.0f} MiB available",
        "use fewer cores, or a larger machine",
    )


def run_checks(
    launch: Mapping[str, Any],
    *,
    objective: str,
    seed: int,
    threads: int,
    slots: int,
    n_trials: int | None,
    data: Path | None,
    folder: Path,
    cores: int | None = None,
    approval: Path | None = None,
    parent: Path | None = None,
) -> dict[str, Any]:
    """Go through the checklist.

    Parameters
    ----------
    launch : mapping
        The content of ``launch.json``.
    objective : str
        ``package.module:function``.
    seed, threads, slots, n_trials, data
        As `probe`; by default the trials of the space; the data file is hashed.
    folder : Path
        Where the results go.
    cores : int, optional
        As `check_window`.
    approval : Path, optional
        The record of a person's approval, if one is needed.
    parent : Path, optional
        The checklist of the parent sweep, whose data must be the same.

    Returns
    -------
    dict
        ``ok``, ``checks`` (list of dict), ``estimate`` and ``data_sha256``.
    """
    space = Space.loads(launch["space"], "launch.json")
    digest = _sha256(data)
    checks = [
        check_space(space),
        check_approval(space, approval),
        check_data(data, digest, parent),
        check_window(slots, cores, threads),
    ]
    slots = min(slots, max(1, cores // threads)) if cores else slots
    estimate: dict[str, Any] = {}
    if all(check.ok for check in checks):
        check, estimate = probe(
            space,
            load_objective(objective),
            seed=seed,
            threads=threads,
            data=data,
            n_trials=n_trials or space.n_trials,
            slots=slots,
        )
        checks += [check, check_device(os.environ)]
        if estimate:
            checks.append(check_memory(estimate["memory_mib"], slots))
    checks.append(check_disk(folder, FREE_MIB + slots * estimate.get("checkpoint_mib", 0.0)))
    return {
        "ok": all(check.ok for check in checks),
        "checks": [asdict(check) for check in checks],
        "estimate": estimate,
        "data_sha256": digest,
    }


def _sha256(path: Path | None) -> str | None:
    """Return the digest of a file, or None if it is missing or empty."""
    if path is None or not path.is_file() or path.stat().st_size == 0:
        return None
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


@with_one_message
def main(argv: list[str] | None = None) -> int:
    """Write the checklist of a sweep: ``python -m resweep.sweep.preflight``."""
    parser = argparse.ArgumentParser(prog="python -m resweep.sweep.preflight", description=__doc__)
    parser.add_argument("--launch", type=Path, required=True, help="launch.json of the sweep")
    parser.add_argument("--objective", required=True, help="package.module:function")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--slots", type=int, default=1, help="jobs that the window lets run")
    parser.add_argument("--cores", type=int, help="cores of this machine for all jobs")
    parser.add_argument("--n-trials", type=int, help="default: as many as the space says")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--approval", type=Path, help="record of the approval, if one is needed")
    parser.add_argument("--parent", type=Path, help="preflight.json of the parent sweep")
    parser.add_argument("--out", type=Path, required=True, help="preflight.json to write")
    given = parser.parse_args(argv)
    result = run_checks(
        json.loads(given.launch.read_text()),
        objective=given.objective,
        seed=given.seed,
        threads=given.threads,
        slots=given.slots,
        cores=given.cores,
        n_trials=given.n_trials,
        data=given.data,
        folder=given.out.parent,
        approval=given.approval,
        parent=given.parent,
    )
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
