"""What more trials may bring, on studies whose truth is known."""

import numpy as np
import pytest

from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.forecast import (
    ADAPTIVE,
    COLUMNS,
    RANDOM,
    _beside,
    _repeated,
    band,
    enough,
    forecast,
    futures,
)

X = Parameter("x", "float", 0.0, 1.0)
KIND = Parameter("kind", "categorical", choices=("a", "b"))
Y = Parameter("y", "float", 1e-4, 1.0, log=True, condition={"kind": ("b",)})
SPACE = Space("toy", "maximize", 40, {"type": "none"}, {}, (X, KIND, Y))


def study(n=40, noise=0.05, seed=0, direction="maximize", fails=()):
    rng = np.random.default_rng(seed)
    sign = 1 if direction == "maximize" else -1
    records = []
    for number in range(n):
        params = {"x": float(rng.random()), "kind": "ab"[rng.integers(2)]}
        if params["kind"] == "b":
            params["y"] = float(10 ** rng.uniform(-4, 0))
        value = -((params["x"] - 0.6) ** 2) + noise * rng.normal()
        failed = number in fails
        records.append(
            {"number": number, "params": params, "state": "FAIL" if failed else "COMPLETE",
             "value": None if failed else sign * value}
        )  # fmt: skip
    return Ledger.from_records(records, SPACE.replace(direction=direction))


def test_the_table_grows_with_the_trials():
    found = forecast(study(), (10, 50))
    assert tuple(found.columns) == COLUMNS
    assert list(found["sampling"]) == [ADAPTIVE, ADAPTIVE, RANDOM, RANDOM]
    for _, rows in found.groupby("sampling"):
        assert rows["expected"].is_monotonic_increasing and rows["high"].is_monotonic_increasing
        assert (rows["low"] <= rows["expected"]).all() and (rows["expected"] <= rows["high"]).all()
        assert (rows["low"] >= max(study().scores)).all()  # what is on record stays
        assert rows["gain"].is_monotonic_decreasing
    assert (found["p_improves"] == found["p_beats"]).all()


def test_both_directions_say_the_same():
    up = forecast(study(), (20,), beat=0.05)
    down = forecast(study(direction="minimize"), (20,), beat=-0.05)
    assert np.allclose(up["expected"], -down["expected"])
    assert np.allclose(up["low"], -down["high"])
    assert np.allclose(up["p_beats"], down["p_beats"])


def test_it_is_a_function_of_its_arguments():
    assert forecast(study(), (20,)).equals(forecast(study(), (20,)))
    assert not forecast(study(), (20,)).equals(forecast(study(), (20,), seed=1))


def test_out_of_reach_is_improbable_and_within_reach_is_sure():
    found = forecast(study(), (30,), beat=10.0)
    assert (found["p_beats"] < 0.02).all()
    found = forecast(study(), (30,), beat=-1.0)
    assert (found["p_beats"] == 1).all()


def test_too_little_is_no_forecast():
    assert forecast(study(4), (10,)).empty
    assert futures(study(noise=0.0).__class__.from_records([], SPACE), 10) is None
    flat = Ledger.from_records(
        [{"number": i, "params": {"x": i / 20, "kind": "a"}, "state": "COMPLETE", "value": 1.0}
         for i in range(20)], SPACE
    )  # fmt: skip
    assert futures(flat, 10) is None and enough(flat) is None


def test_failures_leave_fewer_trials():
    half = futures(study(60, fails=range(0, 60, 2)), 20)
    assert half.values.shape[1] == 10


def test_a_next_sweep_starts_from_nothing_and_lies_in_its_space():
    narrow = SPACE.replace(params=(X.replace(low=0.0, high=0.1), KIND, Y))
    found = futures(study(), 30, space=narrow)
    assert np.isneginf(found.best(0)).all()
    whole = futures(study(), 30)
    assert found.worth(30).mean() < whole.worth(30).mean()


def test_repeats_take_luck_from_the_leader():
    rng = np.random.default_rng(0)
    own = np.zeros((400, 30))
    values = own + rng.standard_normal(own.shape)
    again = _repeated(values, own, 20, 1.0, rng)
    assert again.max(axis=1).mean() < values.max(axis=1).mean() - 0.5


def test_points_beside_an_elite_stay_in_the_range():
    rng = np.random.default_rng(0)
    drawn = np.array([_beside(X, {"x": 0.05}, rng) for _ in range(500)])
    assert drawn.min() >= 0 and drawn.max() <= 1 and np.median(drawn) < 0.3


@pytest.mark.parametrize("floor", [-np.inf, 0.0])
def test_a_band_holds_nine_of_ten(floor):
    draws = np.maximum(np.random.default_rng(0).standard_normal(20_000), floor)
    low, high = band(draws, floor)
    assert np.mean((draws >= low) & (draws <= high)) == pytest.approx(0.9, abs=0.01)


def test_enough_is_reached_sooner_under_more_noise():
    quiet, loud = enough(study(noise=0.001)), enough(study(noise=0.5))
    assert loud == 0 and (quiet is None or quiet > 0)
