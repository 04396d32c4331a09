"""Studies of several objectives."""

import numpy as np
import optuna
import pytest

from resweep import cli
from resweep.errors import InputError
from resweep.ledger.fronts import fronts
from resweep.ledger.trials import Ledger
from resweep.refinement.refine import refine
from resweep.sources import importing
from resweep.sources.runs import Wanted
from resweep.space.model import Space


@pytest.fixture
def two(tmp_path):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        study_name="two",
        storage=f"sqlite:///{tmp_path / 'two.db'}",
        directions=["maximize", "minimize"],
        sampler=optuna.samplers.RandomSampler(seed=5),
    )
    study.set_metric_names(["accuracy", "latency"])

    def objective(trial):
        width = trial.suggest_float("width", 0, 1)
        if trial.number == 3:
            raise ValueError
        return width, width**2 + trial.suggest_float("waste", 0, 1)

    study.optimize(objective, n_trials=40, catch=(ValueError,))
    return tmp_path / "two.db", study


def sweep_of(path, *objectives):
    return importing.to_sweep(importing.joined(importing.read(str(path), objectives=objectives)))


@pytest.mark.parametrize("name", ["latency", "latency:min", "1"])
def test_one_objective_by_name_or_number(two, name):
    path, study = two
    found = sweep_of(path, name)
    assert found.space.direction == "minimize"
    complete = found.ledger.complete
    assert complete["value"].tolist() == [t.values[1] for t in study.trials if t.values]
    assert complete["user_attrs_objective_accuracy"].tolist() == [
        t.values[0] for t in study.trials if t.values
    ]


def test_both_objectives_in_one_score(two):
    path, study = two
    found = sweep_of(path, "accuracy:max", "latency:min")
    assert found.space.direction == "maximize"
    assert found.space.objectives == {"accuracy": "maximize", "latency": "minimize"}
    complete = found.ledger.complete
    assert complete[["values_accuracy", "values_latency"]].to_numpy().tolist() == [
        t.values for t in study.trials if t.values
    ]
    best = {t.number for t in study.best_trials}
    ranked = complete.sort_values("value", ascending=False)["number"].tolist()
    assert set(ranked[: len(best)]) == best
    assert complete["value"].max() == 1.0 and complete["value"].is_unique
    refined = refine(found.space, found.ledger, n_trials=50, seed=0).decisions
    assert set(refined["parameter"]) == {"width", "waste"}


@pytest.mark.parametrize(
    ("objectives", "message"),
    [
        ([], r"has 2 objectives: accuracy \(maximize\), latency \(minimize\)"),
        (["acuracy"], 'has no objective "acuracy"; did you mean "accuracy"'),
        (["latency:max"], "is to minimize latency, not to maximize it"),
        (["2"], 'has no objective "2"'),
    ],
)
def test_objectives_that_are_not_there(two, objectives, message):
    with pytest.raises(InputError, match=message):
        sweep_of(two[0], *objectives)


def test_the_command_takes_one_or_several(two, tmp_path, capsys):
    given = ["import", str(two[0]), "--out", str(tmp_path / "v1")]
    assert cli.main(given) == 1
    assert cli.main([*given, "--objective", "accuracy"]) == 0
    assert cli.main([*given, "--objectives", "accuracy:max", "latency:min"]) == 0
    space = Space.load(tmp_path / "v1/space.yaml")
    assert list(space.objectives) == ["accuracy", "latency"]
    again = Ledger.load(tmp_path / "v1/trials.csv", space)
    assert again.trials["value"].max() == 1.0
    space = str(tmp_path / "v1/space.yaml")
    assert cli.main([*given, "--objectives", "accuracy", "latency", "--space", space]) == 0
    assert cli.main([*given, "--objective", "accuracy", "--space", space]) == 1
    said = capsys.readouterr().err
    assert "ranked by accuracy and latency" in said
    assert "is to maximize, but the space says maximize accuracy and minimize latency" in said
    assert cli.main(["import", str(two[0]), "--list"]) == 0
    assert "objective latency: minimize" in capsys.readouterr().out


