"""Time one command from a finished study to its decisions, for every kind of source.

    OMP_NUM_THREADS=1 python benchmarks/first_decision.py               # 1,000 trials, minutes
    OMP_NUM_THREADS=1 python benchmarks/first_decision.py --trials 100 --kinds database table

The same study (ten parameters, a choice and two ranges matter, three reports a trial) is written in
each form, by the real library where it is installed beside Resweep, else in the files that it
leaves (`tests/fixtures/sources`). The peer is Optuna: a process that loads the database and asks
for its importances.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import optuna

PEER = (
    "import sys, optuna; s = optuna.load_study(study_name='mine', storage=sys.argv[1]); "
    "optuna.importance.get_param_importances(s)"
)


def objective(trial: optuna.Trial) -> float:
    """Return a loss of which `x0`, `x1` and `optimizer` make a difference."""
    x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(8)]
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    slow = trial.suggest_categorical("optimizer", ["adam", "sgd", "lion"]) != "adam"
    loss = (x[0] - 0.9) ** 2 + 0.3 * x[1] + 0.5 * slow + 0.05 * ((1e7 * lr) % 1)
    for step in range(3):
        trial.report(loss + 0.1 * (2 - step), step)
    return loss


def runs_of(study: optuna.Study) -> list[tuple[dict, list[float]]]:
    """Return the settings and the reports of each trial."""
    return [(t.params, list(t.intermediate_values.values())) for t in study.trials]


def table(study: optuna.Study, folder: Path) -> Path:
    """Write a table as a person would export it."""
    path = folder / "runs.csv"
    study.trials_dataframe().to_csv(path, index=False)
    return path


def ray(study: optuna.Study, folder: Path) -> Path:
    """Write the folder of a Ray Tune experiment."""
    path = folder / "ray"
    for i, (params, losses) in enumerate(runs_of(study)):
        trial = path / f"train_0_{i:05d}"
        trial.mkdir(parents=True)
        (trial / "params.json").write_text(json.dumps(params))
        lines = [
            {"loss": loss, "training_iteration": step + 1, "trial_id": str(i), "config": params}
            for step, loss in enumerate(losses)
        ]
        lines[-1]["done"] = True
        (trial / "result.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def hydra(study: optuna.Study, folder: Path) -> Path:
    """Write the folder of a Hydra multirun."""
    path = folder / "hydra"
    for i, (params, losses) in enumerate(runs_of(study)):
        job = path / str(i)
        (job / ".hydra").mkdir(parents=True)
        overrides = "".join(f"- {name}={value}\n" for name, value in params.items())
        (job / ".hydra/overrides.yaml").write_text(overrides)
        (job / "metrics.json").write_text(json.dumps({"loss": losses[-1]}))
    (path / "multirun.yaml").write_text("hydra:\n  sweeper:\n    params: null\n")
    return path


def wandb(study: optuna.Study, folder: Path) -> Path:
    """Write the local runs of W&B."""
    import wandb as library

    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    for params, losses in runs_of(study):
        with library.init(project="mine", dir=folder, config=params, reinit=True) as run:
            for loss in losses:
                run.log({"loss": loss})
    return folder / "wandb"


def mlflow(study: optuna.Study, folder: Path) -> Path:
    """Write a store of MLflow."""
    from mlflow.entities import Metric, Param
    from mlflow.tracking import MlflowClient

    path = folder / "mlflow.db"
    client = MlflowClient(tracking_uri=f"sqlite:///{path}")
    experiment = client.create_experiment("mine", artifact_location=(folder / "art").as_uri())
    for params, losses in runs_of(study):
        run = client.create_run(experiment).info.run_id
        metrics = [Metric("loss", loss, 0, step) for step, loss in enumerate(losses)]
        client.log_batch(run, metrics, [Param(k, str(v)) for k, v in params.items()])
        client.set_terminated(run)
    return path


KINDS: Mapping[str, Callable[[optuna.Study, Path], Path]] = {
    "database": lambda study, folder: folder / "study.db",
    "table": table,
    "ray": ray,
    "hydra": hydra,
    "mlflow": mlflow,
    "wandb": wandb,
}


def seconds(command: list[str]) -> float:
    """Return how long a command took; it must succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print a line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    given = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        storage = f"sqlite:///{folder}/study.db"
        sampler = optuna.samplers.RandomSampler(seed=0)
        study = optuna.create_study(study_name="mine", sampler=sampler)
        study.optimize(objective, given.trials)
        optuna.copy_study(from_study_name="mine", from_storage=study._storage, to_storage=storage)
        peer = seconds([sys.executable, "-c", PEER, storage])
        print("| source | seconds | times Optuna's own |\n| --- | --- | --- |")
        for kind in given.kinds:
            source = KINDS[kind](study, folder)
            metric = {"database": [], "table": ["--objective", "value:min"]}
            objective_of = metric.get(kind, ["--objective", "loss:min"])
            command = [sys.executable, "-m", "resweep.cli", "refine", str(source), *objective_of]
            took = seconds([*command, "--out", str(folder / f"next_{kind}")])
            print(f"| {kind} | {took:.1f} | {took / peer:.2f} |", flush=True)


if __name__ == "__main__":
    main()
