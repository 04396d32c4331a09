"""What a sweep starts from, and the ledger that it ends in."""

import json

import pytest
from sweeps import KIND, RATE, SHIFT, SIZE, X, space

from resweep.errors import InputError
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.sweep.launch import best_points, build, first_space, inherited, opened, sweep_ledger


def row(number, params, value, **attrs):
    kind = {"kind": "proposal", "seed": 1}
    return {"number": number, "value": value, "state": "COMPLETE", "params": params,
            "curve": [], "user_attrs": kind | attrs}  # fmt: skip


PARENT = space(X, RATE, study_name="v2")
ROWS = [row(n, {"x": float(n), "rate": 0.1}, float(10 - n)) for n in range(5)]
LEDGER = Ledger.from_records(ROWS, PARENT)


def test_overrides_of_a_first_space():
    found = first_space(PARENT, name="a", n_trials=7, fixed={"epochs": 2}, pruner="median")
    assert (found.study_name, found.n_trials, found.fixed) == ("a", 7, {"epochs": 2})
    assert found.pruner["type"] == "median"
    assert found.params == PARENT.params
    assert first_space(PARENT, name="a").n_trials == PARENT.n_trials
    with pytest.raises(InputError, match="space of a"):
        first_space(PARENT, name="a", pruner={"type": "hyperbrand"})


def test_the_oldest_ancestor_comes_first():
    older = Ledger.from_records([row(0, {"x": -1.0, "rate": 0.5}, 3.0)], PARENT)
    table = inherited([("v3", LEDGER), ("v2", older)], PARENT)
    assert list(table["sweep"]) == ["v2", *["v3"] * 5]
    assert inherited([], PARENT).empty


def test_what_an_ancestor_found_outside_its_space_is_inherited_too():
    narrow = space(X.replace(high=2.0), study_name="v3", fixed={"rate": 0.1})
    rows = [
        row(0, {"x": 1.0}, 1.0),
        row(1, {"x": 4.0, "rate": 0.1}, 3.0, kind="fallback"),
        row(2, {"x": 1.5}, 2.0),
        row(3, {"x": 4.0, "rate": 0.2}, 3.0, kind="fallback"),
    ]
    ancestors = [("v3", sweep_ledger(rows, narrow, PARENT)), ("v2", LEDGER)]
    table = inherited(ancestors, narrow.replace(params=(X,)))
    mine = table[table["sweep"] == "v3"]
    assert list(mine["number"]) == [0, 1, 2, 3]
    assert list(mine["carried"]) == [True, True, True, False]
    assert mine["params"].iloc[1] == {"x": 4.0}
    assert mine["reason"].iloc[3] == "rate = 0.2 is fixed at 0.1"
    best = sweep_ledger([*rows[:3], rows[3] | {"value": -1.0}], narrow, PARENT)
    launch, _ = build(PARENT, [("v3", best), ("v2", LEDGER)], enqueue_best=2)
    assert launch["enqueued"] == [{"x": 4.0, "rate": 0.2}, {"x": 1.0, "rate": 0.1}]


def test_best_points_rank_repeats_by_their_mean():
    lucky = {"x": 3.0, "rate": 0.1}
    rows = [
        row(0, lucky, 1.0),
        row(1, {"x": 1.0, "rate": 0.1}, 2.0),
        row(2, lucky, 9.0, kind="replicate", replicate_of=0),
        row(3, {"x": 2.0, "rate": 0.1}, 4.0),
    ]
    ledger = Ledger.from_records(rows, PARENT)
    assert [point["x"] for point, _ in best_points(ledger, 9)] == [1.0, 2.0, 3.0]
    turned = Ledger.from_records(rows, PARENT.replace(direction="maximize"))
    assert [point["x"] for point, _ in best_points(turned, 2)] == [3.0, 2.0]


