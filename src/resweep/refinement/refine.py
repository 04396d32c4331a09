"""Refine a space: one decision per parameter, the next space, and a back-test of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from resweep.errors import InputError
from resweep.evidence.failures import Region, regions
from resweep.evidence.outside import OutsideTrials, compare_outside
from resweep.evidence.power import detectable_effect
from resweep.evidence.significance import score_tests, significance_table
from resweep.evidence.stability import bounds
from resweep.evidence.units import study_effects
from resweep.ledger.cells import absent, parse_value
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.refinement.aggressive import decide_blindly
from resweep.refinement.backtest import Backtest, backtest
from resweep.refinement.decisions import UNREACHABLE, Decision, ParameterEvidence, Wall
from resweep.refinement.overrides import RULE as OVERRIDE
from resweep.refinement.overrides import check_overrides, load_overrides, overridden
from resweep.refinement.policy import (
    AggressivePolicy,
    ConservativePolicy,
    Policy,
    PublishedPolicy,
    TestedPolicy,
    load_policy,
)
from resweep.refinement.rules import decide
from resweep.space.model import Space
from resweep.space.parameter import Parameter, describe_spec, same
from resweep.words import FAILED, INFEASIBLE

COLUMNS = (
    "parameter",
    "action",
    "rule",
    "old",
    "new",
    "confidence",
    "n_active",
    "effect",
    "p",
    "q",
    "reason",
)


@dataclass(frozen=True)
class Refinement:
    """A refined space and why it is what it is.

    Attributes
    ----------
    space
        The next space to search.
    decisions
        One row per parameter of the old space: ``parameter``, ``action`` (fix, narrow, expand,
        reweight, shift, keep), ``rule``, ``old``, ``new``, ``confidence`` (high, moderate, low),
        ``n_active``, ``effect`` and ``p`` (what the rule decided on), ``q`` (the parameter's p
        corrected for their number: after Holm, others held equal, under ``conservative``; the
        false discovery rate of its raw tests else), ``reason``.
    parent
        The space that was searched.
    ledger
        Its trials.
    policy
        The thresholds.
    cases
        Evidence by parameter, as the rules saw it.
    details
        :class:`~resweep.refinement.decisions.Decision` by parameter, with what was considered.
    evidence
        The table of tests (:func:`resweep.evidence.significance.significance`).
    backtest
        What the refined space keeps and loses of the parent's trials.
    """

    space: Space
    decisions: pd.DataFrame
    parent: Space
    ledger: Ledger
    policy: Policy
    cases: dict[str, ParameterEvidence]
    details: dict[str, Decision]
    evidence: pd.DataFrame
    backtest: Backtest

    def _repr_html_(self) -> str:
        """Return the decisions and the next space as tables, for notebooks."""
        shown = ["parameter", "action", "old", "new", "confidence"]
        table = self.decisions[shown].to_html(index=False, border=0)
        return table + self.space._repr_html_()


def refine(
    space: Space,
    ledger: Ledger,
    policy: str | Path | Policy = "conservative",
    n_trials: int = 100,
    seed: int = 0,
    overrides: Mapping[str, Any] | str | Path | None = None,
    study_name: str | None = None,
) -> Refinement:
    """Turn a finished sweep into the next search space.

    Parameters
    ----------
    space
        The space that was searched.
    ledger
        Its trials. With no complete trial at all, everything is kept.
    policy
        ``"conservative"``, ``"aggressive"``, the path of a policy file, or a policy.
    n_trials
        Trials of the next sweep; it limits how far choices may be reweighted.
    seed
        Seed of the permutation tests; everything is a function of the arguments alone.
    overrides
        A person's decisions, by parameter, or the path of a file of them
        (:mod:`resweep.refinement.overrides`).
    study_name
        Name of the next study; by default the old name, with its trailing number one higher.

    Raises
    ------
    InputError
        For an unknown policy, bad overrides, or ``n_trials`` below 1.
    """
    if n_trials < 1:
        raise InputError(f"n_trials must be at least 1, not {n_trials}")
    policy = load_policy(policy)
    given = _overrides(overrides, space)
    if ledger.space is not space:
        ledger = replace(ledger, space=space)
    cases, evidence = build_cases(ledger, policy, n_trials, seed)
    details: dict[str, Decision] = {}
    for name, case in cases.items():
        if isinstance(policy, AggressivePolicy):
            decision = decide_blindly(case, policy)
        else:
            decision = decide(case, policy)
            decision = replace(decision, confidence=confidence(case, decision, policy))
        if name in given:
            decision = overridden(case, decision, given[name])
            decision = replace(decision, confidence="high")
        details[name] = decision
    params, fixed, final = _assemble(space, details)
    if not params:
        details = _leave_one(cases, details)
        params, fixed, final = _assemble(space, details)
    details = final
    refined = space.replace(
        study_name=study_name or next_name(space.study_name),
        n_trials=n_trials,
        fixed={**space.fixed, **fixed},
        params=params,
    )
    refined = Space.loads(refined.dumps(), source="refined space")
    return Refinement(
        space=refined,
        decisions=_table(cases, details),
        parent=space,
        ledger=ledger,
        policy=policy,
        cases=cases,
        details=details,
        evidence=evidence,
        backtest=backtest(ledger, refined, policy.elite_fraction),
    )


def _overrides(
    overrides: Mapping[str, Any] | str | Path | None, space: Space
) -> dict[str, dict[str, Any]]:
    if overrides is None:
        return {}
    if isinstance(overrides, str | Path):
        return load_overrides(overrides, space)
    return check_overrides(overrides, space)


def next_name(study_name: str) -> str:
    """Return a study's name with its trailing number one higher (``v2`` gives ``v3``)."""
    stem = study_name.rstrip("0123456789")
    number = study_name[len(stem) :]
    return f"{stem}{int(number) + 1}" if number else f"{study_name}_refined"


