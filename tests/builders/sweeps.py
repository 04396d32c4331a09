"""Small spaces and sweeps whose every value follows from the parameters."""

from __future__ import annotations

import json

from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.plan import Plan
from resweep.sweep.proposals import Proposer

X = Parameter("x", "float", low=-5.0, high=5.0)
RATE = Parameter("rate", "float", low=1e-4, high=1.0, log=True)
KIND = Parameter("kind", "categorical", choices=("plain", "shifted"))
SHIFT = Parameter("shift", "float", low=0.0, high=1.0, condition={"kind": ("shifted",)})
SIZE = Parameter("size", "int", low=1, high=8)
COIN = Parameter("coin", "categorical", choices=(True, False))


def space(*params, direction="minimize", **changes):
    given = {"study_name": "toy", "n_trials": 30, "pruner": {"type": "none"}, "fixed": {}}
    return Space(direction=direction, params=params or (X, RATE, KIND, SHIFT), **given | changes)


def loss(params):
    """A bowl with a wall: nothing random, nothing that depends on order."""
    value = sum((float(v) - 0.7) ** 2 for v in params.values() if isinstance(v, int | float))
    return value + (params.get("kind") == "plain")


def record(proposal, value=None, state="COMPLETE", curve=()):
    """The record of a proposal, as it would be read from a file."""
    attrs = proposal.attrs | {"seed": 0}
    if value is None and state == "COMPLETE":
        value = loss(proposal.params)
    found = {
        "number": proposal.number,
        "params": proposal.params,
        "state": state,
        "value": value,
        "curve": [list(point) for point in curve],
        "user_attrs": attrs,
        "system_attrs": {},
    }
    return json.loads(json.dumps(found))


def mixed(proposal):
    """Like `record`, but some trials are pruned or fail."""
    if proposal.number % 7 == 3:
        return record(proposal, state="FAIL")
    if proposal.number % 5 == 4:
        curve = [(0, loss(proposal.params)), (1, None)]
        return record(proposal, curve[0][1], "PRUNED", curve)
    return record(proposal, curve=[(0, 9.0), (1, loss(proposal.params))])


def walk(plan: Plan, count: int, make=mixed):
    """Propose and end `count` trials, in order."""
    proposer, records, proposals = Proposer(plan), {}, []
    for number in range(count):
        proposals.append(proposer.propose(number, records))
        records[number] = make(proposals[-1])
    return proposals, records
