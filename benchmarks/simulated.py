"""Sweeps whose values are computed instead of trained, proposed as the workflow proposes them."""

from __future__ import annotations

from collections.abc import Callable

from resweep.sweep.plan import Plan, Proposal
from resweep.sweep.proposals import Proposer


def simulate(
    plan: Plan, n_trials: int, value: Callable[[Proposal], float | list[float]]
) -> list[dict]:
    """Propose trial after trial and return their records.

    `value` gives what each ends with: a number, or a list of those of several objectives.
    """
    proposer, records = Proposer(plan), {}
    for number in range(n_trials):
        proposal = proposer.propose(number, records)
        given = value(proposal)
        records[number] = {
            "number": number,
            "params": proposal.params,
            "state": "COMPLETE",
            **({"value": None, "values": given} if isinstance(given, list) else {"value": given}),
            "curve": [],
            "user_attrs": proposal.attrs,
        }
    return list(records.values())
