"""The rules: one function each; the first of a policy's list that applies decides.

A rule gets the evidence on one parameter and the policy. It answers with a decision, or says why
it does not apply; both are kept, so that a person can read what was considered. Here are the rules
that policies share and the lists; :mod:`resweep.refinement.surely_worse` has those of the policy
``conservative``, :mod:`resweep.refinement.published` those of the published example.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from resweep.evidence.directionality import relative_difference
from resweep.evidence.power import trials_needed
from resweep.evidence.significance import MIN_ELITES
from resweep.refinement import published, surely_worse
from resweep.refinement.decisions import Decision, Outcome, ParameterEvidence, Passed, few_elites
from resweep.refinement.growth import (
    SLACK,
    barrier,
    can_grow,
    grown_ladder,
    grown_range,
    presses,
)
from resweep.refinement.policy import TestedPolicy
from resweep.space.parameter import Parameter
from resweep.words import describe_value, tested

Rule = Callable[[ParameterEvidence, Any], Outcome]  # each asks for the policy that has its part


def refuted(case: ParameterEvidence, policy: TestedPolicy) -> Outcome:
    """Open a bound beyond which fallback trials did better than all that the space holds."""
    rule, spec = policy.refuted, case.parameter
    sides = [s for s, (n, of) in case.beyond.items() if n >= rule.share * of - SLACK]
    if not sides:
        return Passed("no better trial lies beyond it", in_question=False)
    of = case.beyond[sides[0]][1]
    where = " and ".join(
        f"{case.beyond[side][0]} of them beyond its {side} bound" for side in sides
    )
    told = (
        f"{of} fallback trial{' beats' if of == 1 else 's beat'} every point of the space, {where}"
    )
    if not case.p_elsewhere < rule.p:
        return Passed(f"{told}, as chance may{tested(case.p_elsewhere)}")
    growing = [side for side in sides if can_grow(case, side, policy)]
    if not growing:
        return Passed(f"{told}, but {barrier(spec)}")
    new = spec.opened(low="low" in growing, high="high" in growing)
    reason = f"{told}{tested(case.p_elsewhere)}"
    return Decision("expand", "refuted", new, reason, effect=case.effect, p=case.p_elsewhere)


def fair_trial(case: ParameterEvidence, policy: TestedPolicy) -> Outcome:
    """Never judge an arm that was hardly tried, if much hangs on it.

    That is: other parameters, or the question that the person asks (`role: scientific`).
    """
    rule, spec = policy.fair_trial, case.parameter
    scientific = spec.role == "scientific"
    if not (case.has_children or scientific):
        return Passed("no other parameter hangs on it", in_question=False)
    if spec.is_numeric or spec.is_ladder:
        why = "its effect is the question" if scientific else "other parameters hang on its values"
        return Decision("keep", "fair trial", spec, why)
    arms = [case.choice_points(code) for code in range(len(spec.choices))]
    sizes = [int(arm.sum()) for arm in arms]
    least = min(sizes)
    if least >= rule.n_fair:
        return Passed(f"every arm has {rule.n_fair} points or more ({_listed(spec, sizes)})")
    few = f"{_listed(spec, sizes)}: an arm has fewer than {rule.n_fair} points"
    lead, p, ahead = case.leading_choice()
    effect = relative_difference(case.score, arms[lead])
    if not p < rule.p:
        return Decision(
            "keep", "fair trial", spec, f"{few}, and none leads{tested(p)}", effect=effect, p=p
        )
    floor = max(rule.share, rule.n_fair / case.n_trials)
    rest = len(spec.choices) - 1
    old = spec.weights or (1 / len(spec.choices),) * len(spec.choices)
    name = describe_value(spec.choices[lead])
    if 1 - rest * floor <= old[lead] + SLACK:
        reason = (
            f"{few}; {name} leads{tested(p)}, but {case.n_trials} trials leave no more to give it"
        )
        return Decision("keep", "fair trial", spec, reason, effect=effect, p=p)
    weights = tuple(1 - rest * floor if i == lead else floor for i in range(rest + 1))
    return Decision(
        "reweight",
        "fair trial",
        spec.replace(weights=weights),
        f"{few}, so none is dropped; {name} leads by {ahead}{tested(p)}",
        effect=effect,
        p=p,
    )


def at_the_bound(case: ParameterEvidence, policy: TestedPolicy) -> Outcome:
    """Grow a bound that the elites press on."""
    spec, test = case.parameter, case.test
    if not test.column.has_order:
        return Passed("it has no bounds", in_question=False)
    if test.n_elites < MIN_ELITES:
        return Passed(few_elites(test.n_elites))
    found = {side: presses(case, side, policy) for side in ("low", "high")}
    pressed = [side for side, (yes, _) in found.items() if yes]
    if not pressed:
        return Passed("; ".join(why for _, why in found.values()))
    reason = "; ".join(found[side][1] for side in pressed)
    new = (grown_ladder if spec.is_ladder else grown_range)(case, pressed, policy)
    ends = [0 if side == "low" else 1 for side in pressed]
    p = min([case.p_trend, *(test.p_crowd[end] for end in ends)])
    return Decision("expand", "at the bound", new, reason, effect=case.effect, p=p)


def unexplored(case: ParameterEvidence, policy: TestedPolicy) -> Outcome:
    """Open a conditional parameter to its limits, if hardly any elite had it active."""
    spec, n = case.parameter, case.test.n_elites
    if not spec.condition:
        return Passed("it is always active", in_question=False)
    if n >= policy.unexplored.elites:
        return Passed(f"{n} elites had it active", in_question=False)
    seen = few_elites(n)
    if spec.limits is None:
        return Passed(f"{seen}, but it has no limits beyond its range")
    new = spec.opened()
    if new == spec:
        return Passed(f"{seen}, and it stands at its limits already")
    return Decision("expand", "unexplored", new, f"{seen}: nothing is known of it")


def keep(case: ParameterEvidence, policy: TestedPolicy) -> Outcome:
    """Keep, and say how many trials it would take to know."""
    effect, n = case.effect, case.test.n_active
    needed = trials_needed(effect)
    seen = f"{case.effect_name} {effect:+.2f} over {n} points"
    if n < 2 or not np.isfinite(effect):
        reason = f"nothing can be said from {n} points"
    elif case.q < 0.10:
        reason = f"{seen}{case.corrected}, but no rule calls for a change"
    elif np.isfinite(needed):
        reason = (
            f"{seen} may be chance{tested(case.p)}; "
            f"about {max(needed, n + 1):.0f} active points would settle an effect of this size"
        )
    else:
        reason = f"no effect to be seen over {n} points"
    return Decision("keep", "else", case.parameter, reason, effect=effect, p=case.p)


def _listed(spec: Parameter, sizes: list[int]) -> str:
    return ", ".join(f"{describe_value(c)} {n}" for c, n in zip(spec.choices, sizes, strict=True))


SHARED_FIRST: dict[str, Rule] = {"refuted": refuted, "fair trial": fair_trial}
RULES: dict[str, dict[str, Rule]] = {
    "adjusted": {
        **SHARED_FIRST,
        "neutral": surely_worse.neutral,
        "scale": surely_worse.scale,
        "surely worse": surely_worse.surely_worse,
        "at the bound": at_the_bound,
        "unexplored": unexplored,
        "else": keep,
    },
    "elites": {
        **SHARED_FIRST,
        "certain": published.certain,
        "simplify": published.simplify,
        "cluster": published.cluster,
        "at the bound": at_the_bound,
        "unexplored": unexplored,
        "ladder": published.ladder,
        "else": keep,
    },
}


def decide(case: ParameterEvidence, policy: TestedPolicy) -> Decision:
    """Apply the rules of a policy in order; the first that applies decides."""
    considered: list[tuple[str, str]] = []
    for name, rule in RULES[policy.method].items():
        outcome = rule(case, policy)
        if isinstance(outcome, Decision):
            return replace(outcome, considered=tuple(considered))
        if outcome.in_question:
            considered.append((name, outcome.reason))
    raise AssertionError("the last rule always decides")
