"""What a sweep knows of its trials and of those it inherited, on one scale: larger is better.

Of one objective that is the value, turned with its direction. Of several it is the rank among all
that is known (:mod:`resweep.ledger.fronts`), so it changes with every result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resweep.ledger.fronts import as_losses, pareto_scores
from resweep.space.constraints import violation

if TYPE_CHECKING:
    from resweep.sweep.plan import Plan


@dataclass(frozen=True)
class Scores:
    """Scores of trials.

    Attributes
    ----------
    own : dict of int to float
        By number, of the complete trials that violate no constraint.
    warm, fallback_warm : list of float
        Of the inherited trials, in the order of the plan.
    """

    own: dict[int, float]
    warm: list[float]
    fallback_warm: list[float]


def known_scores(plan: Plan, records: Sequence[Mapping[str, Any]]) -> Scores:
    """Return the scores of what is known.

    Parameters
    ----------
    plan : Plan
    records : sequence of record
        Of the trials that have ended.
    """
    space = plan.space
    able = [
        record
        for record in records
        if record["state"] == "COMPLETE"
        and not violation(record["user_attrs"], space.constraints) > 0
    ]
    own = [record["values"] if space.objectives else record["value"] for record in able]
    warm = [value for _, value in plan.warm]
    fallback = [value for _, value in plan.fallback_warm]
    if space.objectives:
        scores = pareto_scores(as_losses([*own, *warm, *fallback], space.objectives)).tolist()
    else:
        scores = [space.sign * value for value in (*own, *warm, *fallback)]
    numbers = [record["number"] for record in able]
    first, second = len(own), len(own) + len(warm)
    return Scores(
        dict(zip(numbers, scores[:first], strict=True)), scores[first:second], scores[second:]
    )
