"""The trial of a sweep beside Optuna's own: one contract, and what only the sweep's can say."""

import json
import math
import warnings

import numpy as np
import optuna
import pytest

from resweep.errors import InputError
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.history import History
from resweep.sweep.trials.trial import SweepTrial, make_pruner

SPACE = Space(
    "toy",
    "minimize",
    9,
    {"type": "median", "n_startup_trials": 2, "n_warmup_steps": 0},
    {"epochs": 5, "optimizer": "adam"},
    (
        Parameter("lr", "float", low=1e-5, high=1e-1, log=True),
        Parameter("dropout", "float", low=0.0, high=0.5, step=0.25),
        Parameter("depth", "int", low=1, high=9, step=2),
        Parameter("width", "int", low=8, high=512, log=True),
        Parameter("batch", "categorical", choices=(8, 16, 32), ordered=True),
        Parameter("kind", "categorical", choices=("cnn", "context")),
        Parameter("flag", "categorical", choices=(True, False, None)),
        Parameter("heads", "int", low=1, high=4, condition={"kind": ("context",)}),
    ),
)
POINT = {"lr": 1e-3, "dropout": 0.25, "depth": 3, "width": 64, "batch": 16, "kind": "cnn",
         "flag": None}  # fmt: skip
KNOWN = {0: [5.0, 4.0, 3.0], 1: [6.0, 5.0, 4.0], 2: [9.0, 8.0, 7.0]}


def finished(number):
    curve = list(enumerate(KNOWN[number]))
    return {"number": number, "state": "COMPLETE", "value": KNOWN[number][-1], "curve": curve}


@pytest.fixture
def make(tmp_path):
    def make(point=POINT, space=SPACE, journal=False):
        history = History(space, ())
        for number in KNOWN:
            history.add(POINT, finished(number))
        return SweepTrial(
            3,
            point,
            space,
            history.open_trial(3, point, pruned=True),
            make_pruner(space.pruner),
            seed=11,
            threads=2,
            data=None,
            checkpoint=tmp_path / "checkpoint",
            journal=tmp_path / "journal" if journal else None,
        )

    return make


@pytest.fixture
def theirs():
    """Optuna's own trial in a study that knows the same trials."""
    study = optuna.create_study(study_name="toy", pruner=make_pruner(SPACE.pruner))
    for number in KNOWN:
        study.enqueue_trial(POINT)
        trial = study.ask()
        suggest_all(trial)
        for step, value in finished(number)["curve"]:
            trial.report(value, step)
        study.tell(trial, finished(number)["value"])
    study.enqueue_trial(POINT)
    return study.ask()


def suggest_all(trial):
    return {
        "lr": trial.suggest_float("lr", 1e-5, 1e-1, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.5, step=0.25),
        "depth": trial.suggest_int("depth", 1, 9, step=2),
        "width": trial.suggest_int("width", 8, 512, log=True),
        "batch": trial.suggest_categorical("batch", [8, 16, 32]),
        "kind": trial.suggest_categorical("kind", ["cnn", "context"]),
        "flag": trial.suggest_categorical("flag", [True, False, None]),
    }


def test_the_interface_is_optunas(make):
    """Every public name of Optuna's trial is there."""
    trial = make()
    names = {name for name in dir(optuna.trial.Trial) if not name.startswith("_")}
    assert {"suggest_float", "constraints"} < names
    for name in names:
        assert hasattr(trial, name), name
    assert isinstance(trial, optuna.trial.BaseTrial)


def test_suggestions_are_those_of_optuna(make, theirs):
    ours = make()
    assert suggest_all(ours) == suggest_all(theirs) == POINT
    assert [type(v) for v in suggest_all(ours).values()] == [
        type(v) for v in suggest_all(theirs).values()
    ]
    assert ours.params == theirs.params
    assert ours.distributions == theirs.distributions
    assert ours.number == theirs.number == 3


@pytest.mark.filterwarnings("ignore:All-NaN slice")
@pytest.mark.parametrize("curve", [[5.5, 5.0, 4.0], [4.0, 4.5, 9.0], [6.1], [math.nan, 1.0]])
def test_reports_and_pruning_are_those_of_optuna(make, theirs, curve):
    ours = make()
    for step, value in enumerate(curve):
        for trial in (ours, theirs):
            trial.report(value, step)
        assert ours.should_prune() == theirs.should_prune()
        assert ours.should_prune() == theirs.should_prune()


