import numpy as np
from studies import BATCH, ENCODER, FILLER, LR, POOL, assignments, ledger, noise, space, v2

from resweep.refinement.predictions import COLUMNS, KINDS, predictions
from resweep.refinement.refine import refine


def planted(n=80, seed=0):
    """`pool` mean is far worse, more `lr` is better."""
    where = space(LR, POOL, BATCH, FILLER)
    rng = np.random.default_rng(seed)
    found = assignments(where, n, rng)
    x = (np.log10(found["lr"]) + 5) / 4
    value = 0.2 * x - 0.2 * (np.array(found["pool"]) == "mean") + 0.02 * rng.normal(size=n)
    return where, ledger(where, value, **found)


def test_a_study_of_noise_claims_next_to_nothing():
    found = noise(60)
    table = predictions(refine(found.space, found))
    assert tuple(table.columns) == COLUMNS
    assert not (table["kind"] == "dropped").any()


def test_each_claim_of_a_planted_study_has_its_statement_and_probability():
    table = predictions(refine(*planted())).set_index("id")
    row = table.loc["pool.dropped"]
    assert row["statement"] == "mean is worse than the best of what is kept, {max, attention}"
    assert row["probability"] > 0.99
    assert row["rests_on"].startswith("rule surely worse (p <")
    assert table.loc["lr.trend.high", "probability"] > 0.99
    assert table.loc["lr.beyond.high", "statement"] == "the best lies above the old bound 0.1"
    assert np.isnan(table.loc["lr.beyond.high", "probability"])


def test_every_change_but_exploration_is_a_claim():
    found = refine(*v2(), policy="published")
    table = predictions(found)
    decided = found.decisions
    changed = decided[(decided["action"] != "keep") & (decided["rule"] != "unexplored")]
    assert set(table["parameter"]) == set(changed["parameter"])
    assert table["id"].is_unique and set(table["kind"]) <= set(KINDS)
    lead = table.set_index("id").loc["encoder_type.leads", "statement"]
    assert lead == "cnn is better than context"


def test_a_persons_fix_is_a_claim_without_probability():
    where = space(ENCODER, LR)
    found = noise(30, space_=where)
    given = {"encoder": {"fix": "cnn", "reason": "I like it"}}
    row = predictions(refine(where, found, overrides=given)).set_index("id").loc["encoder.dropped"]
    assert np.isnan(row["probability"]) and row["rests_on"] == "a person: I like it"
    assert row["statement"].startswith("context is worse")


def test_predictions_are_a_function_of_the_arguments():
    first, second = (predictions(refine(*planted())).to_csv() for _ in range(2))
    assert first == second
