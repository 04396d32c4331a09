"""What a refinement claims, written down before the next sweep runs.

A decision says something that can turn out wrong: that what it dropped is worse than what it
kept, that the best lies beyond a bound that it moved. Each such claim is a row with the
probability that the evidence gives it and the way it will be judged
(:mod:`resweep.refinement.verdicts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from resweep.evidence.adjusted import MARGIN_NOISE
from resweep.refinement.decisions import UNREACHABLE, Decision, ParameterEvidence
from resweep.refinement.expectations import expected_rows, promised_rows
from resweep.refinement.overrides import RULE as OVERRIDE
from resweep.refinement.policy import ConservativePolicy, Policy
from resweep.space.parameter import Parameter, same
from resweep.words import describe_value, listing, probability

if TYPE_CHECKING:
    from resweep.refinement.refine import Refinement

COLUMNS = (
    "id",
    "parameter",
    "kind",
    "statement",
    "quantity",
    "expected",
    "threshold",
    "probability",
    "rests_on",
    "judged_by",
)
KINDS = ("dropped", "no better", "beyond", "trend", "leads")
EXPLORES = "unexplored"  # the rule that opens what is not known, which claims nothing

_ADJUSTED = "adjusted effect over the new sweep's trials, those outside its space included"
_JUDGED = {
    "dropped": f"{_ADJUSTED}; simultaneous 95% interval of the difference against 0",
    "no better": f"{_ADJUSTED}; simultaneous 95% interval of the difference against the margin",
    "beyond": "exact binomial test of the new sweep's best quarter against one half",
    "trend": "adjusted slope over the new sweep's trials within the old range; 95% interval",
    "leads": f"{_ADJUSTED}; simultaneous 95% interval of the difference against 0",
}


def predictions(
    refinement: Refinement,
    expect: Mapping[str, Any] | None = None,
    promised: Sequence[tuple[str, float, float]] = (),
) -> pd.DataFrame:
    """Register what the decisions of a refinement claim, and what a person expects.

    Parameters
    ----------
    refinement
        As :func:`resweep.refinement.refine.refine` returns it.
    expect
        What a person declared (:func:`resweep.refinement.expectations.expected_rows`), if
        anything.
    promised
        Best values of the next sweep by name, each with the probability that it is reached
        (:func:`resweep.sweep.forecast.promise`).

    Returns
    -------
    DataFrame
        One row per claim, in the order of the parent's parameters. ``id`` (unique), ``parameter``,
        ``kind`` (``dropped``: the dropped values are worse than the best of the kept;
        ``no better``: they are better by no more than a margin; ``beyond``: most of the next best
        quarter lies beyond an old bound; ``trend``: the score rises toward that bound; ``leads``:
        the choices with a larger share are better than those with a smaller one; ``forecast``:
        the best value reaches what was forecast; ``target`` and ``decide``: what a person
        expects), ``statement``
        (a sentence), ``quantity``, ``expected`` (``>`` or ``<``) and ``threshold``,
        ``probability`` (that the statement is true; NaN where the rule gives none), ``rests_on``,
        ``judged_by``. No row where nothing is claimed. Then one row per target and per declared
        decision.

    Raises
    ------
    InputError
        If a declared condition is not understood, or speaks of what the space does not have.
    """
    rows: list[dict[str, Any]] = []
    for name, decision in refinement.details.items():
        old = refinement.parent[name]
        if decision.action == "keep" or decision.rule in (UNREACHABLE, EXPLORES):
            continue
        rows += _restriction(old, decision, refinement.policy)
        case = refinement.cases[name]
        for side in grown(old, decision.new):
            rows += _expansion(old, side, decision, case)
        rows += _reweighting(old, decision)
    rows += promised_rows(promised, refinement.parent)
    rows += expected_rows(expect or {}, refinement.parent)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        {"threshold": float, "probability": float}
    )


def _row(
    name: str, kind: str, decision: Decision, chance: float, statement: str, quantity: str,
    expected: str = ">", threshold: float = 0.0, side: str = "",
) -> dict[str, Any]:  # fmt: skip
    rests = f"rule {decision.rule}"
    if decision.rule == OVERRIDE:  # the figures are those of the rules that were overridden
        rests, chance = "a person", np.nan
    elif np.isfinite(decision.p):
        rests += f" (p {probability(decision.p)})"
    return {
        "id": ".".join(part for part in (name, kind.replace(" ", "_"), side) if part),
        "parameter": name,
        "kind": kind,
        "statement": statement,
        "quantity": quantity,
        "expected": expected,
        "threshold": threshold,
        "probability": chance,
        "rests_on": f"{rests}: {decision.reason}",
        "judged_by": _JUDGED[kind],
    }


def _restriction(old: Parameter, decision: Decision, policy: Policy) -> list[dict[str, Any]]:
    gone = dropped(old, decision)
    if not gone:
        return []
    kept = decision.outcome
    if decision.new is None and (old.is_numeric or decision.rule == "neutral"):
        no_better = "no {} is better" if old.is_numeric else "{} is no better"
        margin = policy.neutral.margin if isinstance(policy, ConservativePolicy) else MARGIN_NOISE
        return [
            _row(
                old.name, "no better", decision, decision.probability,
                f"{no_better.format(gone)} than {kept} by more than the margin",
                "adjusted level of the kept less the best of the dropped, in standard deviations "
                "of a point",
                threshold=-margin,
            )
        ]  # fmt: skip
    return [
        _row(
            old.name, "dropped", decision, decision.probability,
            f"{gone} is worse than the best of what is kept, {kept}",
            "adjusted level of the best kept less the best dropped",
        )
    ]  # fmt: skip


def _expansion(
    old: Parameter, side: str, decision: Decision, case: ParameterEvidence
) -> list[dict[str, Any]]:
    end = describe_value(bound(old, side))
    where = "below" if side == "low" else "above"
    found = [
        _row(
            old.name, "beyond", decision, np.nan,
            f"the best lies {where} the old bound {end}",
            f"share of the best quarter {where} {end}", threshold=0.5, side=side,
        )
    ]  # fmt: skip
    toward = -1 if side == "low" else 1
    rules = decision.rule != OVERRIDE
    if rules and case.is_adjusted and np.isfinite(case.p_trend) and case.trend * toward > 0:
        found.append(
            _row(
                old.name, "trend", decision, 1 - case.p_trend / 2,
                f"the score rises toward the old bound {end}, others held equal",
                "adjusted slope within the old range", "<" if side == "low" else ">", side=side,
            )
        )  # fmt: skip
    return found


def _reweighting(old: Parameter, decision: Decision) -> list[dict[str, Any]]:
    if decision.action != "reweight" or decision.new is None:
        return []
    more, less = shares(old, decision.new)
    return [
        _row(
            old.name, "leads", decision, decision.probability,
            f"{_named(more)} is better than {_named(less)}",
            "adjusted level of the best with a larger share less the best with a smaller one",
        )
    ]  # fmt: skip


def _named(values: list[Any]) -> str:
    return listing((describe_value(v) for v in values), "or")


def bound(spec: Parameter, side: str) -> Any:
    """Return the lowest or highest value of a range or a ladder."""
    end = 0 if side == "low" else -1
    return (spec.choices if spec.is_ladder else (spec.low, spec.high))[end]


def dropped(old: Parameter, decision: Decision) -> str:
    """Say in words which values of a parameter a decision drops; empty if none."""
    new = decision.new
    if old.choices is not None:
        kept = [decision.value] if new is None else list(new.choices)
        gone = [c for c in old.choices if not any(same(c, k) for k in kept)]
        return _named(gone) if gone else ""
    if new is None:
        return f"value of {describe_value(old.low)}..{describe_value(old.high)}"
    parts = []
    if new.low > old.low:
        parts.append(f"below {describe_value(new.low)}")
    if new.high < old.high:
        parts.append(f"above {describe_value(new.high)}")
    return " or ".join(parts)


def grown(old: Parameter, new: Parameter | None) -> list[str]:
    """Return the sides on which a range or a ladder grew: ``low``, ``high``."""
    if new is None or not (old.is_numeric or old.is_ladder):
        return []
    if old.is_numeric:
        grew = {"low": new.low < old.low, "high": new.high > old.high}
    else:
        order = list(new.limits or new.choices)
        first, last = (order.index(old.choices[i]) if old.choices[i] in order else None
                       for i in (0, -1))  # fmt: skip
        places = [order.index(c) for c in new.choices]
        grew = {
            "low": first is not None and min(places) < first,
            "high": last is not None and max(places) > last,
        }
    return [side for side, yes in grew.items() if yes]


def shares(old: Parameter, new: Parameter) -> tuple[list[Any], list[Any]]:
    """Return the choices that got a larger, and those that got a smaller share."""
    even = 1 / len(old.choices)
    before = old.weights or (even,) * len(old.choices)
    after = new.weights or (1 / len(new.choices),) * len(new.choices)
    now = dict(zip(map(repr, new.choices), after, strict=True))
    more = [c for c, w in zip(old.choices, before, strict=True) if now.get(repr(c), 0) > w]
    less = [c for c, w in zip(old.choices, before, strict=True) if now.get(repr(c), 0) < w]
    return more, less
