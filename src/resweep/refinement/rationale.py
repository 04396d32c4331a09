"""RATIONALE.md: every decision told to a person: evidence, alternatives, what would change it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from resweep.evidence.adjusted import AdjustedEffect
from resweep.evidence.adjusted_tables import best_and_worst, part_text, part_value
from resweep.evidence.caveats import caveats
from resweep.evidence.costs import cost_effects, cost_row, time_of_change
from resweep.evidence.power import detectable_effect, trials_needed
from resweep.ledger.points import evidence_told
from resweep.markdown import frame_table
from resweep.refinement.decisions import Decision, ParameterEvidence
from resweep.refinement.overrides import RULE as OVERRIDE
from resweep.refinement.policy import AggressivePolicy, ConservativePolicy, TestedPolicy
from resweep.refinement.refine import Refinement
from resweep.refinement.surely_worse import NO_FIT
from resweep.space.parameter import describe_condition, describe_spec
from resweep.words import describe_value, interval, number, probability, with_interval

PERMUTED = (
    "Every p-value comes from permuting the scores over the points where the parameter is active. "
    "A parameter's p is the smallest of its tests times their number; q adjusts it over the "
    "parameters (Benjamini-Hochberg) that were active in {least} points or more."
)
ADJUSTED = (
    "They rest on adjusted effects: what a parameter does while all others and the number of the "
    "trial are held equal (F test of its curve or choices in an additive model). Its p is "
    "corrected for the number of parameters (Holm); it matters below {alpha:g}. A part goes only "
    "if it is worse than the best part by more than the margin, all parts together at {level:.0%} "
    "(Scheffé). The margin is the larger of a quarter of one point's noise and a twentieth of the "
    "spread of all scores; sd is that spread."
)
RAW = (
    "Raw figures look at one parameter alone, by permuting the scores over its active points. Of "
    "them only where the elites lie is used, to let a bound grow."
)
CLEAR = 0.05  # p below which an effect on the time is told
ACTIONS = {
    "fix": "Fix",
    "narrow": "Narrow",
    "expand": "Expand",
    "reweight": "Reweight",
    "shift": "Shift",
    "keep": "Keep",
}


def rationale(refinement: Refinement, seconds: pd.Series | None = None) -> str:
    """Return the rationale of a refinement as Markdown.

    Parameters
    ----------
    refinement : Refinement
    seconds : Series, optional
        Of the parent's trials, by number: then it says what each decision costs in time.
    """
    times = {} if seconds is None else cost_effects(refinement.ledger, seconds)
    old, new = refinement.parent.study_name, refinement.space.study_name
    lines = [f"# From {old} to {new}: why", "", *_opening(refinement)]
    lines += ["", f"## {old} and {new} side by side", "", *_side_by_side(refinement)]
    lines += ["", "## Read this first", ""]
    found = caveats(refinement.ledger)
    lines += [
        f"- {r.topic}: {f'`{r.parameter}` ' if r.parameter else ''}{r.message}."
        for r in found.itertuples()
    ] or ["Nothing stands against taking the figures at face value."]
    lines += ["", "## Parameter by parameter"]
    for name, decision in refinement.details.items():
        lines += ["", *_parameter(refinement, name, decision, times.get(name))]
    lines += ["", "## Back-test", "", *_backtest(refinement)]
    lines += ["", "## How the decisions were made", "", *_method(refinement)]
    return "\n".join(lines) + "\n"


def _opening(refinement: Refinement) -> list[str]:
    table = refinement.decisions
    counts = table["action"].value_counts()
    done = ", ".join(f"{action} {counts[action]}" for action in ACTIONS if action in counts)
    overridden = int((table["rule"] == OVERRIDE).sum())
    lines = [
        f"Policy `{refinement.policy.name}` on {evidence_told(refinement.ledger)}, "
        f"for {refinement.space.n_trials} more. Decisions: {done or 'none'}."
    ]
    if overridden:
        lines.append(f"{overridden} of them by a person, against or beside the rules.")
    return lines


def _side_by_side(refinement: Refinement) -> list[str]:
    table = refinement.decisions[["parameter", "action", "old", "new", "confidence"]].copy()
    table["parameter"] = [f"`{name}`" for name in table["parameter"]]
    changed = refinement.decisions["old"] != refinement.decisions["new"]
    table["new"] = np.where(changed, table["new"], "same")
    parent = refinement.parent.study_name
    return frame_table(table.rename(columns={"old": parent, "new": refinement.space.study_name}))


def _parameter(
    refinement: Refinement, name: str, decision: Decision, time: AdjustedEffect | None
) -> list[str]:
    case = refinement.cases[name]
    role = case.parameter.role
    lines = [f"### `{name}`: {decision.action}" + (f" ({role})" if role else ""), ""]
    before, after = describe_spec(case.parameter), decision.outcome
    arrow = before if before == after else f"{before} → {after}"
    lines.append(f"**{ACTIONS[decision.action]}** {arrow}. Confidence: {decision.confidence}.")
    lines += ["", f"- Why: {decision.reason} (rule: {decision.rule})."]
    if case.adjusted is not None:
        lines.append(f"- Others held equal: {_held_equal(case)}.")
    raw = "Evidence" if case.adjusted is None else "Raw, this parameter alone"
    lines.append(f"- {raw}: {'; '.join(_evidence(case))}.")
    if time is not None and time.known:
        lines.append(f"- Time: {'; '.join(_time(decision, time))}.")
    if decision.considered:
        lines.append("- Considered first:")
        lines += [f"  - {rule}: {why}." for rule, why in decision.considered]
    if not isinstance(refinement.policy, AggressivePolicy):
        lines.append(f"- What would change this: {_change(case, decision, refinement.policy)}.")
    return lines


def _held_equal(case: ParameterEvidence) -> str:
    """State the adjusted figures on one parameter."""
    effect = case.adjusted
    if not effect.known:
        return f"unknown, since {NO_FIT}"
    spec, gap = case.parameter, best_and_worst(effect)
    at = "at" if spec.is_numeric else "with"
    best, worst = (part_text(spec, part_value(effect, i)) for i in (gap.best, gap.worst))
    size = with_interval(gap.size, gap.low, gap.high)
    unit = "" if effect.scale == "value" else " standard deviations of the ranks"
    margin = number(effect.margin * (effect.unit if effect.scale == "value" else 1.0), 3)
    text = f"best {at} {best}, worst {at} {worst}, {size}{unit} apart, margin {margin}"
    if effect.column.has_order:
        text += f"; slope p {probability(effect.p_slope)}"
    return f"{text}; p {probability(effect.p)}, after Holm {probability(effect.p_holm)}"


def _time(decision: Decision, effect: AdjustedEffect) -> list[str]:
    """State what a parameter, and what is decided of it, costs in time, as short phrases."""
    row, chance = cost_row(effect), f"p {probability(effect.p_holm)} after Holm"
    if not effect.p_holm < CLEAR:
        return [f"whether it matters is not clear ({chance})"]
    dear, cheap = describe_value(row["dearest"]), describe_value(row["cheapest"])
    ends = interval(row["times_low"], row["times_high"])
    facts = [
        f"at {dear} a trial takes {number(row['times'], 3)} times as long as at {cheap} (95% "
        f"{ends}), others held equal ({chance})"
    ]
    if decision.action == "keep":
        return facts
    found = time_of_change(effect, decision.new, decision.value)
    if np.isfinite(found.times):
        ends = interval(found.low, found.high)
        facts.append(f"trials will take {number(found.times, 3)} times as long (95% {ends})")
    else:
        facts.append("what trials will take is unknown: some of it was never tried")
    return facts


def _evidence(case: ParameterEvidence) -> list[str]:
    """State the figures on one parameter, as short phrases."""
    test, spec, n = case.test, case.parameter, case.test.n_active
    facts = [f"active in {n} points, {test.n_elites} of them elites"]
    if spec.condition:
        facts[0] += f" (only if {describe_condition(spec)})"
    if test.column.has_order and np.isfinite(test.rho):
        facts.append(f"trend rho {test.rho:+.2f}, p {probability(test.p_trend)}")
    if np.isfinite(test.span):
        values = case.values[case.elite].astype(float)
        low, high = describe_value(float(values.min())), describe_value(float(values.max()))
        span = f"elites from {low} to {high}, {test.span:.0%} of the range"
        facts.append(f"{span}, p {probability(test.p_span)}")
    if np.isfinite(test.p_follow):
        paid = "paid" if test.p_cluster < 1 else "did not pay"
        facts.append(f"following the elites {paid}, p {probability(test.p_follow)}")
    for side, share, all_points in zip(("low", "high"), test.crowd, test.crowd_all, strict=True):
        if share > 0:
            facts.append(f"{share:.0%} of them at the {side} bound ({all_points:.0%} of all)")
    if not spec.is_numeric:
        arms = []
        for code, choice in enumerate(spec.choices):
            mine = case.choice_points(code)
            mean = f"mean score {case.score[mine].mean():.4g}, " if mine.any() else ""
            hits = int((mine & case.elite).sum())
            arms.append(f"{describe_value(choice)} ({mean}n {int(mine.sum())}, elites {hits})")
        facts.append(", ".join(arms))
    if np.isfinite(test.p_contrast):
        facts.append(f"contrast p {probability(test.p_contrast)}")
    if case.adjusted is None and np.isfinite(case.q):
        facts.append(f"over all parameters q {probability(case.q)}")
    facts += [
        f"{wall.n_failed} of {wall.n} trials at the {side} bound failed"
        for side, wall in case.walls.items()
    ]
    return facts


def _change(case: ParameterEvidence, decision: Decision, policy: TestedPolicy) -> str:
    """Say which new evidence would lead to another decision."""
    n, spec = case.test.n_active, case.parameter
    if decision.rule == OVERRIDE:
        return "whoever gave the reason above"
    if decision.rule == "unexplored":
        return f"{policy.unexplored.elites} elites with it active"
    if decision.rule == "fair trial" and (spec.is_numeric or spec.is_ladder):
        return "nothing: its range is part of the question, or other parameters hang on it"
    if decision.rule == "fair trial":
        least = policy.fair_trial.n_fair
        return f"at least {least} points in every arm, after which it is judged like any other"
    if decision.action == "keep":
        needed = trials_needed(case.effect)
        if math.isfinite(needed) and needed > n:
            return (
                f"about {needed:.0f} active points, if the effect seen ({case.effect:+.2f}) is "
                f"real; {n} show effects from {detectable_effect(n):.2f} up"
            )
        return _missing(decision, policy)
    if decision.rule in ("at the bound", "refuted"):
        return "elites inside the new range, away from its bound"
    if decision.action == "fix":
        value = describe_value(decision.value)
        return f"an excursion to another value than {value} among the best of the next sweep"
    return "excursions outside the new range among the best of the next sweep"


def _missing(decision: Decision, policy: TestedPolicy) -> str:
    """Say what the first rule in question was short of."""
    if not decision.considered:
        if isinstance(policy, ConservativePolicy):
            return "a part that is surely worse than the best, or elites that press on a bound"
        return "elites that agree, or that press on a bound"
    rule, why = decision.considered[0]
    return f"another answer to the rule {rule}, which now says: {why}"


def _backtest(refinement: Refinement) -> list[str]:
    test = refinement.backtest
    lines = frame_table(test.summary)
    if test.contains_elites:
        lines += ["", "Every elite of the parent lies in the new space."]
    else:
        lines += ["", "Elites that the new space leaves out:", "", *frame_table(test.lost)]
    if len(test.room):
        lines += ["", "Room around the best point:", "", *frame_table(test.room)]
    return lines


def _method(refinement: Refinement) -> list[str]:
    if isinstance(refinement.policy, AggressivePolicy):
        return [
            "Blindly: ranges are the elites' exact span, choices that no elite used are pruned, "
            "bounds that an elite touches grow. Nothing was tested. It is a reference, not advice."
        ]
    rule = refinement.policy.confidence
    tests = [PERMUTED.format(least=refinement.policy.min_active)]
    p, size = "q", "a rank correlation"
    if isinstance(refinement.policy, ConservativePolicy):
        worse, p, size = refinement.policy.worse, "p after Holm", "a partial correlation"
        tests = [ADJUSTED.format(alpha=worse.alpha, level=worse.level), "", RAW]
    return [
        "The rules apply in the order shown; the first that applies decides.",
        "",
        *tests,
        "",
        f"Confidence of a change is high with {p} ≤ {rule.high_q:g}, {rule.high_n} active points "
        f"and {size} of {rule.high_effect:g}; moderate with {p} ≤ {rule.moderate_q:g} and "
        f"{rule.moderate_n} points; low otherwise. Keeping is of high confidence where a rank "
        f"correlation of {rule.keep_high:g} would have shown, of moderate confidence where "
        f"{rule.keep_moderate:g} would have, low otherwise.",
    ]
