"""The rules of the published example: one parameter at a time, by where the elites lie.

They lead from the 20 trials of the worked example to its published space, and are kept for that.
Their tests are marginal: they mislead where several parameters matter or the sampler adapts, so
the policy ``conservative`` has rules of its own (:mod:`resweep.refinement.rules`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from resweep.evidence.directionality import relative_difference, welch_freedom
from resweep.evidence.significance import MIN_ELITES
from resweep.ledger.columns import at_position
from resweep.refinement.bounds import rounded_range, toward_limit
from resweep.refinement.decisions import Decision, Outcome, ParameterEvidence, Passed, few_elites
from resweep.refinement.growth import SLACK, presses
from resweep.refinement.policy import PublishedPolicy
from resweep.space.parameter import Parameter
from resweep.words import describe_value, tested


def certain(case: ParameterEvidence, policy: PublishedPolicy) -> Outcome:
    """Fix a choice that all elites share and that is clearly better than the rest."""
    rule, spec = policy.certain, case.parameter
    if spec.is_numeric or spec.is_ladder:
        return Passed("it has an order, which other rules look at", in_question=False)
    if not case.elite.any():
        return Passed("no elite had it active")
    held = [c for c in range(len(spec.choices)) if case.choice_points(c)[case.elite].any()]
    if len(held) > 1:
        return Passed(f"the elites use {_choices(spec, held)}")
    mine = case.choice_points(held[0])
    tried, effect, p = int((~mine).sum()), relative_difference(case.score, mine), case.test.p
    value = describe_value(spec.choices[held[0]])
    if tried < rule.others_tried:
        return Passed(
            f"all {int(case.elite.sum())} elites use {value}, but the other choices were tried "
            f"only {tried} times (at least {rule.others_tried} wanted)"
        )
    if not effect >= rule.effect:
        return Passed(f"{value} is better by {effect:.1%} only (at least {rule.effect:.0%} wanted)")
    if not case.q < rule.q:
        return Passed(
            f"{value} is better by {effect:.0%}, but that may be chance{tested(q=case.q)}"
        )
    others = [case.score[case.choice_points(c)] for c in range(len(spec.choices)) if c != held[0]]
    worst = loss_bound(case.score[mine], others, policy.non_inferiority.confidence)
    if not worst <= policy.non_inferiority.margin:
        return Passed(f"fixing it could lose {worst:.0%} against the best alternative")
    reason = (
        f"all {int(case.elite.sum())} elites use {value}; it is better by {effect:.0%}"
        f"{tested(q=case.q)}, and the rest had {tried} trials"
    )
    chosen = spec.choices[held[0]]
    return Decision("fix", "certain", None, reason, value=chosen, effect=effect, p=p)


def loss_bound(chosen: np.ndarray, others: list[np.ndarray], confidence: float) -> float:
    """Upper confidence bound of what a choice loses against the best alternative.

    Parameters
    ----------
    chosen
        Scores with the choice to be fixed.
    others
        Scores of each alternative; those with fewer than two points are left out.
    confidence
        One-sided confidence.

    Returns
    -------
    float
        Largest upper bound (Welch's t) of the difference of means over the alternatives,
        relative to the size of the mean score of the choice. Infinite where nothing can be said.
    """
    from scipy.special import stdtrit

    others = [o for o in others if o.size > 1]
    if chosen.size < 2 or not others or not chosen.mean():
        return np.inf
    bounds = []
    for other in others:
        error2 = chosen.var(ddof=1) / chosen.size + other.var(ddof=1) / other.size
        quantile = float(stdtrit(welch_freedom(chosen, other), confidence))
        bounds.append(other.mean() - chosen.mean() + quantile * np.sqrt(error2))
    return float(max(bounds) / abs(chosen.mean()))


def simplify(case: ParameterEvidence, policy: PublishedPolicy) -> Outcome:
    """Fix a parameter at its neutral value, where the elites are and the trend points."""
    rule, spec, test = policy.simplify, case.parameter, case.test
    if spec.neutral is None:
        return Passed("it has no neutral value", in_question=False)
    if not case.test.column.has_order or test.n_elites < MIN_ELITES:
        return Passed(few_elites(test.n_elites))
    if not spec.contains(spec.neutral):
        return Passed("its neutral value lies outside the range")
    x = test.column.x
    home = float(np.interp(float(spec.neutral), [spec.low, spec.high], [0, 1]))
    if spec.is_ladder:
        home = spec.choices.index(spec.neutral) / (len(spec.choices) - 1)
    elif spec.log:
        home = float(np.log(spec.neutral / spec.low) / np.log(spec.high / spec.low))
    if SLACK < home < 1 - SLACK:
        return Passed("its neutral value lies inside the range, not at a bound")
    wide = case.q < rule.wide_q
    zone = rule.wide_zone if wide else rule.zone
    near = np.abs(x - home) <= rule.zone + SLACK
    toward = test.rho < 0 if home < 0.5 else test.rho > 0
    value = describe_value(spec.neutral)
    if not (toward and test.p_trend < rule.p):
        return Passed(f"no clear trend toward {value}: rho {test.rho:+.2f}{tested(test.p_trend)}")
    furthest = float(np.abs(x - home)[case.elite].max())
    if furthest > zone + SLACK:
        return Passed(f"its elites lie up to {furthest:.0%} of the range away from {value}")
    away = np.abs(x - home)
    quarters = [(away > rule.zone * i + SLACK) & (away <= rule.zone * (i + 1)) for i in (1, 2, 3)]
    rest = [case.score[part] for part in quarters]
    worst = loss_bound(case.score[near], rest, policy.non_inferiority.confidence)
    if np.isfinite(worst) and worst > policy.non_inferiority.margin:
        return Passed(f"without it one could lose {worst:.0%} against the best part of the range")
    reason = (
        f"the score falls away from {value}: rho {test.rho:+.2f}{tested(test.p_trend)}, and all "
        f"{test.n_elites} elites lie within {zone:.0%} of the range from it"
    )
    return Decision(
        "fix", "simplify", None, reason, value=spec.neutral, effect=test.rho, p=test.p_trend
    )


def cluster(case: ParameterEvidence, policy: PublishedPolicy) -> Outcome:
    """Narrow a range to where the elites lie, if they lie closer together than chance."""
    rule, spec, test = policy.cluster, case.parameter, case.test
    if not spec.is_numeric:
        return Passed("it has no range", in_question=False)
    if test.n_elites < MIN_ELITES:
        return Passed(few_elites(test.n_elites))
    if test.p_span < test.p_cluster:
        return Passed(
            f"the elites span {test.span:.0%} of the range, but later trials near the earlier "
            f"elites did no better{tested(test.p_follow)}: the sampler may have put them there"
        )
    p = min(1.0, 2 * test.p_cluster)
    widest = rule.wide_span if case.q < rule.wide_q and p < rule.wide_q else rule.span
    if not test.span <= widest + SLACK:
        return Passed(f"the elites span {test.span:.0%} of the range")
    if not (case.q < rule.q and p < rule.q):
        return Passed(
            f"the elites span {test.span:.0%} of the range, as chance may{tested(q=case.q)}"
        )
    chosen = test.column.x[case.elite]
    room = rule.margin * test.span
    if spec.type == "int" or spec.step is not None:
        room = max(room, _one_step(spec, chosen))
    low, high = at_position(spec, chosen.min() - room), at_position(spec, chosen.max() + room)
    within = [float(spec.low), float(spec.high)]
    notes = []
    for end, side in enumerate(("low", "high")):
        pressed, why = presses(case, side, policy, trend_p=policy.at_the_bound.p)
        if pressed:
            target = toward_limit(spec, side, policy.at_the_bound.reach)
            low, high = (target, high) if side == "low" else (low, target)
            within[end] = float((spec.limits or (spec.low, spec.high))[end])
            notes.append(f"; the {side} bound grows: {why}")
    new_low, new_high = rounded_range(spec, low, high, (within[0], within[1]))
    if new_low >= new_high:
        return Passed("the elites share one value, which leaves no range to search")
    if (new_low, new_high) == (spec.low, spec.high):
        return Passed("with room on each side it is the range that there is")
    grows = new_low < spec.low or new_high > spec.high
    limits = spec.limits or (spec.low, spec.high)
    reason = (
        f"the {test.n_elites} elites span {test.span:.0%} of the range, shorter than chance"
        f"{tested(p, case.q)}, and following them paid{tested(test.p_follow)}{''.join(notes)}"
    )
    return Decision(
        "shift" if grows else "narrow",
        "cluster",
        spec.replace(low=new_low, high=new_high, limits=limits),
        reason,
        effect=test.span,
        p=p,
    )


def _one_step(spec: Parameter, chosen: np.ndarray) -> float:
    """One step of a grid at the elites, as a share of the range: the least room there is."""
    step = float(spec.step or 1)
    if not spec.log:
        return step / float(spec.high - spec.low)
    top = at_position(spec, float(chosen.max()))
    return float(np.log1p(step / top) / np.log(spec.high / spec.low))


def ladder(case: ParameterEvidence, policy: PublishedPolicy) -> Outcome:
    """Move a ladder of choices along its trend."""
    rule, spec, test = policy.ladder, case.parameter, case.test
    if not spec.is_ladder:
        return Passed("it is no ladder", in_question=False)
    if not case.q < rule.q or not case.elite.any():
        return Passed(f"its trend may be chance: rho {test.rho:+.2f}{tested(q=case.q)}")
    used = [i for i in range(len(spec.choices)) if case.choice_points(i)[case.elite].any()]
    up, size = test.rho > 0, len(spec.choices)
    allowed = list(spec.limits or spec.choices)
    steps = list(spec.choices)
    dropped: list[Any] = []
    added: list[Any] = []
    if up:
        at = allowed.index(steps[-1])
        added = allowed[at + 1 : at + 2]
        spare = max(0, min(used[0] - 1, size + len(added) - rule.steps))
        dropped, steps = steps[:spare], steps[spare:] + added
    else:
        at = allowed.index(steps[0])
        added = allowed[max(at - 1, 0) : at]
        spare = max(0, min(size - 2 - used[-1], size + len(added) - rule.steps))
        dropped, steps = steps[size - spare :], added + steps[: size - spare]
    if not dropped and not added:
        return Passed("its trend is clear, but there is no step to drop or to add")
    action = "shift" if dropped and added else "narrow" if dropped else "expand"
    reason = (
        f"{'larger' if up else 'smaller'} is better: rho {test.rho:+.2f}"
        f"{tested(test.p_trend, case.q)}; {_moved('drop', dropped)}{_moved('add', added)}"
    ).rstrip("; ")
    new = spec.replace(choices=tuple(steps), weights=None, limits=tuple(allowed))
    return Decision(action, "ladder", new, reason, effect=test.rho, p=test.p_trend)


def _choices(spec: Parameter, codes: list[int]) -> str:
    return ", ".join(describe_value(spec.choices[c]) for c in codes)


def _moved(verb: str, steps: list[Any]) -> str:
    return f"{verb} {', '.join(describe_value(s) for s in steps)}; " if steps else ""
