"""What a sweep costs beyond its trainings: wall time beside a bare loop and beside Optuna workers.

    python benchmarks/overhead.py                           # 40 trials of 10 s: about 18 minutes
    python benchmarks/overhead.py --trials 8 --seconds 1    # a quick look
    python benchmarks/overhead.py --trials 100 --slots 4 --packs 1 3    # beside the workers only

The same objective, unmodified, is run three ways: (a) in a bare loop in one process, which proposes
nothing; (b) the usual way, by N background workers on one Optuna study in SQLite, each asking for
one more trial until the study has enough; and by Resweep with Snakemake, from an empty folder to
the ledger: the plan, the launch checklist (which trains two of a trial's epochs), the trials, the
table. A training sleeps instead of computing, so that what is measured is the overhead and not how
N trainings share the cores of this machine. Trial times vary by a factor of five by trial number
(log-uniform) and are the same every way. CPU time, which no busy neighbour lengthens, is all
overhead: of every process together.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[1]
SLOWEST = 5.0
OBJECTIVE = """
import json
import time
from pathlib import Path

SECONDS = json.loads(Path(__file__).with_name("seconds.json").read_text())


def objective(trial):
    x = trial.suggest_float("x", -5.0, 5.0)
    rate = trial.suggest_float("rate", 1e-4, 1.0, log=True)
    depth = trial.suggest_int("depth", 1, 8)
    kind = trial.suggest_categorical("kind", ["plain", "shifted"])
    for epoch in range(10):
        time.sleep(SECONDS[trial.number % len(SECONDS)] / 10)
        loss = (x - 1) ** 2 + rate + depth / 8 + (kind == "shifted") + 1 / (epoch + 1)
        trial.report(loss, epoch)
        trial.should_prune()
    return loss
"""
SPACE = {
    "direction": "minimize",
    "pruner": "none",
    "param_ranges": {
        "x": {"type": "float", "low": -5.0, "high": 5.0},
        "rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
        "depth": {"type": "int", "low": 1, "high": 8},
        "kind": {"type": "categorical", "choices": ["plain", "shifted"]},
    },
}
LOOP = """
import sys
import optuna
from training import objective

params = {"x": 0.5, "rate": 0.01, "depth": 3, "kind": "plain"}
for number in range(int(sys.argv[1])):
    objective(optuna.trial.FixedTrial(params, number))
"""
CREATE = """
import optuna

optuna.create_study(storage="sqlite:///study.db", study_name="toy")
"""
WORKER = """
import sys
import optuna
from training import objective

optuna.logging.set_verbosity(optuna.logging.WARNING)
sampler = optuna.samplers.TPESampler(multivariate=True, group=True)
study = optuna.load_study(storage="sqlite:///study.db", study_name="toy", sampler=sampler)
while len(study.get_trials(deepcopy=False)) < int(sys.argv[1]):
    study.optimize(objective, n_trials=1)
"""
SCRIPTS = {"training": OBJECTIVE, "loop": LOOP, "create": CREATE, "worker": WORKER}


def trial_seconds(mean: float, n_trials: int) -> list[float]:
    """Return how long each trial sleeps."""
    spread = np.exp(np.random.default_rng(0).uniform(0.0, np.log(SLOWEST), n_trials))
    return (mean * spread / spread.mean()).tolist()


def prepare(folder: Path, options, slots: int, per_job: int) -> None:
    """Write the objective, and the configuration of a sweep that keeps `slots` slots busy."""
    seconds = trial_seconds(options.seconds, options.trials)
    for name, text in SCRIPTS.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "seconds.json").write_text(json.dumps(seconds))
    (folder / "space.yaml").write_text(yaml.safe_dump(SPACE | {"n_trials": options.trials}))
    window = max(per_job, round(1.5 * slots * per_job))
    config = {
        "objective": "training:objective",
        "engine": {"window": window, "trials_per_job": per_job, "replicate": 0.0},
        "sweeps": {"v2": {"space": "space.yaml"}},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))


def timed(command: list[str], folder: Path, copies: int = 1) -> np.ndarray:
    """Return wall and CPU seconds of `copies` processes of this command, started together."""
    began, used = time.monotonic(), cpu_seconds()
    running = [
        subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(copies)
    ]
    for process in running:
        text = process.communicate()[0]
        if process.returncode:
            sys.exit(f"{' '.join(command)}\n{text[-3000:]}")
    return np.array([time.monotonic() - began, cpu_seconds() - used])


def cpu_seconds() -> float:
    """Return what all ended children, and theirs, have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def snakemake(folder: Path, cores: int, *words: str) -> np.ndarray:
    """Return wall and CPU seconds of the workflow in a folder with a ``config.yaml``."""
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--quiet"]
    command += [
        "--configfile",
        "config.yaml",
        "--scheduler",
        "greedy",
        "--show-failed-logs",
        "--cores",
        str(cores),
    ]
    return timed([*command, *words], folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=10.0, help="mean length of a trial")
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 4], help="jobs at once")
    parser.add_argument("--packs", type=int, nargs="+", default=[1, 2, 5], help="trials per job")
    given = parser.parse_args()
    count, python = str(given.trials), sys.executable
    print(f"{given.trials} trials of {given.seconds:g} s on average, 1 run", flush=True)

    def show(what: str, seconds: np.ndarray, peer: np.ndarray) -> None:
        wall, cpu = seconds
        print(f"{what:<36} {wall:8.1f} s {wall / peer[0]:6.2f} {cpu:8.1f} s CPU", flush=True)

    for slots in given.slots:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            prepare(folder, given, slots, 1)
            if slots == 1:
                peer = timed([python, "loop.py", count], folder)
            else:
                peer = timed([python, "create.py"], folder)  # two that create it fall out
                peer += timed([python, "worker.py", count], folder, slots)
        show(f"{'bare loop' if slots == 1 else f'{slots} Optuna workers on SQLite'}", peer, peer)
        for per_job in given.packs:
            with tempfile.TemporaryDirectory() as name:
                prepare(Path(name), given, slots, per_job)
                took = snakemake(Path(name), slots, "results/v2/trials.csv")
                show(f"resweep, {slots} at once, {per_job} a job", took, peer)


if __name__ == "__main__":
    main()
