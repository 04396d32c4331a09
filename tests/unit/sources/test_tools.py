"""Studies of other tools: Ray Tune, Hydra, W&B, MLflow, in folders that these made."""

import hashlib
import math
import os
import pickle
import random
from pathlib import Path

import pandas as pd
import pytest

from resweep import cli
from resweep.errors import InputError
from resweep.sources import importing, wandb
from resweep.sources.kinds import recognise
from resweep.space.model import Space

FIXTURES = Path(__file__).parents[2] / "fixtures/sources"


def sweep_of(source, **options):
    return importing.to_sweep(importing.joined(importing.read(str(source), **options)))


def digest_of(folder: Path) -> str:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    text = "".join(f"{p}{hashlib.sha256(p.read_bytes()).hexdigest()}" for p in files)
    return hashlib.sha256(text.encode()).hexdigest()


# Ray Tune.


def test_a_ray_tune_experiment():
    folder = FIXTURES / "ray-2.60.0"
    before = digest_of(folder)
    assert recognise(str(folder)) == "ray"
    found = sweep_of(folder)
    assert digest_of(folder) == before
    space, trials = found.space, found.ledger.trials
    assert space.direction == "minimize"
    assert set(space.names) == {"lr", "model.layers", "opt"} and space["lr"].log
    assert (space["model.layers"].low, space["model.layers"].high) == (1, 4)
    assert space.fixed == {"seed": 3}
    assert trials["state"].tolist() == [
        "COMPLETE", *["PRUNED"] * 9, "COMPLETE", "FAIL",
    ]  # fmt: skip
    assert trials.loc[0, "params_lr"] == 0.06273688971470741
    curve = found.ledger.curves.query("number == 0")
    assert curve["step"].tolist() == [1, 2, 3, 4] and curve["value"].iloc[0] == 1.0727368897147074
    assert trials.loc[0, "value"] == curve["value"].iloc[-1]
    assert sweep_of(folder, objectives=["accuracy"]).space.direction == "maximize"


