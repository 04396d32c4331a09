"""What a cluster adds to a sweep: time per trial, jobs and scheduler requests per minute.

    tests/slurm/start.sh                                # as root; not on a real cluster
    python benchmarks/slurm.py                          # about half an hour on two cores
    python benchmarks/slurm.py --trials 20 --pack 5     # a quick look
    tests/slurm/stop.sh

The same sweep of trivial trials is run on this machine and through ``--profile slurm``, first with
one, five and ten trials in a job, then with several polling intervals. Every run must end with the
ledger of the local one. The window of all runs is the same: large enough for ten trials in a job.

A job's time is that from its submission until Snakemake has seen its end: it waits for a slot, runs
(two Snakemakes start before the trials do), and goes unnoticed until the next poll. Requests are
those that the controller counted (``sdiag``) meanwhile, its daemons' own among them; *polls* are
those for the states of jobs.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "builders"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "slurm"))
from project import Project

OBJECTIVE = """
def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    return -((x - 1) ** 2) - (kind == "b")
"""
SLOTS = 4
LONGEST = 3600.0  # seconds of one run
COUNT = re.compile(r"^\s+(\w+)\s+\(\s*\d+\)\s+count:(\d+)", re.MULTILINE)
SUBMITTED = re.compile(r"Job (\d+) has been submitted with SLURM jobid (\d+)")
FINISHED = re.compile(r"\[(.+)\]\nFinished jobid: (\d+) \(Rule: trials\)")
POLL = "REQUEST_JOB_INFO"


@dataclass(frozen=True)
class Sweep:
    """One way to run the sweep; without an interval on this machine, else on the cluster."""

    trials: int
    pack: int
    window: int
    interval: int | None = None

    def words(self) -> list[str]:
        """Return the command line of Snakemake."""
        if self.interval is None:
            return ["--cores", str(SLOTS), "--resources", f"gpu={SLOTS}", "--", "sweep_v2"]
        polling = ["--slurm-init-seconds-before-status-checks", str(self.interval)]
        return ["--profile", "slurm", *polling, "--", "sweep_v2"]

    def project(self, folder: Path) -> Project:
        """Make the checkout, with all that comes before the trials done."""
        project = Project.make(folder)
        (folder / "toy.py").write_text(OBJECTIVE)
        (folder / "toy.yaml").write_text(
            "objective: toy:objective\n"
            f"engine: {{window: {self.window}, trials_per_job: {self.pack}}}\n"
            f"sweeps: {{v2: {{space: space.yaml, trials: {self.trials}}}}}\n"
        )
        project.run("--cores", "1", "--", "results/v2/preflight.json", log="before.log")
        return project


def requests() -> dict[str, int]:
    """Return how many requests of each kind the controller has had."""
    text = subprocess.run(["sdiag"], capture_output=True, text=True, check=True).stdout
    by_type = text.partition("by message type")[2].partition("statistics by user")[0]
    return {kind: int(count) for kind, count in COUNT.findall(by_type)}


def job_times(log: str) -> pd.DataFrame:
    """Return when each job of trials was submitted, started, ended and was seen to have ended."""
    ids = {snakemake: slurm for snakemake, slurm in SUBMITTED.findall(log)}
    seen = {ids[job]: datetime.strptime(when, "%c") for when, job in FINISHED.findall(log)}
    name = re.search(r"SLURM run ID: (\S+)", log)[1]
    command = ["squeue", "--states=all", "--noheader", f"--name={name}", "--format=%i %V %S %e"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return pd.DataFrame(
        [[*map(datetime.fromisoformat, times), seen[job]] for job, *times in rows if job in seen],
        columns=["submitted", "started", "ended", "seen"],
    )


def measure(sweep: Sweep, ledgers: dict) -> dict:
    """Run one sweep, compare its ledger with those before, and return its row of the table."""
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".benchmark-") as folder:
        project = sweep.project(Path(folder) / "project")
        before = requests() if sweep.interval else {}
        start = time.monotonic()
        log = project.run(*sweep.words(), seconds=LONGEST)
        seconds = time.monotonic() - start
        if ledgers.setdefault(sweep.trials, project.ledger()) != project.ledger():
            raise SystemExit(f"{sweep}: the ledger is not that of the local run")
    row = {
        "where": "local" if sweep.interval is None else "slurm",
        "trials/job": sweep.pack,
        "interval": sweep.interval,
        "seconds": seconds,
        "s/trial": seconds / sweep.trials,
    }
    if sweep.interval is None:
        return row
    asked = {kind: n - before.get(kind, 0) for kind, n in requests().items()}
    minutes = seconds / 60
    jobs = job_times(log)
    spans = {
        "waits": jobs["started"] - jobs["submitted"],
        "runs": jobs["ended"] - jobs["started"],
        "unseen": jobs["seen"] - jobs["ended"],
    }
    whole = (jobs["seen"].max() - jobs["submitted"].min()).total_seconds()
    return row | {
        **{name: span.dt.total_seconds().median() for name, span in spans.items()},
        "jobs/min": len(jobs) / whole * 60,
        "requests/min": sum(asked.values()) / minutes,
        "polls/min": asked.get(POLL, 0) / minutes,
        "requests/trial": sum(asked.values()) / sweep.trials,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--pack", type=int, nargs="+", default=[1, 5, 10], metavar="TRIALS")
    parser.add_argument("--intervals", type=int, nargs="*", default=[2, 5, 20, 40], metavar="S")
    parser.add_argument("--interval", type=int, default=10, help="of the first runs, in seconds")
    given = parser.parse_args()
    if not shutil.which("sinfo") or subprocess.run(["sinfo"], capture_output=True).returncode:
        sys.exit("no Slurm answers here: start one with tests/slurm/start.sh")
    window = max(given.pack) * SLOTS * 3 // 2
    middle = given.pack[len(given.pack) // 2]
    sweeps = [
        *(Sweep(given.trials, pack, window) for pack in given.pack),
        *(Sweep(given.trials, pack, window, given.interval) for pack in given.pack),
        *(Sweep(given.trials, middle, window, interval) for interval in given.intervals),
    ]
    rows, ledgers = [], {}
    for sweep in sweeps:
        print(sweep, file=sys.stderr, flush=True)
        rows.append(measure(sweep, ledgers))
        print(pd.DataFrame(rows[-1:]).round(2).to_string(index=False), file=sys.stderr, flush=True)
    print(f"\n{given.trials} trials, window {window}, {SLOTS} slots; times in seconds (medians)")
    print(pd.DataFrame(rows).round(2).to_string(index=False, na_rep=""))


if __name__ == "__main__":
    main()