def test_the_first_front_is_optunas(two):
    _, study = two
    complete = [t for t in study.trials if t.values]
    losses = np.array([[-t.values[0], t.values[1]] for t in complete])
    first = {t.number for t, level in zip(complete, fronts(losses), strict=True) if level == 0}
    assert first == {t.number for t in study.best_trials}


@pytest.mark.parametrize(
    ("text", "name", "direction", "bounds"),
    [
        ("loss", "loss", None, {}),
        ("val/loss:min", "val/loss", "minimize", {}),
        ("latency<=0.5", "latency", None, {"max": 0.5}),
        ("latency:min <= 5e-1", "latency", "minimize", {"max": 0.5}),
        ("recall>=.9", "recall", None, {"min": 0.9}),
        ("a:b", "a:b", None, {}),
    ],
)
def test_objectives_are_read(text, name, direction, bounds):
    found = Wanted.parse(text)
    assert (found.name, found.direction, dict(found.bounds)) == (name, direction, bounds)


@pytest.mark.parametrize("text", ["latency<=", "latency<=fast", "latency>=nan", "latency>=inf"])
def test_a_threshold_is_a_number(text):
    with pytest.raises(InputError, match=r"the threshold of .* is no number"):
        Wanted.parse(text)


@pytest.mark.parametrize("name", ["latency<=0.8", "1<=0.8", "latency:min<=0.8"])
def test_an_objective_with_a_threshold_is_a_constraint(two, tmp_path, name):
    path, study = two
    found = sweep_of(path, "accuracy", name)
    assert found.space.direction == "maximize"
    assert found.space.constraints == {"objective_latency": {"max": 0.8}}
    latency = np.array([t.values[1] for t in study.trials if t.values])
    scored = found.ledger.scored
    assert (scored["feasible"] == (latency <= 0.8)).all()
    assert scored["score"].idxmax() in scored.index[scored["feasible"]]
    note = f"latency <= 0.8 is a constraint, which {(latency > 0.8).sum()} of 39 complete trials"
    assert any(note in n for n in found.ledger.notes)
    found.space.dump(tmp_path / "space.yaml")
    assert Space.load(tmp_path / "space.yaml").constraints == found.space.constraints


def test_a_threshold_beside_several_objectives(two):
    found = sweep_of(two[0], "accuracy", "latency", "latency<=0.8")
    assert list(found.space.objectives) == ["accuracy", "latency"]
    complete = found.ledger.complete
    able = complete["values_latency"] <= 0.8
    assert complete["value"][able].min() > complete["value"][~able].max()
    assert (found.ledger.scored["feasible"].to_numpy() == able.to_numpy()).all()


def test_all_objectives_with_thresholds_leave_nothing_to_optimise(two):
    with pytest.raises(InputError, match="each of its objectives has a threshold"):
        sweep_of(two[0], "accuracy>=0.5", "latency<=0.8")


def test_a_metric_of_a_table_with_a_threshold_is_a_constraint(tmp_path):
    rows = "".join(f"{i / 10},{i / 20},{i}\n" for i in range(12))
    (tmp_path / "runs.csv").write_text("params_x,accuracy,latency\n" + rows)
    found = sweep_of(tmp_path / "runs.csv", "accuracy", "latency<=6")
    assert (~found.ledger.scored["feasible"]).sum() == 5
    refined = refine(found.space, found.ledger, n_trials=20, seed=0)
    assert refined.space.constraints == found.space.constraints


def test_the_configuration_reads_what_the_command_reads(two, tmp_path):
    rows = "".join(f"{i / 10},{i / 20},{i}\n" for i in range(12))
    (tmp_path / "runs.csv").write_text("params_x,accuracy,latency\n" + rows)
    source = str(tmp_path / "runs.csv")
    space, ledger = importing.read_sweep(study={"source": source, "objective": "latency:min"})
    assert (space.direction, len(ledger.trials)) == ("minimize", 12)
    path = str(two[0])
    for study in ({"source": path}, {"storage": path}):
        space, ledger = importing.read_sweep(study=study | {"objectives": ["accuracy", "latency"]})
        assert (space.direction, len(ledger.trials)) == ("maximize", 40)
        assert "values_latency" in ledger.trials
        assert "user_attrs_objective_latency" not in ledger.trials
