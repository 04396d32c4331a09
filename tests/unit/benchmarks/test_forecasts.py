"""The error of the look at half-way, on sweeps whose second half is known."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import forecasts
from truth import SPACE, Truth, random_point

from resweep.ledger.trials import Ledger
from resweep.sweep.forecast import RANDOM
from resweep.sweep.midsweep import decide

N, SWEEPS = 40, 24


def sweeps():
    """Return first halves of random sweeps, and the best values of the whole."""
    for seed in range(SWEEPS):
        truth, rng = Truth.of(seed, 0.3), np.random.default_rng(seed)
        points = [random_point(SPACE, rng) for _ in range(N)]
        values = [truth.value(point, number) for number, point in enumerate(points)]
        records = [
            {"number": n, "params": points[n], "state": "COMPLETE", "value": values[n]}
            for n in range(N // 2)
        ]
        yield Ledger.from_records(records, SPACE), max(values)


def error():
    """Return the share of sweeps that beat the least target for which they are stopped."""
    return np.mean(
        [best > forecasts.least_stopped(early, N // 2, RANDOM) for early, best in sweeps()]
    )


def test_the_look_at_half_way_errs_about_as_often_as_it_says():
    assert error() <= 0.17  # 5% of 24 is 1.2; more than 4 happen with p < 0.01


def test_a_forecast_that_is_too_sure_is_found_out(monkeypatch):
    class Sure:
        def best(self, more):
            return np.full(100, -np.inf)  # nothing better ever comes

    monkeypatch.setattr(forecasts, "futures", lambda *_, **__: Sure())
    assert error() > 0.3


def test_the_least_target_is_where_the_look_begins_to_stop():
    early, _ = next(sweeps())
    limit = forecasts.least_stopped(early, N // 2, RANDOM)
    look = {"n_planned": N, "n_stop": N // 2, "seed": 0, "sampling": RANDOM}
    assert decide(early, limit, **look)["decision"] == "stop"
    assert decide(early, limit - 0.01, **look)["decision"] == "continue"
