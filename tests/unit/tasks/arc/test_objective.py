import json

import numpy as np
import optuna
import pytest
from decided_trials import CNN, CONTEXT, FIXED, DecidedTrial

from resweep.errors import InputError
from resweep.tasks.arc import data, objective, training
from resweep.tasks.arc.recipe import PARAMETERS


@pytest.mark.parametrize("params", [CNN, CONTEXT], ids=["cnn", "context"])
def test_a_trial_reports_every_epoch_and_describes_itself(params, data_file):
    trial = DecidedTrial(params, FIXED, data_file)
    value = objective.objective(trial)
    assert list(trial.values) == [0, 1, 2] and value == max(trial.values.values())
    found = data.load(data_file)
    attrs = trial.user_attrs
    assert attrs["n_examples"] == len(attrs["correct"]) == len(found.members(data.VALIDATION))
    assert attrs["correct"].count("1") / attrs["n_examples"] == value
    assert 0 < attrs["majority"] < 0.3 and attrs["epochs_run"] == 3
    assert set(json.loads(attrs["per_category"])) == set(found.categories)
    assert len(attrs["fingerprint"]) == 16 and attrs["n_parameters"] > 1000


def test_trials_are_reproducible_by_their_seed(data_file):
    values = [
        list(_run(DecidedTrial(CNN, FIXED, data_file, seed=s)).values.items()) for s in (3, 3, 4)
    ]
    assert values[0] == values[1] != values[2]


def _run(trial):
    objective.objective(trial)
    return trial


def test_a_resumed_trial_reports_the_same_values(data_file, tmp_path):
    whole = _run(DecidedTrial(CNN, FIXED, data_file))
    path = tmp_path / "state.pt"
    with pytest.raises(optuna.TrialPruned):
        objective.objective(DecidedTrial(CNN, FIXED, data_file, checkpoint=path, prune_at=1))
    resumed = _run(DecidedTrial(CNN, FIXED, data_file, checkpoint=path))
    assert resumed.values == whole.values and resumed.user_attrs == whole.user_attrs


def test_a_pruned_trial_keeps_what_it_knew(data_file):
    trial = DecidedTrial(CNN, FIXED, data_file, prune_at=0)
    with pytest.raises(optuna.TrialPruned):
        objective.objective(trial)
    assert list(trial.values) == [0] and trial.user_attrs["epochs_run"] == 1
    assert len(trial.user_attrs["correct"]) == trial.user_attrs["n_examples"]


def test_real_optuna_trials_can_be_asked(data_file):
    """The suggested parameters and their conditions, seen by a sampler."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    asked = set()
    for _ in range(16):
        trial = study.ask()
        trial.__dict__.update(fixed={})
        params = objective.suggest(trial, statistics=True)
        asked |= set(params)
        assert ("temperature" in params) == params["use_cosine"]
        assert ("depth" in params) == (params["encoder_type"] == "cnn")
        assert ("ctx_dropout" in params) == (params["encoder_type"] == "context")
        assert ("stat_hidden" in params) == (params["encoder_type"] == "statistics")
    assert asked == set(PARAMETERS)


def test_fixed_parameters_are_not_asked_for(data_file):
    fixed = FIXED | {"use_scheduler": True, "label_smoothing": 0.0}
    params = {k: v for k, v in CNN.items() if k not in fixed}
    assert _run(DecidedTrial(params, fixed, data_file)).values


def test_the_stored_split_is_the_one_that_trials_use(data_file):
    found = data.load(data_file)
    train, validation = objective.development_split(found, {})
    assert train.tolist() == found.members(data.TRAIN).tolist()
    assert validation.tolist() == found.members(data.VALIDATION).tolist()


@pytest.mark.parametrize(
    "fixed", [{}, {"val_ratio": 0.4}, {"seed": 1}, {"stratify": False}], ids=str
)
def test_no_task_is_in_two_splits_and_none_of_the_test_split_in_any(data_file, fixed):
    found = data.load(data_file)
    train, validation = objective.development_split(found, fixed)
    test = found.members(data.TEST)
    assert not set(train) & set(validation) and not set(test) & (set(train) | set(validation))
    assert len(train) + len(validation) + len(test) == len(found.category)


def test_a_trial_never_sees_a_test_task(data_file, monkeypatch):
    seen = []
    monkeypatch.setattr(
        training,
        "fit",
        lambda recipe, *tasks, **_: seen.extend(t.grids for t in tasks[:2]) or 1 / 0,
    )
    with pytest.raises(ZeroDivisionError):
        objective.objective(DecidedTrial(CNN, FIXED, data_file))
    found = data.load(data_file)
    given = {grid.numpy().tobytes() for task in seen for grid in task}
    assert len(given) > 20
    assert not given & {grid.tobytes() for grid in found.grids[found.members(data.TEST)]}


def test_labels_decide_nothing_but_the_label(data_file):
    """The order of tasks follows their ids: categories are not to be read off the examples."""
    found = data.load(data_file)
    hashes = [g[: found.n_examples[i]].tobytes() for i, g in enumerate(found.grids)]
    assert len(set(hashes)) == len(hashes)


def test_majority_names_the_commonest_category_of_training():
    assert objective.majority(np.array([0, 1, 1]), np.array([1, 0, 0, 0])) == 0.25


@pytest.mark.parametrize(
    ("file", "message"), [(None, "needs a data file"), ("absent.npz", "no such data file")]
)
def test_missing_data_are_named(file, message):
    with pytest.raises(InputError, match=message):
        objective.objective(DecidedTrial(CNN, FIXED, file))


def test_the_file_is_read_anew_when_it_changes(tmp_path):
    path = tmp_path / "d.npz"
    digests = set()
    for seed in (1, 2):
        data.prepare("procedural", path, seed=seed, n_tasks=9, examples=1, max_grid=9)
        digests.add(objective.load_cached(path).digest)
    assert len(digests) == 2
