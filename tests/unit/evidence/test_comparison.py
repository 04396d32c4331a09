import math
import time
from dataclasses import replace

import numpy as np
import pytest

from resweep.errors import InputError
from resweep.evidence.comparison import best_so_far, compare, comparison_text
from resweep.ledger.trials import Ledger
from resweep.space.model import Space

SPACE = Space.loads("direction: maximize\nparam_ranges: {x: {type: float, low: 0, high: 1}}\n")


def ledger_of(values, space=SPACE, states=None, attrs=None) -> Ledger:
    states = states or ["COMPLETE"] * len(values)
    records = [
        {"number": i, "value": v, "state": s, "user_attrs": (attrs or {}).get(i, {})}
        for i, (v, s) in enumerate(zip(values, states, strict=True))
    ]
    for i, record in enumerate(records):
        record["params"] = {"x": record["user_attrs"].get("replicate_of", i) / 1000}
    return Ledger.from_records(records, space)


def row(table, quantity):
    return table.set_index("quantity").loc[quantity]


@pytest.fixture
def rng():
    return np.random.default_rng(12)


def test_the_figures_of_a_small_example():
    a = ledger_of([0.1, 0.4, 0.2, 0.3])
    b = ledger_of([0.2, 0.3, None, 0.5, 0.1], states=["COMPLETE"] * 2 + ["FAIL"] + ["COMPLETE"] * 2)
    table = compare(a, b, budgets=(2, 4, 100))
    assert row(table, "trials")[["a", "b"]].tolist() == [4, 5]
    assert row(table, "points")[["a", "b"]].tolist() == [4, 4]
    assert row(table, "best")[["a", "b"]].tolist() == [0.4, 0.5]
    assert row(table, "best")["difference"] == pytest.approx(0.1)
    assert row(table, "median")["a"] == pytest.approx(0.25)
    assert row(table, "mean of the best quarter")["b"] == 0.5
    reached = row(table, "trials until as good as the best of a")
    assert reached[["a", "b"]].tolist() == [2, 4]  # the failed trial was spent too
    assert row(table, "best after 2 trials")[["a", "b"]].tolist() == [0.4, 0.3]
    assert row(table, "best after 4 trials")[["a", "b"]].tolist() == [0.4, 0.5]
    assert "best after 100 trials" not in set(table["quantity"])


def test_a_sweep_that_never_gets_there():
    table = compare(ledger_of([0.5, 0.9]), ledger_of([0.1, 0.2]))
    reached = row(table, "trials until as good as the best of a")
    assert reached["a"] == 2 and math.isnan(reached["b"]) and reached["note"] == "b never was"


def test_minimising_turns_everything_round():
    space = replace(SPACE, direction="minimize")
    table = compare(ledger_of([3.0, 1.0], space), ledger_of([2.0, 0.5], space), budgets=(1,))
    assert row(table, "best")[["a", "b", "difference"]].tolist() == [1.0, 0.5, -0.5]
    assert row(table, "best after 1 trials")[["a", "b"]].tolist() == [3.0, 2.0]
    assert row(table, "trials until as good as the best of a")["b"] == 2


def test_replicates_are_no_points_but_cost_trials():
    attrs = {2: {"kind": "replicate", "replicate_of": 0}, 0: {"kind": "proposal"}}
    a = ledger_of([0.8, 0.5, 0.4, 0.7], attrs=attrs)
    table = compare(a, ledger_of([0.1, 0.2, 0.3, 0.4]))
    assert row(table, "points")["a"] == 3 and row(table, "trials")["a"] == 4
    assert row(table, "best")["a"] == 0.7  # the mean of 0.8 and 0.4 is 0.6
    assert row(table, "trials until as good as the best of a")["a"] == 4


def test_tests_see_a_difference_and_only_that(rng):
    a, same, better = (ledger_of(rng.normal(m, 1, 60)) for m in (0, 0, 1.5))
    null, real = compare(a, same), compare(a, better)
    for quantity in ("mean", "median", "mean of the best quarter"):
        assert row(null, quantity)["p"] > 0.05
        assert row(null, quantity)["low"] < 0 < row(null, quantity)["high"]
        assert row(real, quantity)["p"] < 0.01
        assert row(real, quantity)["low"] > 0


def test_p_values_are_uniform_without_a_difference(rng):
    found = [
        row(compare(*(ledger_of(rng.normal(size=15)) for _ in "ab"), n_resamples=200, seed=i),
            "mean")["p"]
        for i in range(60)
    ]  # fmt: skip
    found = [p for p in found if not math.isnan(p)]  # by chance, some drift
    assert len(found) > 45
    assert 0 <= np.mean(np.array(found) < 0.1) < 0.25
    assert 0.35 < np.mean(found) < 0.65


def test_no_p_where_values_drift(rng):
    adaptive = ledger_of(np.linspace(0, 1, 40) + rng.normal(0, 0.05, 40))
    table = compare(ledger_of(rng.random(40)), adaptive)
    assert math.isnan(row(table, "mean")["p"])
    assert "values of b drift" in row(table, "mean")["note"]
    assert row(table, "mean")["low"] < row(table, "mean")["high"]
    assert "no p is given" in comparison_text(table, ("v2", "v3"), "maximize")


def test_the_same_call_gives_the_same_table(rng):
    a, b = ledger_of(rng.random(20)), ledger_of(rng.random(20))
    assert compare(a, b, seed=3).equals(compare(a, b, seed=3))


def test_the_best_so_far():
    attrs = {0: {"kind": "proposal"}}
    a = ledger_of([0.1, None, 0.4], states=["COMPLETE", "FAIL", "COMPLETE"], attrs=attrs)
    table = best_so_far(a, ledger_of([0.3, 0.2, 0.5, 0.1]))
    assert table["trials"].tolist() == [1, 2, 3, 4]
    assert table["a"].tolist()[:3] == [0.1, 0.1, 0.4] and math.isnan(table["a"].iloc[3])
    assert table["b"].tolist() == [0.3, 0.3, 0.5, 0.5]


def test_the_text_is_honest(rng):
    a, b = ledger_of(rng.normal(0, 1, 40)), ledger_of(rng.normal(2, 1, 40))
    text = comparison_text(compare(a, b), ("v2", "v3"), "maximize")
    assert "The best quarter of v3 is better" in text
    for words in ("Winner's curse", "luckiest", "no independent points", "40 + 40 points",
                  "null hypothesis", "One sweep of each kind is one draw"):  # fmt: skip
        assert words in text
    assert "as good as the best of v2" in text
    undecided = comparison_text(compare(a, a), ("v2", "v3"), "maximize")
    assert "**Undecided.**" in undecided


def test_single_points_are_compared_without_tests():
    table = compare(ledger_of([0.5]), ledger_of([0.7]))
    assert row(table, "best")["difference"] == pytest.approx(0.2)
    assert math.isnan(row(table, "mean")["p"]) and math.isnan(row(table, "mean")["low"])
    assert comparison_text(table, ("a", "b"), "maximize")


def test_what_cannot_be_compared():
    with pytest.raises(InputError, match=r"sweep b .* has no complete trial"):
        compare(ledger_of([0.5]), ledger_of([None], states=["FAIL"]))
    with pytest.raises(InputError, match="one sweep is to maximize, the other to minimize"):
        compare(ledger_of([0.5]), ledger_of([0.5], replace(SPACE, direction="minimize")))


def test_thousands_of_points_are_compared_in_seconds(rng):
    a, b = ledger_of(rng.random(3000)), ledger_of(rng.random(3000))
    begin = time.process_time()
    compare(a, b)
    assert time.process_time() - begin < 10