def build_cases(
    ledger: Ledger, policy: Policy, n_trials: int, seed: int
) -> tuple[dict[str, ParameterEvidence], pd.DataFrame]:
    """Gather the evidence that the rules look at, by parameter, and the table of tests."""
    table = points(ledger, policy.elite_fraction)
    zone = 0.2 if isinstance(policy, AggressivePolicy) else policy.at_the_bound.zone
    follow_p = policy.cluster.follow_p if isinstance(policy, PublishedPolicy) else 0.1
    tests = score_tests(ledger.space, table, policy.n_permutations, seed, zone, follow_p)
    evidence = significance_table(tests, policy.min_active)
    q = dict(zip(evidence["parameter"], evidence["q"], strict=True))
    score = table["score"].to_numpy(dtype=float)
    elite = table["elite"].to_numpy(dtype=bool)
    failing = regions(ledger, FAILED) + regions(ledger, INFEASIBLE)
    walls = _walls(ledger, zone, failing)
    found = compare_outside(ledger, table, policy.elite_fraction)
    effects: Any = {}  # by name; a policy that looks at one parameter at a time has none
    if isinstance(policy, ConservativePolicy):
        effects = study_effects(ledger, table, policy.worse.protected)
        q = {name: effect.p_holm for name, effect in effects.items()}
    cases = {
        name: ParameterEvidence(
            test=test,
            q=float(q[name]),
            score=score[test.column.active],
            elite=elite[test.column.active],
            values=table[f"params_{name}"].to_numpy()[test.column.active],
            has_children=bool(ledger.space.children(name)),
            n_trials=n_trials,
            walls=walls.get(name, {}),
            failing=tuple(region for region in failing if name in region.names),
            beyond=_beyond(ledger.space[name], found),
            p_elsewhere=found.p,
            adjusted=effects.get(name),
        )
        for name, test in tests.items()
    }
    return cases, evidence


def _beyond(parameter: Parameter, found: OutsideTrials) -> dict[str, tuple[int, int]]:
    """Count the better trials elsewhere whose value lies beyond either bound, by side.

    A side counts only if they lie beyond it at least as often as all trials elsewhere do: of
    several ranges that a trial is outside of, not all need be to blame.
    """
    column = f"params_{parameter.name}"
    if column not in found.ended or not (parameter.is_numeric or parameter.is_ladder):
        return {}
    better = [_side(parameter, value) for value in found.better[column]]
    ended = [_side(parameter, value) for value in found.ended[column]]
    return {
        side: (better.count(side), len(better))
        for side in ("low", "high")
        if better.count(side) * len(ended) >= ended.count(side) * len(better) > 0
    }


def _side(parameter: Parameter, value: Any) -> str | None:
    """Return the side on which a value lies beyond the bounds; None inside, or unknown."""
    if absent(value):
        return None
    if parameter.is_numeric:
        number = float(value)
        return "low" if number < parameter.low else "high" if number > parameter.high else None
    whole = parameter.opened()
    try:
        step = parse_value(whole, str(value), parameter.name)
    except InputError:
        return None
    ends = parameter.choices[0], parameter.choices[-1]
    place, first, last = map(whole.choices.index, (step, *ends))
    return "low" if place < first else "high" if place > last else None


def _walls(ledger: Ledger, zone: float, failing: list[Region]) -> dict[str, dict[str, Wall]]:
    """Collect what fails near each bound, and what fails all the way from a value to a bound."""
    walls: dict[str, dict[str, Wall]] = {}
    for row in bounds(ledger, zone).itertuples():
        sides = walls.setdefault(row.parameter, {})
        if row.n_failed and (row.side not in sides or row.p < sides[row.side].p):
            wall = Wall(row.n, row.n_failed, row.fail_share, row.p, row.outcome)
            sides[row.side] = wall
    for region in failing:
        first, *more = region.conditions
        if not more:
            share = region.n_failed / region.n
            wall = Wall(region.n, region.n_failed, share, region.p, region.outcome)
            walls.setdefault(first.name, {})[first.side] = wall
    return walls


