"""Sweeps of two objectives that pull apart: accuracy and size both grow with x."""

from __future__ import annotations

import json

from resweep.ledger.fronts import scored_records
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import Parameter

X = Parameter("x", "float", low=0.0, high=4.0)
WASTE = Parameter("waste", "float", low=0.0, high=1.0)
OBJECTIVES = {"accuracy": "maximize", "size": "minimize"}


def pair_space(*params, **changes):
    given = {"study_name": "pair", "n_trials": 30, "pruner": {"type": "none"}, "fixed": {}}
    return Space(
        direction="maximize", params=params or (X, WASTE), objectives=OBJECTIVES, **given | changes
    )


def values(params):
    """A front along x; waste only costs."""
    x, waste = params["x"], params.get("waste", 0.0)
    return [1 - (x - 3) ** 2 - waste, x**2 + waste]


def pair_record(proposal):
    found = {
        "number": proposal.number,
        "params": proposal.params,
        "state": "FAIL" if proposal.number % 7 == 3 else "COMPLETE",
        "value": None,
        "curve": [],
        "user_attrs": proposal.attrs | {"seed": 0},
        "system_attrs": {},
    }
    if found["state"] == "COMPLETE":
        found["values"] = values(proposal.params)
    return json.loads(json.dumps(found))


def pair_ledger(points, space=None, **attrs):
    """The ledger of trials at these points, (x, waste) each."""
    space = space or pair_space()
    records = []
    for number, (x, waste) in enumerate(points):
        params = {"x": x, "waste": waste}
        records.append(
            {"number": number, "params": params, "state": "COMPLETE", "values": values(params),
             "user_attrs": {"kind": "proposal"} | {k: v[number] for k, v in attrs.items()}}
        )  # fmt: skip
    return Ledger.from_records(scored_records(records, space), space)
