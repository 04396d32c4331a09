"""Growing a range or a ladder: whether the elites press on a bound, and what it becomes."""

from __future__ import annotations

import math

from resweep.evidence.significance import hypergeometric_tail
from resweep.refinement.bounds import halfway, rounded_range, toward_limit
from resweep.refinement.decisions import ParameterEvidence
from resweep.refinement.policy import ConservativePolicy, PublishedPolicy, TestedPolicy
from resweep.space.parameter import Parameter
from resweep.words import FAILED, tested

SLACK = 1e-9


def presses(
    case: ParameterEvidence, side: str, policy: TestedPolicy, trend_p: float | None = None
) -> tuple[bool, str]:
    """Whether the elites press on a bound that may grow, and why or why not.

    Where a range is to be narrowed, both sides of the elites should be known to be worse, so a
    weaker trend (`trend_p`) is enough there to leave a side open.
    """
    rule, test = policy.at_the_bound, case.test
    if not test.n_elites:
        return False, "no elite had it active"
    end = 0 if side == "low" else 1
    share, share_all, p_crowd = test.crowd[end], test.crowd_all[end], test.p_crowd[end]
    toward = -case.trend if side == "low" else case.trend
    crowd = f"{share:.0%} of the elites lie at the {side} bound ({share_all:.0%} of all points)"
    leads = case.p_trend < (trend_p or rule.trend_p) and toward > 0
    if not share >= rule.share - SLACK and not leads:
        return False, f"{share:.0%} of the elites lie at the {side} bound"
    if toward < 0:
        return False, f"{crowd}, but the {case.trend_name} points away: {case.trend:+.2f}"
    p_few = _rarer(share, share_all, test.n_elites, test.n_active)
    if share < rule.share - SLACK and p_few < rule.shun_p:
        why = f"fewer than chance{tested(p_few)}, though the {case.trend_name} leads there"
        return False, f"{crowd}, {why}"
    trend = case.p_trend < rule.p and toward > 0
    if not (p_crowd < rule.p or trend):
        slope = f"{case.trend_name}{tested(case.p_trend)}"
        return False, f"{crowd}, as chance may{tested(p_crowd)}, {slope}"
    if not can_grow(case, side, policy):
        return False, f"{crowd}, but {barrier(case.parameter)}"
    wall = case.walls.get(side)
    if wall and wall.share >= rule.fail_share and wall.p < rule.fail_p:
        happens = "fail" if wall.outcome == FAILED else "violate a constraint"
        return False, f"{crowd}, but {wall.n_failed} of {wall.n} trials there {happens}"
    slope = f"{case.trend_name} {case.trend:+.2f}{tested(case.p_trend)}"
    return True, f"{crowd}{tested(p_crowd)}; {slope}"


def _rarer(share: float, share_all: float, n_elites: int, n: int) -> float:
    """Chance that so few of the elites, or fewer, lie where this share of all points does."""
    there, elites_there = round(share_all * n), round(share * n_elites)
    return hypergeometric_tail(n_elites - elites_there, n, n - there, n_elites)


def grown_range(case: ParameterEvidence, pressed: list[str], policy: TestedPolicy) -> Parameter:
    """Return the range with the pressed bounds moved out, and the far one in, if one is pressed."""
    spec = growing(case, policy)
    low, high = float(spec.low), float(spec.high)
    values = case.values[case.elite].astype(float)
    if "low" in pressed:
        low = toward_limit(spec, "low", policy.at_the_bound.reach)
    if "high" in pressed:
        high = toward_limit(spec, "high", policy.at_the_bound.reach)
    trims = policy.method == "elites"
    if trims and pressed == ["high"]:
        low = halfway(spec, "low", values.min())
    if trims and pressed == ["low"]:
        high = halfway(spec, "high", values.max())
    within = (min(low, spec.low), max(high, spec.high))
    limits = tuple(float(edge) for edge in spec.limits or (spec.low, spec.high))
    within = (
        limits[0] if "low" in pressed else within[0],
        limits[1] if "high" in pressed else within[1],
    )
    new_low, new_high = rounded_range(spec, low, high, within)
    return case.parameter.replace(low=new_low, high=new_high)


def grown_ladder(case: ParameterEvidence, pressed: list[str], policy: TestedPolicy) -> Parameter:
    """Return the ladder with steps added at the pressed ends, and some dropped at the far one."""
    spec = case.parameter
    used = [i for i in range(len(spec.choices)) if case.choice_points(i)[case.elite].any()]
    first, last = 0, len(spec.choices) - 1
    trims = policy.method == "elites"
    if trims and pressed == ["high"]:
        first = used[0] // 2
    if trims and pressed == ["low"]:
        last -= (last - used[-1]) // 2
    steps = list(spec.choices[first : last + 1])
    allowed, reach = list(spec.limits or spec.choices), policy.at_the_bound.reach
    below = allowed[: allowed.index(spec.choices[0])]
    above = allowed[allowed.index(spec.choices[-1]) + 1 :]
    if "low" in pressed:
        steps = below[len(below) - math.ceil(reach * len(below)) :] + steps
    if "high" in pressed:
        steps += above[: math.ceil(reach * len(above))]
    least = 0
    if isinstance(policy, PublishedPolicy):
        least = min(policy.ladder.steps, len(spec.choices))
    while len(steps) < least and first > 0:
        first -= 1
        steps.insert(0, spec.choices[first])
    while len(steps) < least and last < len(spec.choices) - 1:
        last += 1
        steps.append(spec.choices[last])
    return spec.replace(choices=tuple(steps), weights=None)


def barrier(spec: Parameter) -> str:
    """Say why a bound cannot grow."""
    if spec.limits is None:
        return "no `limits` say how far it may grow"
    return "it stands at its limit"


def can_grow(case: ParameterEvidence, side: str, policy: TestedPolicy) -> bool:
    """Whether the limits leave a bound room."""
    spec = growing(case, policy)
    if spec.limits is None:
        return False
    end = 0 if side == "low" else -1
    if spec.is_ladder:
        return spec.choices[end] != spec.limits[end]
    low, high = spec.farthest
    return spec.low > low if side == "low" else spec.high < high


def growing(case: ParameterEvidence, policy: TestedPolicy) -> Parameter:
    """Return the parameter with the limits that it may grow to, if it may."""
    return (
        case.growable(policy.worse.alpha)
        if isinstance(policy, ConservativePolicy)
        else case.parameter
    )
