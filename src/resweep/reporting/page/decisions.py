"""The decisions, each with the evidence behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from resweep.refinement.rules import RULES
from resweep.reporting.charts.parameters import describe_form
from resweep.reporting.inputs import Refined, Report, Sweep
from resweep.reporting.page.adjusted import RAW, effect_of, effect_table
from resweep.reporting.page.ranges import choice_name, forms, isolation_picture, shares_picture
from resweep.reporting.page.render import Table, interval, number, percent, probability
from resweep.reporting.page.section import Section
from resweep.space.parameter import Parameter, describe_condition

DECIDED_RAW = set(RULES["elites"]) - set(RULES["adjusted"])  # rules that rest on raw figures
ROLES = {
    "scientific": "scientific: its effect is the question",
    "nuisance": "nuisance: tuned so that others compare fairly",
    "fixed": "fixed",
}


def decisions(report: Report) -> Section:
    """Return the decisions that made the sweep, or those that its evidence leads to."""
    refined = report.refined
    if refined is None:
        return Section("decisions", "Decisions", "no_decisions")
    old, new = refined.parent.name, refined.name
    changed = (refined.decisions["action"] != "keep").sum()
    lead = (
        f"From {old} to {new}: {changed} of {len(refined.decisions)} parameters change. The "
        f"evidence is that of {old}; open a row to see it."
    )
    context = {
        "old": old,
        "new": new,
        "rows": [_decision(row, refined) for row in refined.decisions.itertuples(index=False)],
        "raw": RAW,
        "backtest": _backtest(refined),
    }
    return Section("decisions", "Decisions", "decisions", context, lead)


def _decision(row: Any, refined: Refined) -> dict[str, Any]:
    name, reason = str(row.parameter), str(row.reason).strip()
    known = name in refined.parent.space
    return {
        "row": row,
        "name": name,
        "kept": row.action == "keep",
        "reason": reason if reason.endswith(".") else f"{reason}.",
        "rule": "No rule applied." if row.rule == "else" else f"Rule: {row.rule}.",
        "raw_decides": str(row.rule) in DECIDED_RAW,
        "evidence": _evidence(refined, refined.parent.space[name]) if known else None,
    }


def _evidence(refined: Refined, parameter: Parameter) -> dict[str, Any]:
    sweep = refined.parent
    ranges = forms(parameter.name, refined)
    facts = []
    if parameter.role:
        facts.append(ROLES.get(parameter.role, parameter.role))
    if parameter.condition:
        facts.append(f"active only if {describe_condition(parameter)}")
    texts = [describe_form(form, fixed) for _, form, fixed in ranges]
    if texts[0] != texts[-1]:
        facts.append(" → ".join(texts))
    return {
        "facts": facts,
        "effect": effect_of(sweep, parameter, ranges),
        "numbers": effect_table(sweep, parameter),
        "isolation": isolation_picture(sweep, parameter, ranges),
        "shares": None if parameter.is_numeric else shares_picture(sweep, parameter, ranges),
        "raw": _numbers(sweep, parameter),
    }


def _numbers(sweep: Sweep, parameter: Parameter) -> list[Table]:
    """Return the raw figures behind a decision, each table with its file."""
    name = parameter.name
    parts = [_tests(sweep, name)]
    choices = sweep.rows("directionality_categoricals", name)
    if len(choices):
        parts.append(
            Table(
                ["choice", "points#", "mean#", "best#", "against the rest#", "interval#"],
                [
                    (
                        choice_name(parameter, c.choice),
                        c.n,
                        c.mean,
                        c.best,
                        number(c.difference, 3, sign=True),
                        interval(c.difference_low, c.difference_high),
                    )
                    for c in choices.itertuples()
                ],
                "Choices compared",
                "analysis/directionality_categoricals.csv",
            )
        )
    crowding = sweep.rows("elite_crowding", name)
    if len(crowding):
        parts.append(
            Table(
                ["bound", "at#", "limit#", "elites there#", "all points there#", "p#"],
                [
                    (
                        c.side,
                        c.bound,
                        c.limit,
                        percent(c.elite_share),
                        percent(c.share),
                        probability(c.p),
                    )
                    for c in crowding.itertuples()
                ],
                "Do the elites press on a bound?",
                "analysis/elite_crowding.csv",
            )
        )
    return parts


def _tests(sweep: Sweep, name: str) -> Table:
    tests = sweep.row("significance", name)
    trend = sweep.row("directionality_continuous", name)
    power = sweep.row("power", name)
    rows: list[Sequence[Any]] = [("active points", _get(tests, "n_active"))]
    rows.append(("of them elites", _get(tests, "n_elites")))
    if trend is not None:
        rows.append(("trend (rank correlation)", number(trend["rho"], 3, sign=True)))
        rows.append(("95% interval of the trend", interval(trend["rho_low"], trend["rho_high"])))
    for column, meaning in (
        ("p_trend", "p of the trend"),
        ("p_contrast", "p of the contrast"),
        ("p_cluster", "p of the elites’ closeness"),
        ("p", "p of the parameter"),
        ("q", "q over all parameters"),
    ):
        if tests is not None and pd.notna(tests[column]):
            rows.append((meaning, probability(tests[column])))
    if power is not None:
        rows.append(("smallest effect these points show", number(power["detectable"], 3)))
        rows.append(("active points to settle the effect seen", power["trials_needed"]))
    return Table(
        ["figure", "value#"],
        rows,
        "Raw: tests of this parameter alone",
        "analysis/significance.csv, power.csv",
    )


def _get(row: pd.Series | None, column: str) -> Any:
    return None if row is None else row[column]


def _backtest(refined: Refined) -> Table | None:
    found = refined.backtest
    if found.empty:
        return None
    rows = [
        (g.group, g.n, g.kept, g.lost, percent(g.share_kept), g.best_kept, g.best_lost)
        for g in found.itertuples()
    ]
    return Table(
        ["points", "n#", "kept#", "lost#", "share kept#", "best kept#", "best lost#"],
        rows,
        f"Back-test: what {refined.name} would have kept of {refined.parent.name}",
        "backtest.csv",
    )
