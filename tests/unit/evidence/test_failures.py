"""Regions of failure: named where they are, and not where failures are chance."""

import numpy as np
import pandas as pd
import pytest

from resweep.evidence.caveats import caveats
from resweep.evidence.failures import redraws, regions
from resweep.evidence.stability import REGION, stability
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.words import INFEASIBLE

PARAMS = (
    Parameter("rate", "float", 1e-5, 1e-1, log=True),
    Parameter("size", "int", 3, 10),
    Parameter("width", "float", 1.0, 8.0),
    Parameter("opt", "categorical", choices=("sgd", "adam", "lion")),
    Parameter("momentum", "float", 0.0, 1.0, condition={"opt": ("sgd",)}),
    Parameter("batch", "categorical", choices=(8, 16, 32, 64), ordered=True),
)
SPACE = Space("failing", "maximize", 60, {"type": "none"}, {}, PARAMS)


def study(fails, n=80, seed=0, reason=None, curve=lambda params, rng: []):
    """Random trials; `fails` says of parameters and a generator whether a trial fails."""
    rng = np.random.default_rng(seed)
    records = []
    for number in range(n):
        params = {
            "rate": float(10 ** rng.uniform(-5, -1)),
            "size": int(rng.integers(3, 11)),
            "width": float(rng.uniform(1, 8)),
            "opt": ("sgd", "adam", "lion")[rng.integers(3)],
        }
        if params["opt"] == "sgd":
            params["momentum"] = float(rng.uniform())
        params["batch"] = (8, 16, 32, 64)[rng.integers(4)]
        failed = bool(fails(params, rng))
        attrs = {"fail_reason": reason} if failed and reason else {}
        records.append(
            {
                "number": number,
                "params": params,
                "state": "FAIL" if failed else "COMPLETE",
                "value": None if failed else float(rng.normal()),
                "user_attrs": attrs,
                "curve": curve(params, rng),
            }
        )
    return Ledger.from_records(records, SPACE)


def test_a_joint_region_is_named_with_its_counts():
    ledger = study(lambda p, _: p["size"] >= 7 and p["width"] > 4, reason="memory: MemoryError: x")
    (found,) = regions(ledger)
    assert set(found.names) == {"size", "width"}
    assert found.n == found.n_failed == (ledger.trials["state"] == "FAIL").sum()
    assert found.n_failed_elsewhere == 0
    assert found.kinds == {"memory": found.n}
    assert "size >= 7" in found.where
    assert found.p < 0.05
    assert f"{found.n} of {found.n} trials fail where" in found.told
    assert f"(memory {found.n}); elsewhere 0 of" in found.told


@pytest.mark.parametrize(
    ("fails", "names"),
    [
        (lambda p, _: p["rate"] > 1e-2, {"rate"}),
        (lambda p, _: p["opt"] == "lion", {"opt"}),
        (lambda p, _: p["opt"] == "sgd" and p["rate"] > 3e-3, {"opt", "rate"}),
        (lambda p, _: p.get("momentum", 0) > 0.5, {"momentum"}),
        (lambda p, _: p["batch"] >= 32 and p["width"] > 4, {"batch", "width"}),
        (lambda p, rng: rng.random() < (0.7 if p["rate"] < 1e-4 else 0.05), {"rate"}),
    ],
)
def test_the_parameters_to_blame_are_named(fails, names):
    found = regions(study(fails))
    assert found
    assert set(found[0].names) == names


def test_two_causes_are_two_regions():
    found = regions(study(lambda p, _: p["rate"] > 2e-2 or p["opt"] == "lion", n=120))
    assert {names for region in found for names in region.names} == {"rate", "opt"}


def test_the_conditions_hold_where_they_say():
    ledger = study(lambda p, _: p["rate"] > 1e-2)
    (found,) = regions(ledger)
    (condition,) = found.conditions
    rate = ledger.trials["params_rate"].to_numpy()
    assert (condition.mask == (rate >= condition.value)).all()


def test_random_failures_are_no_region():
    alarms = [bool(regions(study(lambda p, rng: rng.random() < 0.2, 60, s))) for s in range(60)]
    assert np.mean(alarms) <= 0.1


def test_what_a_pruner_takes_out_of_danger_is_no_region():
    """Failures come at random steps; low rates are pruned early, so fewer of them ever fail."""
    alarms = []
    for seed in range(60):
        rng = np.random.default_rng([7, seed])
        records = []
        for number in range(80):
            rate = float(10 ** rng.uniform(-5, -1))
            params = {"rate": rate, "size": 5, "width": 2.0, "opt": "adam", "batch": 8}
            last, state = 20, "COMPLETE"
            breaks = int(rng.geometric(0.02))
            if breaks <= last:
                last, state = breaks, "FAIL"
            if rate < 1e-3 and last > 3:
                last, state = 3, "PRUNED"
            curve = [[step, 0.5] for step in range(1, last + 1)]
            value = None if state == "FAIL" else 0.5
            records.append(
                {"number": number, "params": params, "state": state, "value": value, "curve": curve}
            )
        alarms.append(bool(regions(Ledger.from_records(records, SPACE))))
    assert np.mean(alarms) <= 0.12


def test_redraws_stay_among_those_at_risk_and_in_their_time():
    bad = np.zeros(80, dtype=bool)
    bad[[0, 1, 70]] = True
    end = np.full(80, np.inf)
    end[0], end[70] = 5, -1
    end[2:10] = 3  # gone before the failure at step 5
    drawn = redraws(bad, end, 300, np.random.default_rng(0))
    assert (drawn.sum(axis=0) == 3).all()
    assert (drawn[:20].sum(axis=0) == 2).all()
    assert (drawn[60:].sum(axis=0) == 1).all()
    assert not drawn[2:10].any()


def test_few_failures_or_few_others_are_no_region():
    assert regions(study(lambda p, _: p["rate"] > 0.085, n=30)) == []
    assert regions(study(lambda p, _: True, n=30)) == []
    assert regions(study(lambda p, _: False, n=0)) == []


def test_values_that_are_not_finite_are_failures():
    ledger = study(lambda p, _: p["opt"] == "lion")
    value = ledger.trials["value"].where(ledger.trials["state"] != "FAIL", np.inf)
    endless = Ledger(ledger.trials.assign(state="COMPLETE", value=value), ledger.curves, SPACE)
    assert [r.where for r in regions(endless)] == ["opt = lion"]


def test_infeasible_trials_have_regions_too():
    ledger = study(lambda p, _: False)
    over = pd.DataFrame({"user_attrs_constraints:memory": ledger.trials["params_width"] - 4})
    bound = Ledger(pd.concat([ledger.trials, over], axis=1), ledger.curves, SPACE)
    (found,) = regions(bound, INFEASIBLE)
    assert found.names == ("width",)
    assert found.n == found.n_failed
    assert "violate a constraint" in found.told
    table = stability(bound)
    assert list(table.loc[table["side"] == REGION, "outcome"]) == ["infeasible"]
    assert "constraints" in set(caveats(bound)["topic"])


def test_regions_stand_in_the_table_and_among_the_caveats():
    ledger = study(lambda p, _: p["size"] >= 7 and p["width"] > 4, reason="memory: MemoryError: x")
    table = stability(ledger)
    (row,) = table[table["side"] == REGION].itertuples()
    assert set(row.parameter.split(", ")) == {"size", "width"}
    assert (row.n, row.fail_share, row.fail_share_elsewhere) == (row.n_failed, 1.0, 0.0)
    assert row.kinds == f"memory {row.n}"
    assert any(row.where in message for message in caveats(ledger)["message"])