class Bomb:
    """A pickle that leaves a trace when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_pickles_of_a_ray_tune_experiment_are_never_loaded(tmp_path):
    bomb = pickle.dumps(Bomb(tmp_path / "exploded"))
    trial = tmp_path / "tiny/train_a_00000_0_x=1"
    trial.mkdir(parents=True)
    for i, x in enumerate((0.1, 0.2, 0.4)):
        trial = tmp_path / f"tiny/train_a_0000{i}_{i}_x"
        trial.mkdir()
        fallback = f'{{"_type": "CLOUDPICKLE_FALLBACK", "value": "{bomb.hex()}"}}'
        (trial / "params.json").write_text(f'{{"x": {x}, "callback": {fallback}}}')
        (trial / "result.json").write_text(f'{{"loss": {x}, "training_iteration": 1}}\n')
        for name in ("params.pkl", "error.pkl"):
            (trial / name).write_bytes(bomb)
    (tmp_path / "tiny/tuner.pkl").write_bytes(bomb)
    found = sweep_of(tmp_path / "tiny")
    assert found.space.names == ("x",) and len(found.ledger.trials) == 3
    assert not (tmp_path / "exploded").exists()


def test_a_ray_tune_experiment_that_is_damaged(tmp_path):
    trial = tmp_path / "t_00000_0_x"
    trial.mkdir()
    (trial / "params.json").write_text('{"x": ')
    with pytest.raises(InputError, match=r"params.json: cannot be read"):
        sweep_of(tmp_path)
    (trial / "params.json").write_text('{"x": 1}')
    with pytest.raises(InputError, match="its runs have no metric"):
        sweep_of(tmp_path)


# Hydra.


def test_a_hydra_multirun():
    folder = FIXTURES / "hydra-1.3.8"
    assert recognise(str(folder)) == "hydra"
    found = sweep_of(folder, objectives=["val_loss"])
    space = found.space
    assert (space.direction, space.fixed) == ("minimize", {"optim.name": "adam"})
    assert space["optim.lr"].choices == (0.001, 0.01, 0.1) and space["optim.lr"].ordered
    assert space["model.layers"].choices == (1, 2)
    assert found.ledger.trials["value"].min() == pytest.approx(0.1)
    assert len(found.ledger.curves) == 12
    with pytest.raises(InputError, match=r"2 metrics: .*--objective NAME:min or NAME:max"):
        sweep_of(folder)


def test_ranges_of_a_hydra_sweeper_and_jobs_without_a_result(tmp_path):
    for i in range(4):
        job = tmp_path / str(i)
        (job / ".hydra").mkdir(parents=True)
        (job / ".hydra/overrides.yaml").write_text(f"- +lr={2 * 10 ** -(i + 1)}\n- n={i + 2}\n")
        if i != 2:
            (job / "result.yaml").write_text(f"accuracy: 0.{i + 1}\n")
        (job / "job_return.pickle").write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))
    (tmp_path / "multirun.yaml").write_text(
        "hydra:\n  sweeper:\n    params:\n      +lr: tag(log, interval(1e-5, 1))\n"
        "      n: int(interval(1, 9))\n"
    )
    found = sweep_of(tmp_path)
    lr, n = found.space["lr"], found.space["n"]
    assert (lr.low, lr.high, lr.log) == (1e-5, 1.0, True)
    assert (n.type, n.low, n.high) == ("int", 1, 9)
    assert found.ledger.trials["state"].tolist() == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]
    assert not (tmp_path / "exploded").exists()
    for i in range(4):
        (tmp_path / f"{i}/result.yaml").unlink(missing_ok=True)
    with pytest.raises(InputError, match="its jobs left no result"):
        sweep_of(tmp_path)


# W&B.


@pytest.mark.parametrize("version", ["0.31.0", "0.16.6"])
def test_local_runs_of_wandb(version):
    pytest.importorskip("wandb", reason="reading the log of a W&B run needs wandb")
    folder = FIXTURES / f"wandb-{version}"
    assert recognise(str(folder)) == "wandb"
    found = sweep_of(folder)
    trials = found.ledger.trials
    assert found.space.direction == "minimize"
    assert {"lr", "opt", "model.layers"} == set(found.space.names)
    assert found.space.fixed == {"seed": 1}
    # The runs were made from one generator, so that their settings are known.
    rng = random.Random(2)
    expected = [
        (10 ** rng.uniform(-4, -1), rng.choice(["adam", "sgd"]), rng.randint(1, 4))
        for _ in range(8)
    ]
    rows = trials.set_index("user_attrs_name")
    for i, (lr, opt, layers) in enumerate(expected):
        row = rows.loc[f"run{i}"]
        assert (row["params_lr"], row["params_opt"], row["params_model.layers"]) == (
            lr, opt, layers,
        )  # fmt: skip
        curve = found.ledger.curves.query(f"number == {row['number']}")
        assert curve["step"].tolist() == [0, 1, 2]
        if i != 5:
            assert row["state"] == "COMPLETE"
            assert row["value"] == pytest.approx(abs(math.log10(lr) + 2) + 1 / 3)
    assert rows.loc["run5", "state"] == "FAIL"


def test_a_log_of_wandb_that_a_kill_cut_off(tmp_path):
    (log,) = ((FIXTURES / "wandb-0.31.0").glob("*/run-*.wandb").__iter__().__next__(),)
    content = log.read_bytes()
    path = tmp_path / "run-x.wandb"
    path.write_bytes(content[:-20])
    whole, cut = list(wandb._framed(log)), list(wandb._framed(path))
    assert 0 < len(cut) < len(whole) and cut == whole[: len(cut)]
    path.write_bytes(b"hello world")
    with pytest.raises(InputError, match="is not the log of a W&B run"):
        list(wandb._framed(path))


SWEEP = """\
method: bayes
metric: {name: val_loss, goal: minimize}
parameters:
  lr: {distribution: log_uniform_values, min: 0.0001, max: 0.1}
  batch_size: {values: [16, 32, 64]}
  model: {parameters: {layers: {min: 1, max: 8}}}
  dropout: {min: 0.0, max: 0.5}
  momentum: {distribution: normal, mu: 0.9, sigma: 0.01}
  epochs: {value: 10}
