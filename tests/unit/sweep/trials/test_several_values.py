"""Trials of several objectives: tuples become records, what is no tuple of numbers is told."""

import optuna
import pytest
from small import SPACE

from resweep.errors import InputError
from resweep.sweep.launch import sweep_ledger
from resweep.sweep.trials import worker

TWO = SPACE.replace(
    direction="maximize",
    objectives={"loss": "minimize", "size": "minimize"},
    pruner={"type": "none"},
)
NUMBERS = (0, 1, 2, 3, 4, 5)


@pytest.fixture
def pair(project):
    project.plan(TWO)
    return project


def run(project, *numbers, **changes):
    job = project.job(*numbers, objective="objectives:two", **changes)
    worker.run(job, {}, lambda event, number: None)
    return project.records(*numbers)


def test_a_tuple_is_recorded_in_the_order_of_the_objectives(pair):
    for number, found in run(pair, *NUMBERS).items():
        x = found["params"]["x"]
        assert (found["state"], found["value"]) == ("COMPLETE", None)
        assert found["values"] == [(x - 1) ** 2, -x]
        assert set(found["user_attrs"]["front"]) <= set(range(number - 1))  # what it may know


def test_records_do_not_depend_on_packing(pair, tmp_path_factory):
    found = run(pair, *NUMBERS)
    other = type(pair)(tmp_path_factory.mktemp("other"))
    other.plan(TWO)
    run(other, 0, 1, 2, trials_per_job=3)
    (other.folder / "trials").mkdir(exist_ok=True)
    worker.records_.write(other.folder / "trials/00000.jsonl", other.records(0, 1, 2).values())
    run(other, 3, 4, 5, trials_per_job=3)
    keys = ("number", "params", "values", "state", "user_attrs")
    for number in NUMBERS:
        mine, its = found[number], other.records(number)[number]
        assert [mine[key] for key in keys] == [its[key] for key in keys]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("nan", "nan: the objective gave NaN or nothing for size"),
        ("none", "nan: the objective gave NaN or nothing for loss"),
        ("infinite", "diverged: the objective gave -inf for loss"),
        ("nothing", "nan: the objective gave NaN or nothing for loss"),
    ],
)
def test_a_value_that_is_no_number_fails_the_trial(pair, trouble, reason):
    pair.trouble({1: trouble})
    found = run(pair, 0, 1, 2)
    assert [r["state"] for r in found.values()] == ["COMPLETE", "FAIL", "COMPLETE"]
    assert found[1]["user_attrs"]["fail_reason"] == reason
    assert found[1]["values"] is None


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ("number", r"returned 0.5; the space wants a tuple of numbers: loss, size"),
        ("text", r"returned 'ab'; the space wants a tuple of numbers"),
        ("three", r"returned 3 values, the space has 2 objectives: loss, size"),
        ("report", r"calls trial.report, but the space has 2 objectives"),
        ("ask", r"calls trial.should_prune, but the space has 2 objectives"),
    ],
)
def test_what_does_not_fit_the_space_stops_the_sweep(pair, trouble, message):
    pair.trouble({0: trouble})
    with pytest.raises(InputError, match=message):
        run(pair, 0)


def test_a_tuple_for_one_objective_says_what_to_declare(project):
    with pytest.raises(InputError, match="Name its values under `objectives:` in the space"):
        run(project, 0)


def test_the_study_of_a_trial_is_one_of_several(pair, monkeypatch):
    seen = {}

    def look(trial):
        study = trial.study
        seen[trial.number] = ([d.name for d in study.directions], study.metric_names)
        for name in ("direction", "best_trial", "best_value"):
            with pytest.raises(RuntimeError, match="of several, ask for"):
                getattr(study, name)
        assert all(len(t.values) == 2 for t in study.trials if t.state.name == "COMPLETE")
        return 0.0, 1.0

    monkeypatch.setattr(worker, "load_objective", lambda name: look)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    worker.run(pair.job(0, 1, 2), {}, lambda event, number: None)
    assert seen == {n: (["MINIMIZE", "MINIMIZE"], ["loss", "size"]) for n in (0, 1, 2)}


def test_a_bound_of_an_objective_is_a_constraint(project):
    space = TWO.replace(constraints={"size": {"max": -1.0}})
    project.plan(space)
    found = run(project, *NUMBERS)
    for record in found.values():
        assert record["user_attrs"]["size"] == record["values"][1]
        assert "loss" not in record["user_attrs"]
    ledger = sweep_ledger(found.values(), space)
    able = ledger.trials["values_size"] <= -1.0
    assert 0 < able.sum() < len(able)
    assert (ledger.scored["feasible"].to_numpy() == able.to_numpy()).all()
    assert ledger.trials["value"][able].min() > ledger.trials["value"][~able].max()
