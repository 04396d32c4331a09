"""The in-memory study that samplers and pruners look at."""

import optuna
import pytest
from sweeps import KIND, RATE, SHIFT, X, record, space, walk

from resweep.sweep.history import History
from resweep.sweep.plan import Plan
from resweep.sweep.proposals import Proposer
from resweep.sweep.samplers import make_sampler
from resweep.sweep.trials.trial import make_pruner

CURVES = {0: [5.0, 4.0, 3.0], 1: [6.0, 5.0, 4.0], 2: [9.0, 8.0, 7.0], 3: [4.0, 3.5, 3.4]}


def filled(pruned=(), warm=()):
    history = History(space(X), warm)
    for number, values in CURVES.items():
        curve = list(enumerate(values))
        history.add(
            {"x": float(number)},
            {
                "number": number,
                "state": "PRUNED" if number in pruned else "COMPLETE",
                "value": values[-1],
                "curve": curve,
                "system_attrs": {},
            },
        )
    return history


@pytest.mark.parametrize(
    "pruner",
    [
        {"type": "median", "n_startup_trials": 2, "n_warmup_steps": 0},
        {"type": "hyperband", "min_resource": 1, "max_resource": 9, "reduction_factor": 3},
    ],
    ids=lambda pruner: pruner["type"],
)
def test_pruning_is_that_of_an_optuna_study_with_the_same_trials(pruner):
    made = make_pruner(pruner)
    study = optuna.create_study(study_name="toy", pruner=made)
    for number, values in CURVES.items():
        trial = study.ask()
        assert trial.suggest_float("x", float(number), float(number)) == number
        for step, value in enumerate(values):
            trial.report(value, step)
        study.tell(trial, values[-1])
    theirs = study.ask()
    live = filled().open_trial(4, {"x": 0.0}, pruned=True)
    assert live.number == theirs.number == 4
    for step, value in enumerate((5.5, 5.5, 3.2, 9.0)):
        theirs.report(value, step)
        live.report(value, step)
        frozen = live.study.get_trials(deepcopy=False)[4]
        assert made.prune(live.study, frozen) == theirs.should_prune()


def test_reports_of_a_running_trial_reach_no_later_proposal():
    plan = Plan(space(X, RATE, KIND, SHIFT), 0, window=3)
    quiet, records = walk(plan, 14, record)
    proposer = Proposer(plan)
    for number in range(14):
        proposal = proposer.propose(number, records)
        live = proposer.history.open_trial(number, proposal.params, pruned=True)
        for step in range(3):
            live.report(-1e6, step)
        assert proposal == quiet[number]


def test_inherited_trials_count_in_the_numbers():
    history = filled(warm=[({"x": 1.5}, 3.0)])
    assert history.open_trial(4, {"x": 0.0}, pruned=True).number == 5
    assert [t.params["x"] for t in history.study.get_trials()] == [1.5, 0.0, 1.0, 2.0, 3.0]


def test_a_trial_without_a_point_here_stands_as_failed():
    history = History(space(X), ())
    history.add(None, {"state": "COMPLETE", "value": 1.0, "curve": []})
    history.start(None)
    history.start({"x": 1.0})
    history.finish(1, {"state": "COMPLETE", "value": 1.0, "curve": []})
    history.finish(2, {"state": "COMPLETE", "value": 2.0, "curve": [[0, None], [1, 2.0]]})
    found = history.study.get_trials()
    assert [t.state.name for t in found] == ["FAIL", "FAIL", "COMPLETE"]
    assert found[2].intermediate_values[1] == 2.0
    assert found[2].intermediate_values[0] != found[2].intermediate_values[0]


def test_pruned_before_any_report_is_failed():
    history = History(space(X), ())
    history.add({"x": 1.0}, {"state": "PRUNED", "value": None, "curve": []})
    assert history.study.get_trials()[0].state.name == "FAIL"


def test_starting_and_finishing_gives_what_adding_gives():
    """The two ways of replaying a trial leave the sampler the same study."""
    toy = space(X, RATE, KIND, SHIFT)
    _, records = walk(Plan(toy, 2, window=4), 15)
    added, stepped = History(toy, ()), History(toy, ())
    for number, found in records.items():
        added.add(found["params"], found)
        stepped.start(found["params"])
        if number >= 3:
            stepped.finish(number - 3, records[number - 3])
    for number in range(12, 15):
        stepped.finish(number, records[number])
    draws = [history.draw(make_sampler("tpe", 7), {}) for history in (added, stepped)]
    assert draws[0] == draws[1]


def test_decided_values_replace_drawn_ones():
    history = History(space(X, KIND, SHIFT), ())
    found = history.draw(make_sampler("random", 0), {"kind": "shifted", "shift": 0.25})
    assert found["kind"] == "shifted"
    assert found["shift"] == 0.25
    assert -5.0 <= found["x"] <= 5.0
    assert "shift" not in history.draw(make_sampler("random", 0), {"kind": "plain", "shift": 0.25})
