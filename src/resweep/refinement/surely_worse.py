"""The rules of the policy ``conservative``: drop only what is surely worse than the best.

Each rests on adjusted effects (:mod:`resweep.evidence.adjusted`): what a parameter adds beyond
the others and beyond drift. A parameter must matter at all (Holm over the parameters of the
study), and each part that goes must fall short of the best part by more than a margin, all parts
of the parameter together (Scheffé). Where the elites happen to lie restricts nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from resweep.evidence.adjusted import AdjustedEffect
from resweep.evidence.adjusted_tables import part_value
from resweep.evidence.failures import Condition
from resweep.ledger.columns import at_position
from resweep.refinement.bounds import rounded_range, toward_limit
from resweep.refinement.decisions import Decision, Outcome, ParameterEvidence, Passed
from resweep.refinement.growth import SLACK, growing, presses
from resweep.refinement.policy import ConservativePolicy
from resweep.space.parameter import Parameter
from resweep.words import FAILED, describe_value, probability

NO_FIT = "too few points, or values, to adjust for the other parameters"


def _matters(case: ParameterEvidence, policy: ConservativePolicy) -> str | None:
    """Say why nothing may be dropped; ``None`` where the parameter surely matters."""
    if not case.is_adjusted:
        return NO_FIT
    if case.adjusted.p_holm < policy.worse.alpha:
        return _trade_off(case)
    return f"its adjusted effect may be chance (p {probability(case.adjusted.p_holm)} after Holm)"


def _trade_off(case: ParameterEvidence) -> str | None:
    """Say that the best part can be had only by giving something else up, if so.

    Where its best values fail together with some of another parameter, "others held equal" says
    nothing of what is best in the end: what is worse here may do better with what is free there.
    """
    best = part_value(case.adjusted, case.adjusted.best)
    for region in case.failing:
        own = next(c for c in region.conditions if c.name == case.parameter.name)
        others = [str(c) for c in region.conditions if c is not own]
        if others and _meets(case.parameter, best, own):
            happens = "fails" if region.outcome == FAILED else "violates a constraint"
            return (
                f"its best part, {describe_value(best)}, {happens} together with "
                f"{' and '.join(others)}: which value is best depends on that"
            )
    return None


def _meets(spec: Parameter, value: Any, condition: Condition) -> bool:
    if condition.side == "choice":
        return bool(value == condition.value)
    order = spec.choices.index if spec.is_ladder else float
    place, end = order(value), order(condition.value)
    return bool(place <= end if condition.side == "low" else place >= end)


def neutral(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
    """Fix a parameter at its neutral value where that surely loses nothing that matters."""
    spec, effect = case.parameter, case.adjusted
    if spec.neutral is None:
        return Passed("it has no neutral value", in_question=False)
    if not spec.contains(spec.neutral):
        return Passed("its neutral value lies outside the range")
    doubt = _matters(case, policy)
    if doubt:
        return Passed(doubt)
    value = describe_value(spec.neutral)
    part = _part_of(effect, spec.neutral)
    if part is None:
        return Passed(f"{value} was never tried")
    if effect.column.has_order:
        home = float(effect.parts[part])
        if SLACK < home < 1 - SLACK:
            return Passed("its neutral value lies inside the range, not at a bound")
        toward = -effect.slope if home < 0.5 else effect.slope
        if not (toward > 0 and effect.p_slope < policy.worse.alpha):
            return Passed(f"no clear slope toward {value} (p {probability(effect.p_slope)})")
    margin = policy.neutral.margin * effect.noise
    loss = effect.loss_bound(part, policy.neutral.confidence)
    if loss > margin:
        return Passed(
            f"at {value} one could lose {loss:.2g} sd against the best part "
            f"(at most {margin:.2g} wanted)"
        )
    reason = (
        f"{value} is best, or loses at most {max(loss, 0):.2g} sd: others held equal, the score "
        f"falls away from it (p {probability(effect.p_holm)} after Holm)"
    )
    return Decision(
        "fix", "neutral", None, reason, value=spec.neutral, effect=case.effect, p=effect.p,
        probability=policy.neutral.confidence,
    )  # fmt: skip


def _part_of(effect: AdjustedEffect, value: Any) -> int | None:
    """Index of the part at a value of the parameter."""
    spec = effect.column.parameter
    if spec.is_numeric:
        from resweep.ledger.columns import position

        return int(np.abs(effect.parts - position(spec, np.array([value]))[0]).argmin())
    code = next(i for i, choice in enumerate(spec.choices) if choice == value)
    if spec.is_ladder:
        return code
    found = np.flatnonzero(effect.parts == code)
    return int(found[0]) if found.size else None


def surely_worse(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
    """Drop the choices, steps and outer parts of a range that are surely worse than the best."""
    doubt = _matters(case, policy)
    if doubt:
        return Passed(doubt)
    if not case.adjusted.column.has_order:
        return _choices(case, policy)
    return _ladder(case, policy) if case.parameter.is_ladder else _range(case, policy)


def _lost(case: ParameterEvidence, policy: ConservativePolicy) -> np.ndarray:
    return case.adjusted.surely_worse(policy.worse.level)


def _choices(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
    spec, effect = case.parameter, case.adjusted
    lost = _lost(case, policy)
    codes = [int(code) for code in effect.parts]
    few = effect.n_part < policy.worse.points
    gone = [
        code
        for code, bad, rare in zip(codes, lost, few, strict=True)
        if bad and not rare and code not in effect.protected
    ]
    if not gone:
        return Passed("no choice is surely worse than the best by more than the margin")
    kept = [i for i in range(len(spec.choices)) if i not in gone]
    chance = effect.probability_worse()[[codes.index(code) for code in gone]].min()
    names = ", ".join(describe_value(spec.choices[code]) for code in gone)
    best = describe_value(spec.choices[int(effect.parts[effect.best])])
    gap = min(effect.estimate[effect.best] - effect.estimate[codes.index(code)] for code in gone)
    reason = (
        f"{names} {'is' if len(gone) == 1 else 'are'} surely worse than {best}: by {gap:.2g} sd "
        f"or more, others held equal (p {probability(effect.p_holm)} after Holm)"
    )
    told: dict[str, Any] = {"effect": case.effect, "p": effect.p, "probability": float(chance)}
    if len(kept) == 1:
        return Decision("fix", "surely worse", None, reason, value=spec.choices[kept[0]], **told)
    weights = None
    if spec.weights is not None:
        share = sum(spec.weights[i] for i in kept)
        weights = tuple(spec.weights[i] / share for i in kept) if share > 0 else None
    new = spec.replace(choices=tuple(spec.choices[i] for i in kept), weights=weights)
    return Decision("narrow", "surely worse", new, reason, **told)


def _kept_parts(
    effect: AdjustedEffect, lost: np.ndarray, least_share: float
) -> tuple[float, float]:
    """First and last position to keep: all that is not surely worse, and what is protected.

    Widened evenly to the least share of the range.
    """
    stay = effect.parts[~lost]
    low = min(float(stay.min()), effect.protected[0])
    high = max(float(stay.max()), effect.protected[1])
    lack = max(0.0, least_share - (high - low)) / 2
    low, high = low - lack, high + lack
    if low < 0:
        low, high = 0.0, min(1.0, high - low)
    if high > 1:
        low, high = max(0.0, low - (high - 1)), 1.0
    return low, high


def _sides(
    case: ParameterEvidence, policy: ConservativePolicy, low: float, high: float
) -> dict[str, Any]:
    """Return the bounds that the good part reaches and that grow, with the reason for each."""
    grow: dict[str, str] = {}
    for side, reached in (("low", low <= SLACK), ("high", high >= 1 - SLACK)):
        pressed, why = presses(case, side, policy, trend_p=policy.at_the_bound.p)
        if reached and pressed:
            grow[side] = why
    return grow


def _range(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
    spec, effect = case.parameter, case.adjusted
    lost = _lost(case, policy)
    low, high = _kept_parts(effect, lost, policy.worse.least_share)
    room = policy.worse.room * (high - low)
    cut_low, cut_high = max(0.0, low - room), min(1.0, high + room)
    if cut_low <= SLACK and cut_high >= 1 - SLACK:
        return Passed("no outer part of the range is surely worse than the best")
    grow = _sides(case, policy, cut_low, cut_high)
    open_ = growing(case, policy)
    within = [float(spec.low), float(spec.high)]
    bounds = [at_position(spec, cut_low), at_position(spec, cut_high)]
    for side in grow:
        end = 0 if side == "low" else 1
        bounds[end] = toward_limit(open_, side, policy.at_the_bound.reach)
        within[end] = float((open_.limits or (open_.low, open_.high))[end])
    new_low, new_high = rounded_range(open_, bounds[0], bounds[1], (within[0], within[1]))
    if new_low >= new_high or (new_low, new_high) == (spec.low, spec.high):
        return Passed("what is surely worse is less than the room that is left on each side")
    best = describe_value(_own(spec, float(effect.parts[effect.best])))
    parts = [
        text
        for text, gone in (
            (f"below {describe_value(new_low)}", new_low > spec.low),
            (f"above {describe_value(new_high)}", new_high < spec.high),
        )
        if gone
    ]
    reason = (
        f"values {' and '.join(parts) or 'at the other end'} are surely worse than those near "
        f"{best}, others held equal (p {probability(effect.p_holm)} after Holm)"
    )
    reason += "".join(f"; the {side} bound grows: {why}" for side, why in grow.items())
    limits = spec.limits if spec.limits or grow else (spec.low, spec.high)
    return Decision(
        "shift" if grow else "narrow", "surely worse",
        spec.replace(low=new_low, high=new_high, limits=limits), reason,
        effect=case.effect, p=effect.p, probability=_chance(effect, low, high),
    )  # fmt: skip


def _own(spec: Parameter, place: float) -> float | int:
    value = at_position(spec, place)
    return round(value) if spec.type == "int" else value


def _chance(effect: AdjustedEffect, low: float, high: float) -> float:
    """Least probability of any dropped part to be worse than the best by more than the margin."""
    gone = (effect.parts < low - SLACK) | (effect.parts > high + SLACK)
    return float(effect.probability_worse()[gone].min()) if gone.any() else np.nan


def _ladder(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
    spec, effect = case.parameter, case.adjusted
    lost = _lost(case, policy)
    last = len(spec.choices) - 1
    low, high = _kept_parts(effect, lost, 0.0)
    first_step, last_step = round(low * last), round(high * last)
    while last_step - first_step + 1 < min(policy.worse.steps, last + 1):
        if last_step < last and (first_step == 0 or effect.slope > 0):
            last_step += 1
        else:
            first_step -= 1
    grow = _sides(case, policy, first_step / last, last_step / last)
    steps = list(spec.choices[first_step : last_step + 1])
    open_ = growing(case, policy)
    allowed = open_.limits or open_.choices
    if "low" in grow:
        steps = list(allowed[: allowed.index(spec.choices[0])]) + steps
    if "high" in grow:
        steps += allowed[allowed.index(spec.choices[-1]) + 1 :]
    dropped = [*spec.choices[:first_step], *spec.choices[last_step + 1 :]]
    if not dropped:
        return Passed("no outer step is surely worse than the best")
    best = describe_value(spec.choices[round(float(effect.parts[effect.best]) * last)])
    names = ", ".join(describe_value(step) for step in dropped)
    reason = (
        f"{names} {'is' if len(dropped) == 1 else 'are'} surely worse than {best}, others held "
        f"equal (p {probability(effect.p_holm)} after Holm)"
    )
    reason += "".join(f"; the {side} end grows: {why}" for side, why in grow.items())
    return Decision(
        "shift" if grow else "narrow", "surely worse",
        spec.replace(choices=tuple(steps), weights=None, limits=spec.limits or spec.choices),
        reason, effect=case.effect, p=effect.p,
        probability=_chance(effect, first_step / last, last_step / last),
    )  # fmt: skip


def scale(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
    """Propose a logarithmic scale where the good part of a linear range is a small corner."""
    spec, rule = case.parameter, policy.scale
    over_decades = spec.is_numeric and not spec.log and spec.step is None and spec.low > 0
    if not over_decades or spec.high < rule.ratio * spec.low:
        return Passed("it is no linear range over decades", in_question=False)
    doubt = _matters(case, policy)
    if doubt:
        return Passed(doubt)
    _, high = _kept_parts(case.adjusted, _lost(case, policy), 0.0)
    if high > rule.corner:
        return Passed(f"its good part reaches {high:.0%} up the range, not the low corner only")
    limits = spec.limits if spec.limits is not None and spec.limits[0] > 0 else None
    logged = spec.replace(log=True, limits=limits or (spec.low, spec.high))
    top = at_position(spec, min(1.0, (1 + policy.worse.room) * high))
    low, high = rounded_range(logged, spec.low, top, (spec.low, spec.high))
    reason = (
        f"all that is not surely worse lies in the lowest {rule.corner:.0%} of a range over "
        f"decades: search it on a logarithmic scale, up to {describe_value(high)} "
        f"(p {probability(case.adjusted.p_holm)} after Holm)"
    )
    return Decision(
        "narrow", "scale", logged.replace(low=low, high=high), reason, effect=case.effect,
        p=case.adjusted.p, probability=_chance(case.adjusted, 0.0, rule.corner),
    )  # fmt: skip
