"""The blind refinement that people warn of, as a reference: it looks at elites and tests nothing.

Ranges shrink to the exact span of the elites, choices that no elite used are pruned, choices that
all elites share are fixed, bounds that an elite touches grow by a factor, whatever the limits.
"""

from __future__ import annotations

import math

from resweep.ledger.columns import position
from resweep.refinement.bounds import grown
from resweep.refinement.decisions import Decision, ParameterEvidence
from resweep.refinement.policy import AggressivePolicy

RULE = "blind"


def decide_blindly(case: ParameterEvidence, policy: AggressivePolicy) -> Decision:
    """Decide on one parameter from its elites alone."""
    spec, n = case.parameter, case.test.n_elites
    if not n:
        return Decision("keep", RULE, spec, "no elite had it active")
    return _numeric(case, policy) if spec.is_numeric else _categorical(case)


def _numeric(case: ParameterEvidence, policy: AggressivePolicy) -> Decision:
    spec, n = case.parameter, case.test.n_elites
    values = case.values[case.elite].astype(float)
    low, high = float(values.min()), float(values.max())
    where = position(spec, values)
    notes = []
    if where.min() <= policy.touch:
        low = grown(spec, "low", policy.growth)
        notes.append("low bound grown")
    if where.max() >= 1 - policy.touch:
        high = grown(spec, "high", policy.growth)
        notes.append("high bound grown")
    if spec.type == "int":
        low, high = math.floor(low), math.ceil(high)
        low = max(low, 1) if spec.log or spec.low >= 1 else low
    reason = ", ".join([f"span of {n} elites", *notes])
    if low >= high:
        return Decision("fix", RULE, None, f"all {n} elites use it", value=spec.cast(low))
    step = spec.step
    if step is not None:
        low = spec.low + math.floor((low - spec.low) / step + 1e-9) * step
        high = spec.low + math.ceil((high - spec.low) / step - 1e-9) * step
    cast = int if spec.type == "int" else float
    limits = spec.limits
    if limits is not None:
        limits = (min(limits[0], cast(low)), max(limits[1], cast(high)))
    new = spec.replace(low=cast(low), high=cast(high), limits=limits)
    inward = new.low > spec.low or new.high < spec.high
    outward = new.low < spec.low or new.high > spec.high
    actions = {(True, False): "narrow", (False, True): "expand", (True, True): "shift"}
    return Decision(actions.get((inward, outward), "keep"), RULE, new, reason)


def _categorical(case: ParameterEvidence) -> Decision:
    spec, n = case.parameter, case.test.n_elites
    used = [c for i, c in enumerate(spec.choices) if case.choice_points(i)[case.elite].any()]
    if len(used) == 1:
        return Decision("fix", RULE, None, f"all {n} elites use it", value=used[0])
    if len(used) == len(spec.choices):
        return Decision("keep", RULE, spec, f"{n} elites use every choice")
    new = spec.replace(choices=tuple(used), weights=None)
    return Decision("narrow", RULE, new, f"choices that none of {n} elites used are pruned")
