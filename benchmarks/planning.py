"""What it takes to plan a long sweep: wall time and peak memory of a dry run.

    python benchmarks/planning.py                        # 10,000 trials in jobs of their own
    python benchmarks/planning.py --trials 1000 --pack 5

The launch of the sweep is run first (a dry run shows nothing beyond a checkpoint that has not run);
measured is `snakemake -n` of all its trials, in a process of its own. CPU time stands beside wall
time, for a machine that does other things meanwhile.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
OBJECTIVE = """
def objective(trial):
    return trial.suggest_float("x", 0.0, 1.0)
"""
X = {"type": "float", "low": 0.0, "high": 1.0}


def prepare(folder: Path, n_trials: int, per_job: int, window: int) -> None:
    """Write the objective and the configuration of a sweep."""
    space = {"direction": "minimize", "n_trials": n_trials, "param_ranges": {"x": X}}
    config = {
        "objective": "training:objective",
        "engine": {"window": window, "trials_per_job": per_job},
        "sweeps": {"v2": {"space": "space.yaml"}},
    }
    (folder / "training.py").write_text(OBJECTIVE)
    (folder / "space.yaml").write_text(yaml.safe_dump(space))
    (folder / "config.yaml").write_text(yaml.safe_dump(config))


def snakemake(folder: Path, *words: str) -> tuple[str, float, float, float]:
    """Run Snakemake; return its output, wall seconds, CPU seconds and peak memory in MiB."""
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--quiet", "rules"]
    command += ["--configfile", "config.yaml", "--cores", "4", *words]
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        output.seek(0)
        text = output.read()
    if status:
        sys.exit(text[-3000:])
    return text, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--pack", type=int, default=1, help="trials per job")
    parser.add_argument("--window", type=int, default=6)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, given.trials, given.pack, given.window)
        snakemake(folder, "results/v2/launch.json")
        text, wall, cpu, memory = snakemake(folder, "-n", "results/v2/trials.csv")
        jobs = int(re.findall(r"^total +(\d+)$", text, flags=re.MULTILINE)[0])
    print(f"{given.trials} trials, {jobs} jobs: {wall:.1f} s ({cpu:.1f} s CPU), {memory:.0f} MiB")


if __name__ == "__main__":
    main()
