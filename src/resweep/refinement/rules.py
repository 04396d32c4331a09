"""The decision table: one function per rule, in order; the first that applies decides.

A rule gets the case of one parameter and the policy. It answers with a decision, or says why it
does not apply; both are kept, so that a person can read what was considered.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from resweep.evidence.directionality import relative_difference, welch_freedom
from resweep.evidence.power import trials_needed
from resweep.evidence.significance import MIN_ELITES
from resweep.ledger.columns import at_position
from resweep.refinement.bounds import rounded_range, toward_limit
from resweep.refinement.decisions import Decision, ParameterEvidence, Passed
from resweep.refinement.growth import SLACK, barrier, can_grow, grown_ladder, grown_range, presses
from resweep.refinement.policy import ConservativePolicy
from resweep.space.parameter import Parameter
from resweep.words import describe_value, tested

Outcome = Decision | Passed
Rule = Callable[[ParameterEvidence, ConservativePolicy], Outcome]


def refuted(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
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
    growing = [side for side in sides if can_grow(case, side)]
    if not growing:
        return Passed(f"{told}, but {barrier(spec)}")
    new = spec.opened(low="low" in growing, high="high" in growing)
    reason = f"{told}{tested(case.p_elsewhere)}"
    return Decision("expand", "refuted", new, reason, effect=case.effect, p=case.p_elsewhere)


def fair_trial(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
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
    means = [case.score[arm].mean() if arm.any() else -np.inf for arm in arms]
    lead = int(np.argmax(means))
    p = float(case.test.p_choice[lead]) if case.test.p_choice.size else np.nan
    effect = relative_difference(case.score, arms[lead])
    ahead = case.test.contrast.size > 0 and case.test.contrast[lead] > 0
    if not (p < rule.p and ahead):
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
        f"{few}, so none is dropped; {name} leads by {effect:.0%}{tested(p)}",
        effect=effect,
        p=p,
    )


def certain(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
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


def simplify(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
    """Fix a parameter at its neutral value, where the elites are and the trend points."""
    rule, spec, test = policy.simplify, case.parameter, case.test
    if spec.neutral is None:
        return Passed("it has no neutral value", in_question=False)
    if not case.test.column.has_order or test.n_elites < MIN_ELITES:
        return Passed(_few(test.n_elites))
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


def cluster(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
    """Narrow a range to where the elites lie, if they lie closer together than chance."""
    rule, spec, test = policy.cluster, case.parameter, case.test
    if not spec.is_numeric:
        return Passed("it has no range", in_question=False)
    if test.n_elites < MIN_ELITES:
        return Passed(_few(test.n_elites))
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
            within[end] = float(spec.limits[end])
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


def at_the_bound(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
    """Grow a bound that the elites press on."""
    spec, test = case.parameter, case.test
    if not test.column.has_order:
        return Passed("it has no bounds", in_question=False)
    if test.n_elites < MIN_ELITES:
        return Passed(_few(test.n_elites))
    found = {side: presses(case, side, policy) for side in ("low", "high")}
    pressed = [side for side, (yes, _) in found.items() if yes]
    if not pressed:
        return Passed("; ".join(why for _, why in found.values()))
    reason = "; ".join(found[side][1] for side in pressed)
    new = (grown_ladder if spec.is_ladder else grown_range)(case, pressed, policy)
    ends = [0 if side == "low" else 1 for side in pressed]
    p = min([test.p_trend, *(test.p_crowd[end] for end in ends)])
    return Decision("expand", "at the bound", new, reason, effect=test.rho, p=p)


def unexplored(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
    """Open a conditional parameter to its limits, if hardly any elite had it active."""
    spec, n = case.parameter, case.test.n_elites
    if not spec.condition:
        return Passed("it is always active", in_question=False)
    if n >= policy.unexplored.elites:
        return Passed(f"{n} elites had it active", in_question=False)
    seen = _few(n)
    if spec.limits is None:
        return Passed(f"{seen}, but it has no limits beyond its range")
    new = spec.opened()
    if new == spec:
        return Passed(f"{seen}, and it stands at its limits already")
    return Decision("expand", "unexplored", new, f"{seen}: nothing is known of it")


def ladder(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
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
    dropped: list = []
    added: list = []
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


def keep(case: ParameterEvidence, policy: ConservativePolicy) -> Outcome:
    """Keep, and say how many trials it would take to know."""
    effect, n = case.effect, case.test.n_active
    needed = trials_needed(effect)
    if n < 2 or not np.isfinite(effect):
        reason = f"nothing can be said from {n} points"
    elif case.q < 0.10:
        found = f"effect {effect:+.2f} over {n} points{tested(q=case.q)}"
        reason = f"{found}, but no rule calls for a change"
    elif np.isfinite(needed):
        reason = (
            f"effect {effect:+.2f} over {n} points may be chance{tested(case.test.p)}; "
            f"about {max(needed, n + 1):.0f} active points would settle an effect of this size"
        )
    else:
        reason = f"no effect to be seen over {n} points"
    return Decision("keep", "else", case.parameter, reason, effect=effect, p=case.test.p)


RULES: dict[str, Rule] = {
    "refuted": refuted,
    "fair trial": fair_trial,
    "certain": certain,
    "simplify": simplify,
    "cluster": cluster,
    "at the bound": at_the_bound,
    "unexplored": unexplored,
    "ladder": ladder,
    "else": keep,
}


def decide(case: ParameterEvidence, policy: ConservativePolicy) -> Decision:
    """Apply the rules in order; the first that applies decides."""
    from dataclasses import replace

    considered: list[tuple[str, str]] = []
    for name, rule in RULES.items():
        outcome = rule(case, policy)
        if isinstance(outcome, Decision):
            return replace(outcome, considered=tuple(considered))
        if outcome.in_question:
            considered.append((name, outcome.reason))
    raise AssertionError("the last rule always decides")


def _few(n: int) -> str:
    """Say that few elites had a parameter active."""
    return "no elite had it active" if not n else f"only {n} elites had it active"


def _listed(spec, sizes: list[int]) -> str:
    return ", ".join(f"{describe_value(c)} {n}" for c, n in zip(spec.choices, sizes, strict=True))


def _choices(spec, codes: list[int]) -> str:
    return ", ".join(describe_value(spec.choices[c]) for c in codes)


def _moved(verb: str, steps: list) -> str:
    return f"{verb} {', '.join(describe_value(s) for s in steps)}; " if steps else ""
