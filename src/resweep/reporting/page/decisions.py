"""The decisions, each with the evidence behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from resweep.refinement.rules import RULES
from resweep.reporting.inputs import Refined, Report, Sweep
from resweep.reporting.page.adjusted import RAW, effect_picture, effect_table
from resweep.reporting.page.html import (
    Html,
    code,
    details,
    escape,
    interval,
    join,
    note,
    number,
    paragraph,
    percent,
    probability,
    table,
    tag,
)
from resweep.reporting.page.ranges import (
    choice_name,
    choice_shares,
    describe_form,
    forms,
    isolation_plot,
)
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
        none = paragraph(
            "No sweep is declared that refines this one. Declare one under ",
            code("sweeps:"),
            " in the configuration, or run ",
            code("resweep refine"),
            ".",
        )
        return Section("decisions", "Decisions", none)
    old, new = refined.parent.name, refined.name
    changed = refined.decisions[refined.decisions["action"] != "keep"]
    n = len(refined.decisions)
    lead = (
        f"From {old} to {new}: {len(changed)} of {n} parameters change. The evidence is that of "
        f"{old}; open a row to see it."
    )
    rows = [
        _decision(i, row, refined)
        for i, row in enumerate(refined.decisions.itertuples(index=False))
    ]
    columns = ("parameter", "decision", old, new, "confidence", "corrected p")
    head = tag(
        "div", *(tag("span", c) for c in columns), class_="decision-head", aria_hidden="true"
    )
    controls = tag(
        "div",
        tag("button", "Open all", type="button", data_open="all"),
        tag("button", "Close all", type="button", data_open="none"),
        tag("label", tag("input", type="checkbox", id="only-changes"), " only what changes"),
        class_="controls",
    )
    body = [controls, tag("div", head, *rows, class_="decisions"), _backtest(refined)]
    body.append(
        note(
            "Decisions from ", code("decisions.csv"), f" of {new}. The corrected p allows for the "
            "number of parameters: after Holm, all others held equal (policy “conservative”), or "
            "the q of raw tests (policy “published”).",
        )
    )  # fmt: skip
    return Section("decisions", "Decisions", join(body), lead)


def _decision(index: int, row: Any, refined: Refined) -> Html:
    name = str(row.parameter)
    cells = [
        tag("span", code(name), class_="d-name"),
        tag("span", tag("span", row.action, class_=f"chip {row.action}"), class_="d-action"),
        tag("span", tag("small", f"{refined.parent.name} "), row.old, class_="d-old"),
        tag(
            "span",
            tag("small", f"{refined.name} "),
            "same" if row.action == "keep" else row.new,
            class_="d-new",
        ),
        tag("span", tag("small", "confidence "), row.confidence, class_="d-confidence"),
        tag("span", tag("small", "corrected p "), probability(row.q), class_="d-q"),
    ]
    known = name in refined.parent.space
    evidence = _evidence(row, refined, refined.parent.space[name]) if known else escape("")
    return details(
        join(cells),
        tag(
            "div",
            paragraph(tag("b", "Why: "), _sentence(row.reason), " ", _rule(row.rule)),
            evidence,
            class_="evidence",
        ),
        class_=f"decision {'kept' if row.action == 'keep' else 'changed'}",
        id=f"decision-{index}",
    )


def _sentence(reason: Any) -> str:
    text = str(reason).strip()
    return text if text.endswith(".") else f"{text}."


def _rule(name: Any) -> Html:
    text = "No rule applied." if name == "else" else f"Rule: {name}."
    return tag("span", text, class_="quiet")


def _evidence(row: Any, refined: Refined, parameter: Parameter) -> Html:
    sweep = refined.parent
    ranges = forms(parameter.name, refined)
    facts: list[Any] = []
    if parameter.role:
        facts.append(tag("li", ROLES.get(parameter.role, parameter.role)))
    if parameter.condition:
        facts.append(tag("li", f"active only if {describe_condition(parameter)}"))
    raw = [isolation_plot(sweep, parameter, ranges)]
    if not parameter.is_numeric:
        raw.append(choice_shares(sweep, parameter, ranges))
        texts = [describe_form(form, fixed) for _, form, fixed in ranges]
        if texts[0] != texts[-1]:
            facts.append(tag("li", " → ".join(texts)))
    return join(
        [
            tag(
                "div",
                tag("div", effect_picture(sweep, parameter, ranges), class_="evidence-picture"),
                tag("div", tag("ul", *facts) if facts else "", effect_table(sweep, parameter)),
                class_="evidence-columns",
            ),
            details(
                RAW,
                tag(
                    "div",
                    tag("div", *raw, class_="evidence-picture"),
                    tag("div", *_numbers(sweep, parameter)),
                    class_="evidence-columns",
                ),
                open=str(row.rule) in DECIDED_RAW,
            ),
        ]
    )


def _numbers(sweep: Sweep, parameter: Parameter) -> list[Html]:
    """Return the raw figures behind a decision, each table with its file."""
    name = parameter.name
    parts = [_tests(sweep, name)]
    choices = sweep.rows("directionality_categoricals", name)
    if len(choices):
        parts.append(
            table(
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
            table(
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


def _tests(sweep: Sweep, name: str) -> Html:
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
    return table(
        ["figure", "value#"],
        rows,
        "Raw: tests of this parameter alone",
        "analysis/significance.csv, power.csv",
    )


def _get(row: pd.Series | None, column: str) -> Any:
    return None if row is None else row[column]


def _backtest(refined: Refined) -> Html:
    found = refined.backtest
    if found.empty:
        return Html("")
    rows = [
        (g.group, g.n, g.kept, g.lost, percent(g.share_kept), g.best_kept, g.best_lost)
        for g in found.itertuples()
    ]
    return table(
        ["points", "n#", "kept#", "lost#", "share kept#", "best kept#", "best lost#"],
        rows,
        f"Back-test: what {refined.name} would have kept of {refined.parent.name}",
        "backtest.csv",
    )
