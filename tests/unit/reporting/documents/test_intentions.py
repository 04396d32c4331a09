"""What a sweep is for, in the launch checklist."""

import pandas as pd

from resweep.reporting.documents.intentions import (
    changes,
    decision_points,
    insights,
    objective,
    success,
)
from resweep.space.model import Space
from resweep.space.parameter import Parameter

SPACE = Space(
    "v3", "minimize", 40, {"type": "none"}, {}, (Parameter("x", "float", 0.0, 1.0),)
)  # fmt: skip
DECISIONS = pd.DataFrame(
    [
        ("x", "narrow", "0..1", "0..0.5", "moderate", 0.01, "above is surely worse"),
        ("y", "fix", "{a, b}", "a", "high", 0.001, "b is surely worse"),
        ("z", "keep", "0..1", "0..1", "low", 0.5, "may be chance"),
        ("w", "expand", "0..1", "0..2", "low", 0.2, "elites press on it"),
    ],
    columns=["parameter", "action", "old", "new", "confidence", "p", "reason"],
)
PREDICTIONS = pd.DataFrame(
    [
        ("y.dropped", "dropped", "b is worse", 0.0, 0.97),
        ("forecast.parent", "forecast", "the best value is better than that of v2, 0.3", 0.3, 0.8),
        ("target.wish", "target", "the best value is 0.2 or less (wish)", 0.2, float("nan")),
        ("decide.1", "decide", "if best < 0.2: stop", float("nan"), float("nan")),
    ],
    columns=["id", "kind", "statement", "threshold", "probability"],
)
MIDSWEEP = {"at": 0.5, "stop_below": 0.9, "stop_probability": 0.05, "extend_probability": 0.8}


def test_the_objective_names_direction_parent_and_claims():
    lines = objective("v3", SPACE, "v2", PREDICTIONS)
    assert "smallest" in lines[0] and "40 trials" in lines[0]
    assert lines[1] == "- Beat the best of v2, 0.3."
    assert "1 claim" in lines[2]
    assert len(objective("v1", SPACE, None, None)) == 1


def test_every_change_has_its_reason_and_what_is_kept_is_named():
    lines = changes(DECISIONS)
    assert [line.split()[1] for line in lines] == ["Fixed", "Narrowed", "Expanded", "Kept"]
    for reason in DECISIONS["reason"][DECISIONS["action"] != "keep"]:
        assert any(reason in line for line in lines)
    assert "`z`" in lines[-1]


def test_insights_are_sure_and_the_surest_comes_first():
    assert [line.split("`")[1] for line in insights(DECISIONS)] == ["y", "x"]
    (line,) = insights(DECISIONS[DECISIONS["confidence"] == "low"])
    assert "Nothing is sure" in line


def test_decisions_are_due_now_half_way_and_after():
    given = {"waits": True, "report": "`make report`"}
    now, half, after = decision_points("v3", 40, MIDSWEEP, PREDICTIONS, **given)
    assert "approve" in now and "config/overrides/v3.yaml" in now
    assert "after 20 trials" in half and "0.05" in half and "worse than 0.9" in half
    assert "`make report` judges each prediction; then, if best < 0.2: stop." in after
    _, half, after = decision_points("v3", 40, None, None, **given)
    assert "midsweep: off" in half and after.endswith("judges each prediction.")
    _, half, _ = decision_points("v3", 40, MIDSWEEP | {"max_trials": 80}, None, **given)
    assert "go on to 80 trials if a new best is then 80% probable" in half


def test_success_is_what_was_registered():
    wish, parent = success(PREDICTIONS)
    assert wish == "- The best value is 0.2 or less (wish)."
    assert parent.endswith("probability 0.80.")
    assert "None was registered" in success(None)[0]