"""
EXPORT = "Name,State,Runtime,Created,Tags,lr,batch_size,model.layers,dropout,momentum,epochs,val_acc,val_loss\n"  # noqa: E501


def test_a_table_exported_from_wandb_with_the_sweep_it_came_from(tmp_path):
    rng = random.Random(0)
    rows = [
        f"fast-sweep-{i},{'crashed' if i == 3 else 'finished'},{60 + i},2026-01-01T00:00:00Z,,"
        f"{10 ** rng.uniform(-4, -1)},{rng.choice([16, 32, 64])},{rng.randint(1, 8)},"
        f"{rng.uniform(0, 0.5)},{rng.gauss(0.9, 0.01)},10,{rng.random()},"
        f"{'' if i == 3 else rng.random()}\n"
        for i in range(20)
    ]
    (tmp_path / "export.csv").write_text(EXPORT + "".join(rows))
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    found = sweep_of(tmp_path / "export.csv", sweep=tmp_path / "sweep.yaml")
    space = found.space
    assert (space.direction, space.fixed) == ("minimize", {"epochs": 10})
    assert (space["lr"].low, space["lr"].high, space["lr"].log) == (1e-4, 0.1, True)
    assert space["batch_size"].choices == (16, 32, 64) and space["batch_size"].ordered
    assert (space["model.layers"].type, space["model.layers"].high) == ("int", 8)
    assert (space["dropout"].low, space["dropout"].high) == (0.0, 0.5)
    assert 0.85 < space["momentum"].low < space["momentum"].high < 0.95
    assert any("momentum: the distribution normal has no bounds" in n for n in found.ledger.notes)
    assert found.ledger.trials.loc[3, "state"] == "FAIL"
    (tmp_path / "sweep.yaml").write_text("lr: 3\n")
    with pytest.raises(InputError, match="is not the configuration of a sweep"):
        sweep_of(tmp_path / "export.csv", sweep=tmp_path / "sweep.yaml")


# MLflow.


@pytest.fixture(params=["sqlite file", "sqlite url", "file store"])
def mlflow_store(request, tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="MLflow's stores are read with mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    from mlflow.tracking import MlflowClient

    path = tmp_path / ("mlruns" if request.param == "file store" else "mlflow.db")
    uri = path.as_uri() if request.param == "file store" else f"sqlite:///{path}"
    client, rng = MlflowClient(tracking_uri=uri), random.Random(1)
    experiment = client.create_experiment("tiny", artifact_location=(tmp_path / "art").as_uri())
    parent = client.create_run(experiment, run_name="sweep")
    for i in range(8):
        tags = {"mlflow.parentRunId": parent.info.run_id}
        run = client.create_run(experiment, tags=tags, run_name=f"r{i}", start_time=1000 + i)
        params = {"lr": 10 ** rng.uniform(-4, -1), "opt": "sgd" if i % 2 else "adam", "seed": 3}
        if i % 2:
            params["momentum"] = rng.random()
        for name, value in params.items():
            client.log_param(run.info.run_id, name, value)
        for step in range(3):
            client.log_metric(run.info.run_id, "val_loss", params["lr"] + 1 / (step + 1), step=step)
        client.log_metric(run.info.run_id, "val_acc", 0.5)
        client.set_terminated(run.info.run_id, "FAILED" if i == 4 else "FINISHED")
    client.set_terminated(parent.info.run_id)
    client.create_experiment("empty", artifact_location=(tmp_path / "art").as_uri())
    return uri if request.param == "sqlite url" else path


def test_a_store_of_mlflow(mlflow_store):
    path = Path(str(mlflow_store).removeprefix("sqlite:///"))
    before = digest_of(path) if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
    assert recognise(str(mlflow_store)) == "mlflow"
    found = sweep_of(mlflow_store, objectives=["val_loss"])
    after = digest_of(path) if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
    assert before == after
    assert found.space.study_name == "tiny" and found.space.direction == "minimize"
    assert found.space["momentum"].condition == {"opt": ("sgd",)}
    assert found.space.fixed == {"seed": 3}
    trials = found.ledger.trials
    assert trials["user_attrs_run"].tolist() == [f"r{i}" for i in range(8)]
    assert trials["state"].eq("FAIL").tolist() == [i == 4 for i in range(8)]
    assert trials.loc[0, "value"] == pytest.approx(trials.loc[0, "params_lr"] + 1 / 3)
    assert len(found.ledger.curves) == 24
    with pytest.raises(InputError, match='holds no study "tinny"; did you mean "tiny"'):
        sweep_of(mlflow_store, study="tinny")
    (only,) = importing.read_all(str(mlflow_store), objectives=["val_acc"])
    assert (only.name, only.directions) == ("tiny", ("maximize",))


def test_what_is_no_source(tmp_path):
    with pytest.raises(InputError, match="is no folder of a known kind"):
        recognise(str(tmp_path))
    (tmp_path / "model.pt").write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))
    with pytest.raises(InputError, match="is not an SQLite database or an Optuna journal"):
        sweep_of(tmp_path / "model.pt")
    assert not (tmp_path / "exploded").exists()


def test_the_command_reads_a_folder(tmp_path, capsys):
    arguments = ["import", str(FIXTURES / "hydra-1.3.8"), "--out", str(tmp_path / "v1")]
    assert cli.main(arguments) == 1
    assert "--objective NAME:min or NAME:max" in capsys.readouterr().err
    assert cli.main([*arguments, "--objective", "val_acc:max"]) == 0
    assert Space.load(tmp_path / "v1/space.yaml").direction == "maximize"
    said = capsys.readouterr()
    assert said.out.endswith("2 parameters, 6 trials (6 COMPLETE)\n")


@pytest.mark.parametrize(
    ("folder", "objective"),
    [("ray-2.60.0", None), ("hydra-1.3.8", "val_loss"), ("wandb-0.31.0", None)],
)
def test_one_command_leads_from_a_folder_to_decisions(tmp_path, folder, objective):
    if folder.startswith("wandb"):
        pytest.importorskip("wandb", reason="reading the log of a W&B run needs wandb")
    chosen = ["--objective", objective] if objective else []
    source = FIXTURES / folder
    before = digest_of(source)
    assert cli.main(["refine", str(source), *chosen, "--out", str(tmp_path / "next")]) == 0
    assert digest_of(source) == before
    parent = Space.load(tmp_path / "next/study/space.yaml")
    decided = pd.read_csv(tmp_path / "next/decisions.csv")
    assert set(parent.names) <= set(decided["parameter"])
    assert set(Space.load(tmp_path / "next/space.yaml").names) <= set(parent.names)


def test_one_command_leads_from_a_store_of_mlflow_to_decisions(mlflow_store, tmp_path):
    given = [str(mlflow_store), "--objective", "val_loss", "--out", str(tmp_path / "next")]
    assert cli.main(["refine", *given]) == 0
    assert set(pd.read_csv(tmp_path / "next/decisions.csv")["parameter"]) >= {"lr", "momentum"}
