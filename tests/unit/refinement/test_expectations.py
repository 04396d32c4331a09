import numpy as np
import pytest
from chains import chain
from studies import ENCODER, LR, mirrored, noise, space

from resweep.errors import InputError
from resweep.ledger.trials import Ledger
from resweep.refinement.conditions import parse
from resweep.refinement.expectations import evaluate, expected_rows
from resweep.refinement.predictions import predictions
from resweep.refinement.verdicts import calibration, verdict_lines, verdicts

EXPECT = {
    "targets": {"minimum": -0.2, "dream": 5.0},
    "decide": [
        {"if": "share(pool=mean, elites) < 0.2", "then": "drop mean"},
        {"if": "best > 1 and effect(pool=max) > 0", "then": "celebrate"},
        {"if": "effect(pool=mean) < 0", "then": "write it down"},
    ],
}


def test_targets_and_declared_decisions_get_their_verdicts():
    parent, refinement, child = chain(0, overrides={"pool": {"keep": True, "reason": "x"}})
    claims = predictions(refinement, EXPECT)
    assert claims["id"].is_unique
    table = verdicts(claims, parent, child)
    found = table.set_index("id")
    assert found.loc["target.minimum", "verdict"] == "confirmed"
    assert found.loc["target.dream", "verdict"] == "refuted"
    assert found.loc["decide.1", "verdict"] == "due"
    assert found.loc["decide.2", "verdict"] == "not due"  # best is not, whatever the effect
    assert found.loc["decide.3", "verdict"] == "due"
    assert found.loc["decide.3", "estimate"] == pytest.approx(-0.1, abs=0.04)
    lines = verdict_lines(table, calibration(table))
    assert any(line.startswith("- Due: if share(pool=mean, elites) < 0.2: drop") for line in lines)
    assert any("(dream): not reached" in line for line in lines)
    assert calibration(table).iloc[-1]["n"] == len(table) - 5


def test_nothing_is_known_of_an_empty_sweep():
    where = space(LR, ENCODER)
    empty = Ledger.from_records([], where)
    assert evaluate(parse("best > 0"), empty)[0] is None
    assert evaluate(parse("share(encoder=cnn, elites) > 0 or best > 0"), empty)[0] is None


def test_unknown_decides_nothing_unless_the_rest_does():
    _, _, child = chain(0)  # `pool` has lost a choice
    assert "mean" not in child.space["pool"].choices
    holds, values = evaluate(parse("effect(pool=mean) > 0 or best > -1"), child)
    assert holds is True and np.isnan(values["effect(pool=mean)"])
    assert evaluate(parse("effect(pool=mean) > 0 and best > -1"), child)[0] is None
    assert evaluate(parse("effect(pool=mean) > 0 and best > 1"), child)[0] is False
    assert evaluate(parse("share(pool=mean, points) > 0"), child)[1] == {
        "share(pool=mean, points)": 0.0
    }


def test_effects_and_correlations_look_at_scores_but_best_at_values():
    found = noise(60, space_=space(LR, ENCODER))
    trials = found.trials.assign(value=-np.log10(found.trials["params_lr"]))
    rising = Ledger(trials, found.curves, found.space)
    falling = mirrored(rising)
    for ledger in (rising, falling):
        _, values = evaluate(parse("correlation(lr) < 0 or effect(lr) < 0"), ledger)
        assert values["correlation(lr)"] == pytest.approx(-1)
        assert values["effect(lr)"] < 0
    best = evaluate(parse("best > 0"), rising)[1]["best"]
    assert evaluate(parse("best > 0"), falling)[1]["best"] == -best


def test_a_declared_condition_must_fit_the_space():
    with pytest.raises(InputError, match=r"expect\.decide, entry 1: .* is not a parameter"):
        expected_rows({"decide": [{"if": "effect(lrr) > 0", "then": "x"}]}, space())


def test_a_target_of_a_minimised_value_is_below_it():
    row = expected_rows({"targets": {"good": 0.1}}, space(direction="minimize"))[0]
    assert row["expected"] == "<" and row["statement"] == "the best value is 0.1 or less (good)"
