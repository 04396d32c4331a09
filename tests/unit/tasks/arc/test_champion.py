import json

import numpy as np
import pytest
import torch
from decided_trials import CNN, CONTEXT, FIXED

from resweep.errors import InputError
from resweep.tasks.arc import champion, data, predict
from resweep.tasks.arc.champion import train_champion


@pytest.fixture(scope="module")
def trained(data_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("champion")
    (folder / "params.json").write_text(json.dumps(CNN))
    arguments = ["--params", str(folder / "params.json"), "--fixed", json.dumps(FIXED), "--data",
                 str(data_file), "--seed", "1", "--epochs", "2", "--eval-draws", "2", "--resume",
                 str(folder / "state.pt"), "--out", str(folder)]  # fmt: skip
    assert champion.main(arguments) == 0
    return folder


def test_metrics_describe_the_test_tasks(trained, data_file):
    metrics = json.loads((trained / "metrics.json").read_text())
    found = data.load(data_file)
    rows = found.members(data.TEST)
    assert metrics["task_ids"] == found.task_ids[rows].tolist()
    assert metrics["labels"] == found.category[rows].tolist()
    probabilities = np.array(metrics["probabilities"])
    assert probabilities.shape == (len(rows), 9)
    correct = probabilities.argmax(1) == metrics["labels"]
    assert metrics["correct"] == correct.astype(int).tolist()
    assert metrics["accuracy"] == correct.mean() and metrics["n"] == len(rows)
    low, high = metrics["interval"]
    assert low <= metrics["accuracy"] <= high
    assert sum(c["n"] for c in metrics["per_category"].values()) == len(rows)
    assert np.sum(metrics["confusion"]) == len(rows)
    assert metrics["epochs_run"] == 2 and not (trained / "state.pt").exists()


def test_champions_are_reproducible(trained, data_file):
    again = train_champion(CNN, FIXED, data_file, seed=1, epochs=2, eval_draws=2)
    assert again.metrics == json.loads((trained / "metrics.json").read_text())


def test_a_fold_is_tested_on_and_not_trained_on(data_file, monkeypatch):
    found = data.load(data_file)
    given = {}
    real = champion.training.fit

    def spy(recipe, train, validation, *rest, **keywords):
        given["rows"] = {g.numpy().tobytes() for t in (train, validation) for g in t.grids}
        return real(recipe, train, validation, *rest, **keywords)

    monkeypatch.setattr(champion.training, "fit", spy)
    metrics = train_champion(CNN, FIXED, data_file, seed=1, fold=2, epochs=1).metrics
    rows = np.flatnonzero(found.fold == 2)
    assert metrics["task_ids"] == found.task_ids[rows].tolist()
    assert not given["rows"] & {g.tobytes() for g in found.grids[rows]}
    assert len(given["rows"]) == len(found.category) - len(rows)


def test_folds_cover_every_task_once(data_file):
    found = data.load(data_file)
    assert sorted(np.unique(found.fold)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("fold", [-1, 5])
def test_unknown_folds_are_refused(data_file, fold):
    with pytest.raises(InputError, match="no fold"):
        train_champion(CNN, FIXED, data_file, seed=1, fold=fold)


def test_data_without_test_split_are_refused(tmp_path):
    path = tmp_path / "d.npz"
    data.prepare("procedural", path, n_tasks=18, examples=1, max_grid=9, split={"test_ratio": 0.0})
    with pytest.raises(InputError, match="no test split"):
        train_champion(CNN, FIXED, path, seed=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--params": "{"}, "neither JSON nor a JSON file"),
        ({"--params": "absent.json"}, "neither JSON nor a JSON file"),
        ({"--params": "{}"}, "has no value"),
        ({"--fixed": '{"epoch": 1}'}, "did you mean"),
        ({"--data": "absent.npz"}, "no such data file"),
    ],
    ids=str,
)
def test_the_command_says_what_is_wrong(data_file, tmp_path, capsys, change, message):
    arguments = {"--params": json.dumps(CNN), "--data": str(data_file), "--seed": "1",
                 "--out": str(tmp_path / "out")} | change  # fmt: skip
    assert champion.main([word for pair in arguments.items() for word in pair]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# prediction


def task_file(folder, found, row=0, largest=None):
    pairs = []
    for e in range(found.n_examples[row]):
        in_h, in_w, out_h, out_w = found.sides[row, e]
        pairs.append({"input": found.grids[row, e, :in_h, :in_w, 0].tolist(),
                      "output": found.grids[row, e, :out_h, :out_w, 1].tolist()})  # fmt: skip
    if largest:
        pairs.append({"input": [[1] * largest], "output": [[2] * largest]})
    path = folder / "task.json"
    path.write_text(json.dumps({"train": pairs[:-1], "test": pairs[-1:]}))
    return path


def test_checkpoints_load_without_code(trained):
    content = torch.load(trained / "model.pt", weights_only=True)
    assert content["params"] == CNN and len(content["categories"]) == 9


def test_a_task_file_gets_a_category(trained, data_file, tmp_path, capsys):
    task = task_file(tmp_path, data.load(data_file))
    found = predict.predict(trained / "model.pt", task)
    assert sum(found.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert found.category == max(found.probabilities, key=found.probabilities.get)
    assert predict.main(["--checkpoint", str(trained / "model.pt"), "--json", str(task)]) == 0
    assert json.loads(capsys.readouterr().out)["category"] == found.category
    assert predict.main(["--checkpoint", str(trained / "model.pt"), str(task)]) == 0
    assert found.category in capsys.readouterr().out


def test_prediction_agrees_with_the_test_of_the_champion(trained, data_file, tmp_path):
    found = data.load(data_file)
    metrics = json.loads((trained / "metrics.json").read_text())
    for index, row in enumerate(found.members(data.TEST)[:4]):
        shares = predict.predict(
            trained / "model.pt", task_file(tmp_path, found, row)
        ).probabilities
        assert list(shares.values()) == pytest.approx(metrics["probabilities"][index], abs=1e-4)


@pytest.mark.parametrize("params", [CNN, CONTEXT], ids=["cnn", "context"])
def test_grids_larger_than_those_of_training_are_taken(params, data_file, tmp_path):
    made = train_champion(params, FIXED, data_file, seed=1, epochs=1)
    champion.save_checkpoint(made.checkpoint, tmp_path / "model.pt")
    task = task_file(tmp_path, data.load(data_file), largest=30)
    assert predict.predict(tmp_path / "model.pt", task).category


@pytest.mark.parametrize(
    ("checkpoint", "task", "message"),
    [
        ("absent.pt", None, "no such checkpoint"),
        ("task.json", None, "not the checkpoint"),
        (None, "absent.json", "cannot read the task"),
        (None, "model.pt", "not JSON"),
    ],
)
def test_unusable_files_are_named(
    trained, data_file, tmp_path, capsys, monkeypatch, checkpoint, task, message
):
    task_file(tmp_path, data.load(data_file))
    (tmp_path / "model.pt").write_bytes((trained / "model.pt").read_bytes())
    monkeypatch.chdir(tmp_path)
    arguments = ["--checkpoint", checkpoint or "model.pt", task or "task.json"]
    assert predict.main(arguments) == 1
    assert message in capsys.readouterr().err