def test_the_first_value_of_a_step_stands(make, theirs):
    ours = make()
    for trial in (ours, theirs):
        trial.report(4.0, 0)
        with warnings.catch_warnings(action="ignore"):
            trial.report(99.0, 0)
    assert ours.curve == {0: 4.0}
    assert ours.should_prune() == theirs.should_prune()


def test_attributes_become_plain_json(make):
    trial = make()
    trial.set_user_attr("array", np.arange(3))
    trial.set_user_attr("scalar", np.float32(0.5))
    trial.set_user_attr("nothing", math.nan)
    trial.set_user_attr("nested", {"a": [1, (2, 3)]})
    trial.set_constraint("size", -1.0)
    assert trial.user_attrs == {
        "array": [0, 1, 2], "scalar": 0.5, "nothing": None, "nested": {"a": [1, [2, 3]]},
        "constraints:size": -1.0,
    }  # fmt: skip
    assert trial.constraints == {"size": -1.0}
    with pytest.raises(InputError, match="'model' cannot be written as JSON"):
        trial.set_user_attr("model", object())


def test_old_names_of_optuna(make):
    trial = make()
    assert trial.suggest_loguniform("lr", 1e-5, 1e-1) == 1e-3
    assert trial.suggest_uniform("dropout", 0.0, 0.5) == 0.25
    assert trial.suggest_discrete_uniform("dropout", 0.0, 0.5, 0.25) == 0.25


def test_settings_of_the_space_answer_too(make):
    trial = make()
    assert trial.suggest_int("epochs", 1, 100) == 5
    assert trial.suggest_categorical("optimizer", ["sgd", "adam"]) == "adam"
    assert (trial.seed, trial.threads, trial.fixed["epochs"]) == (11, 2, 5)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda t: t.suggest_float("widht", 0, 1), r'did you mean "width"\? Add widht to'),
        (lambda t: t.suggest_int("heads", 1, 4), "takes part only if kind is context"),
        (lambda t: t.suggest_categorical("lr", [1e-3]), "the space has float 1e-05..0.1"),
        (lambda t: t.suggest_float("kind", 0, 1), r"the space has categorical \{cnn, context\}"),
        (lambda t: t.suggest_int("lr", 0, 1), "asks for an int in 0..1, but the space has float"),
        (lambda t: t.study.stop(), "trial.study.stop, but a trial may only read its study"),
        (lambda t: t.storage.get_all_trials(0), "the storage of a trial holds its own"),
        (lambda t: t.storage.get_trial_system_attrs(0), "asks for trial 0 in the storage"),
        (lambda t: t.suggest_categorical("kind", ["rnn"]), "knows only one of .*; the space deci"),
    ],
)
def test_a_code_that_does_not_fit_the_space_is_told(make, ask, message):
    with pytest.raises(InputError, match=message):
        ask(make())


def test_another_range_is_told_once_and_the_space_rules(make, capsys):
    trial = make()
    assert [trial.suggest_float("lr", 1e-2, 1.0) for _ in range(3)] == [1e-3] * 3
    assert trial.suggest_int("batch", 1, 64) == 16  # a ladder of numbers may be asked as a number
    told = capsys.readouterr().err
    assert told.count("the space rules and decided 0.001 from 1e-05..0.1 (log)") == 1
    assert "batch" not in told


def test_a_trial_resumes_with_what_it_had_said(make, tmp_path):
    first = make(journal=True)
    for step, value in enumerate((5.5, 5.0)):
        first.report(value, step)
        first.should_prune()
    first.set_user_attr("note", "a")
    (tmp_path / "checkpoint").touch()
    first.report(1.0, 2)
    first.close()
    with (tmp_path / "journal").open("a") as journal:
        journal.write('["report", 7.')  # cut off by a kill
    again = make(journal=True)
    assert again.curve == {0: 5.5, 1: 5.0, 2: 1.0}
    assert again.user_attrs == {"note": "a"}
    again.report(99.0, 2)
    assert again.curve[2] == 1.0
    again.close()
    lines = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    assert len(lines) == 6


def test_without_a_checkpoint_a_trial_starts_from_nothing(make):
    first = make(journal=True)
    first.report(5.0, 0)
    first.close()
    assert make(journal=True).curve == {}


def test_pruners_of_the_space():
    assert isinstance(make_pruner({"type": "median"}), optuna.pruners.MedianPruner)
    hyperband = {"type": "hyperband", "min_resource": 1, "max_resource": 9, "reduction_factor": 3}
    assert isinstance(make_pruner(hyperband), optuna.pruners.HyperbandPruner)
    assert isinstance(make_pruner({"type": "none"}), optuna.pruners.NopPruner)