def confidence(case: ParameterEvidence, decision: Decision, policy: TestedPolicy) -> str:
    """Say how sure a decision is: high, moderate or low, by the policy's stated thresholds.

    A change is as sure as its parameter's q, its number of points and the size of its rank (or
    partial) correlation. Keeping is as sure as the study was able to see an effect, had there been
    one.
    """
    rule, n = policy.confidence, case.test.n_active
    if decision.action == "keep":
        seen = detectable_effect(n)
        return (
            "high"
            if seen <= rule.keep_high
            else "moderate"
            if seen <= rule.keep_moderate
            else "low"
        )
    size = abs(case.effect) if np.isfinite(case.effect) else 0.0
    if case.q <= rule.high_q and n >= rule.high_n and size >= rule.high_effect:
        return "high"
    return "moderate" if case.q <= rule.moderate_q and n >= rule.moderate_n else "low"


def _assemble(
    space: Space, details: dict[str, Decision]
) -> tuple[tuple[Parameter, ...], dict[str, Any], dict[str, Decision]]:
    """Collect new parameters and fixed values; parameters that cannot be active vanish."""
    params: list[Parameter] = []
    fixed: dict[str, Any] = {}
    gone: set[str] = set()
    final = dict(details)
    kept: dict[str, Parameter] = {}
    for name in space.names:
        decision, condition = details[name], {}
        reachable = True
        for parent, values in space[name].condition.items():
            if parent in gone:
                reachable = False
            elif parent in kept:
                left = tuple(v for v in values if kept[parent].contains(v))
                reachable &= bool(left)
                condition[parent] = left
            elif parent in fixed:
                reachable &= any(same(fixed[parent], v) for v in values)
            else:
                condition[parent] = values
        if not reachable:
            gone.add(name)
            final[name] = replace(
                decision,
                action="fix",
                rule=UNREACHABLE,
                new=None,
                value=None,
                reason=f"never active again, since {', '.join(space[name].condition)} changed",
            )
        elif decision.new is None:
            fixed[name] = decision.value
        else:
            new = decision.new.replace(condition=condition)
            if new.neutral is not None and not new.contains(new.neutral):
                new = new.replace(neutral=None)  # "off" was narrowed away
            kept[name] = new
            params.append(kept[name])
    return tuple(params), fixed, final


def _leave_one(
    cases: dict[str, ParameterEvidence], details: dict[str, Decision]
) -> dict[str, Decision]:
    """Keep the least certain of the fixed parameters, since a sweep must search something."""
    fixed = [name for name, d in details.items() if d.new is None and d.rule != OVERRIDE]
    if not fixed:
        raise InputError("leave nothing to search", where="overrides", mend="fix fewer parameters")
    name = max(fixed, key=lambda name: np.nan_to_num(details[name].p, nan=1.0))
    last = details[name]
    spec = _two_best(cases[name])
    kept = replace(
        last,
        action="keep" if spec == cases[name].parameter else "narrow",
        rule="else" if spec == cases[name].parameter else last.rule,
        new=spec,
        value=None,
        reason=f"nothing else would be left to search; otherwise: {last.action}, {last.reason}",
        considered=(*last.considered, (last.rule, f"would {last.action} it: {last.reason}")),
    )
    return {**details, name: kept}


def _two_best(case: ParameterEvidence) -> Parameter:
    """Return a parameter with its two best choices, where adjusted effects rank more of them."""
    spec = case.parameter
    if not case.is_adjusted or spec.is_numeric or spec.is_ladder or len(spec.choices) < 3:
        return spec
    order = np.argsort(-case.adjusted.estimate, kind="stable")[:2]
    kept = sorted(int(case.adjusted.parts[i]) for i in order)
    return spec.replace(choices=tuple(spec.choices[i] for i in kept), weights=None)


def _table(cases: dict[str, ParameterEvidence], details: dict[str, Decision]) -> pd.DataFrame:
    rows = [
        {
            "parameter": name,
            "action": d.action,
            "rule": d.rule,
            "old": describe_spec(cases[name].parameter),
            "new": d.outcome,
            "confidence": d.confidence,
            "n_active": cases[name].test.n_active,
            "effect": d.effect,
            "p": d.p,
            "q": cases[name].q,
            "reason": d.reason,
        }
        for name, d in details.items()
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"n_active": np.int64, "effect": float, "p": float, "q": float})
