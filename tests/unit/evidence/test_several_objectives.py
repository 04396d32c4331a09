"""Several objectives: the front, the effect on each, two sweeps on one scale."""

import numpy as np
import pytest
from pairs import pair_ledger, pair_space

from resweep.errors import InputError
from resweep.evidence.comparison import compare, comparison_text
from resweep.evidence.objectives import front, hypervolumes, objective_effects

rng = np.random.default_rng(3)
MANY = [(float(4 * a), float(b)) for a, b in rng.random((40, 2))]


def test_the_front_is_what_nothing_beats():
    points = [(0.0, 0.0), (1.0, 0.5), (3.0, 0.0), (2.0, 0.0), (1.0, 0.0), (3.0, 0.9)]
    found = front(pair_ledger(points))
    assert set(found["number"]) == {0, 2, 3, 4}
    assert list(found.columns) == ["number", "values_accuracy", "values_size", "adds"]
    assert found["adds"].is_monotonic_decreasing and 0 < found["adds"].sum() <= 1
    bound = pair_space(constraints={"cost": {"max": 1.0}})
    assert set(front(pair_ledger(points, bound, cost=[0, 0, 2, 0, 0, 0]))["number"]) == {0, 3, 4, 5}
    assert front(pair_ledger([])).empty


def test_each_objective_has_its_effects():
    found = objective_effects(pair_ledger(MANY)).set_index(["objective", "parameter"])
    assert set(found.index) == {(o, p) for o in ("accuracy", "size") for p in ("x", "waste")}
    assert found["matters"].all()
    slopes = found["slope"]  # of the score: what is better in one objective is worse in the other
    assert slopes["accuracy", "x"] > 0 > slopes["size", "x"]
    assert slopes["accuracy", "waste"] < 0 and slopes["size", "waste"] < 0


def test_one_objective_has_no_table_of_its_own():
    space = pair_space().replace(objectives={}, direction="maximize")
    ledger = pair_ledger([]).from_records([], space)
    assert objective_effects(ledger).empty
    assert "objective" in objective_effects(ledger)


def test_two_sweeps_are_ranked_over_both():
    good, bad = pair_ledger([(x, 0.0) for x, _ in MANY]), pair_ledger([(x, 1.0) for x, _ in MANY])
    table = compare(bad, good)
    rows = table.set_index("quantity")
    assert rows.loc["mean", "difference"] > 0.2
    assert rows.loc["hypervolume", "a"] < rows.loc["hypervolume", "b"] <= 1
    assert rows.loc["hypervolume after 10 trials", "b"] <= rows.loc["hypervolume", "b"]
    assert "a value is a rank over the trials" in comparison_text(table, ("v2", "v3"), "maximize")
    assert hypervolumes(good, good)[0] == hypervolumes(good, good)[1]
    one = good.space.replace(objectives={}, direction="maximize")
    with pytest.raises(InputError, match="one sweep is to maximize, the other to maximize acc"):
        compare(pair_ledger([]).from_records([], one), good)
