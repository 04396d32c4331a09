"""The look at half-way: its rules, its forecast, its evidence."""

import numpy as np
import pytest

from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.midsweep import decide

X = Parameter("x", "float", low=0.0, high=1.0)
PLAN = {"n_planned": 40, "n_stop": 24, "seed": 0}


def ledger(values, direction="maximize", states=None):
    space = Space("toy", direction, 40, {"type": "none"}, {}, (X,))
    records = [
        {"number": n, "params": {"x": n / 100}, "state": "COMPLETE", "value": value}
        for n, value in enumerate(values)
    ]
    for number, state in (states or {}).items():
        records[number] |= {"state": state, "value": None}
    return Ledger.from_records(records, space)


def noise(count=20, mean=0.5, spread=0.1, seed=0):
    return np.random.default_rng(seed).normal(mean, spread, count)


def test_nothing_speaks_for_a_change():
    found = decide(ledger(noise()), None, **PLAN)
    assert (found["decision"], found["n_trials"], found["n_skipped"]) == ("continue", 40, 0)
    assert found["n_seen"] == found["n_points"] == 20
    assert found["best"] == pytest.approx(noise().max())
    assert found["probability_beats_parent"] is found["probability_extension_helps"] is None


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1), ("minimize", -1)])
def test_a_threshold_stops_in_either_direction(direction, sign):
    values = sign * noise()
    for threshold, decision in ((2.0, "stop"), (0.1, "continue")):
        found = decide(ledger(values, direction), None, stop_below=sign * threshold, **PLAN)
        assert found["decision"] == decision
    found = decide(ledger(values, direction), None, stop_below=sign * 2.0, **PLAN)
    assert (found["n_trials"], found["n_skipped"]) == (24, 16)
    assert f"is worse than {sign * 2:g}" in found["reason"]


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1), ("minimize", -1)])
def test_a_parent_out_of_reach_stops_a_child(direction, sign):
    values = sign * noise()
    far = decide(ledger(values, direction), sign * 2.0, **PLAN)
    assert far["decision"] == "stop"
    assert far["probability_beats_parent"] < 0.05
    assert "would beat the parent's best" in far["reason"]
    near = decide(ledger(values, direction), sign * 0.5, **PLAN)
    assert near["decision"] == "continue"
    assert near["probability_beats_parent"] == 1.0


def test_what_fallback_trials_found_outside_the_space_counts():
    rows = [
        {"number": n, "params": {"x": n / 100}, "state": "COMPLETE", "value": value}
        for n, value in enumerate(noise())
    ]
    far = {"params": {"x": 7.0}, "user_attrs": {"kind": "fallback"}}
    rows[5] |= far | {"value": 3.0}
    rows[6] |= far | {"value": None, "state": "FAIL"}
    space = Space("toy", "maximize", 40, {"type": "none"}, {}, (X,))
    found = decide(Ledger.from_records(rows, space), 2.0, stop_below=2.5, **PLAN)
    assert (found["decision"], found["best"]) == ("continue", 3.0)
    assert (found["n_seen"], found["n_points"]) == (20, 19)


def test_an_extension_needs_a_maximum_and_a_chance():
    values = noise()
    more = {"extend_probability": 0.3, "max_trials": 400}
    found = decide(ledger(values), None, **PLAN, **more)
    assert (found["decision"], found["n_trials"], found["n_skipped"]) == ("extend", 400, 0)
    assert found["probability_extension_helps"] >= 0.3
    assert decide(ledger(values), None, **PLAN, extend_probability=0.0)["decision"] == "continue"
    assert decide(ledger(values), None, **PLAN, **more | {"max_trials": 40})["decision"] != "extend"
    sure = {"extend_probability": 0.999, "max_trials": 44}
    assert decide(ledger(values), None, **PLAN, **sure)["decision"] == "continue"


def test_the_first_rule_that_applies_decides():
    found = decide(
        ledger(noise()), 2.0, **PLAN, stop_below=2.0, max_trials=400, extend_probability=0.0
    )
    assert "is worse than" in found["reason"]


def test_without_a_value_the_sweep_goes_on():
    failed = ledger([1.0, 1.0], states={0: "FAIL", 1: "PRUNED"})
    found = decide(failed, 0.5, **PLAN, stop_below=9.0)
    assert found["decision"] == "continue"
    assert found["best"] is None
    assert found["n_seen"] == 2


def test_values_that_do_not_differ_are_no_forecast():
    found = decide(ledger([0.5] * 7), 0.9, **PLAN)
    assert (found["decision"], found["probability_beats_parent"]) == ("continue", None)
    assert "too little is known" in found["reason"]
    assert decide(ledger([0.5] * 7), 0.9, stop_below=0.6, **PLAN)["decision"] == "stop"
    always = decide(ledger([0.5] * 7), 0.9, **PLAN, max_trials=400, extend_probability=0.0)
    assert (always["decision"], always["n_trials"]) == ("extend", 400)


def test_the_same_evidence_gives_the_same_decision():
    assert decide(ledger(noise()), 0.7, **PLAN) == decide(ledger(noise()), 0.7, **PLAN)