def test_a_launch_file_holds_all_that_decides_the_proposals():
    child = space(X.replace(high=3.0), RATE, study_name="v3", fixed={"epochs": 4})
    launch, table = build(child, [("v2", LEDGER)], enqueue_best=2, enqueue=[{"x": 2.5}])
    assert json.loads(json.dumps(launch)) == launch
    assert Space.loads(launch["space"]) == child
    assert launch["warm"] == [[{"x": float(n), "rate": 0.1}, 10.0 - n] for n in range(4)]
    assert launch["enqueued"] == [{"x": 2.5}, {"x": 3.0, "rate": 0.1}]  # x = 4 does not fit
    wide = Space.loads(launch["fallback_space"])
    assert wide.params == opened(PARENT).params
    assert (wide.study_name, wide.fixed) == ("v3", {"epochs": 4})
    assert len(launch["fallback_warm"]) == 5
    assert list(table["carried"]) == [True] * 4 + [False]


def test_an_opened_space_stands_at_its_limits():
    ladder = SIZE.replace(
        type="categorical", low=None, high=None, choices=(2, 4), limits=(1, 2, 4, 8), ordered=True
    )
    found = opened(space(X.replace(limits=(-9.0, 20.0)), RATE.replace(limits=None), ladder))
    assert (found["x"].low, found["x"].high) == (-9.0, 20.0)
    assert found["rate"] == RATE.replace(limits=None)
    assert found["size"].choices == (1, 2, 4, 8)
    assert opened(found) == found
    stepped = SIZE.replace(low=3, high=9, step=3, limits=(1, 20))
    found = opened(space(stepped))["size"]
    assert (found.low, found.high) == (3, 18)  # limits off the grid: the last steps within them


def test_a_cold_start_inherits_nothing():
    launch, table = build(PARENT, [("v2", LEDGER)], warm_start=False)
    assert launch["warm"] == launch["fallback_warm"] == []
    assert launch["fallback_space"] is not None
    assert len(table) == 5
    launch, table = build(PARENT)
    assert launch["fallback_space"] is None
    assert table.empty


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"x": 9.0}, "x = 9.0 does not fit the space"),
        ({"y": 1.0}, "y = 1.0 does not fit the space"),
        ({"kind": "plain", "shift": 0.5}, "shift takes part only if kind is shifted"),
    ],
)
def test_a_point_that_does_not_fit_is_refused(point, message):
    with pytest.raises(InputError, match=rf"engine\.enqueue, point 1: {message}"):
        build(space(X, KIND, SHIFT), enqueue=[{"x": 1.0}, point])


def test_a_part_of_a_point_is_enough():
    toy = space(X, KIND, SHIFT, SIZE)
    launch, _ = build(toy, enqueue=[{"shift": 0.5}, {"size": 3.0}])
    assert launch["enqueued"] == [{"shift": 0.5}, {"size": 3}]


def test_fallback_trials_come_home_where_they_fit():
    child = space(X.replace(high=2.0), study_name="v3", fixed={"rate": 0.1})
    rows = [
        row(0, {"x": 1.0}, 1.0),
        row(1, {"x": 0.5, "rate": 0.1}, 2.0, kind="fallback"),
        row(2, {"x": 4.0, "rate": 0.1}, 3.0, kind="fallback"),
        row(3, {"x": 1.0, "rate": 0.2}, 3.0, kind="fallback"),
    ]
    ledger = sweep_ledger(reversed(rows), child, PARENT)
    assert list(ledger.trials["number"]) == [0, 1]
    assert ledger.assignment(ledger.trials.iloc[1]) == {"x": 0.5}
    assert list(ledger.outside["number"]) == [2, 3]


def test_a_lost_record_and_a_double_one_are_named():
    with pytest.raises(InputError, match="trial 2 has no record"):
        sweep_ledger([*ROWS[:2], *ROWS[3:]], PARENT)
    with pytest.raises(InputError, match="trial 2 has two records"):
        sweep_ledger([*ROWS, ROWS[2]], PARENT)
