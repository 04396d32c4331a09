"""Several objectives: the front, its trials, and what each parameter does to each objective."""

from __future__ import annotations

import pandas as pd

from resweep.evidence.objectives import front as members_of
from resweep.ledger.fronts import VALUES
from resweep.reporting.charts.front import front_of, pairs_of
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.render import Table, code, interval, number, picture, probability
from resweep.reporting.page.section import Section, plain
from resweep.words import describe_value

MAX_ROWS = 40


def front(report: Report) -> Section | None:
    """Return the front of a sweep; nothing for one objective."""
    sweep = report.sweep
    if not sweep.space.objectives:
        return None
    members = members_of(sweep.ledger)
    title = f"The front: {sweep.space.goal}"
    if members.empty:
        return plain("front", title, "No trial has completed yet.")
    parent = report.parent.ledger if report.parent else None
    pictures = [
        picture(
            front_of(sweep.ledger, pair, parent),
            f"{pair[0]} and {pair[1]} of all trials, the front among them",
        )
        for pair in pairs_of(sweep.ledger)
    ]
    context = {
        "pictures": pictures,
        "members": _members(sweep, members),
        "tested": len(sweep.table("objectives")) > 0,
        "effects": _effects(sweep),
    }
    lead = (
        f"{len(members)} trials that no other beats in one objective without losing in another. "
        "Everywhere else in this report, the value of a trial is its rank: by front, then by the "
        "hypervolume that it adds."
    )
    return Section("front", title, "front", context, lead)


def _members(sweep: Sweep, members: pd.DataFrame) -> Table:
    names = list(sweep.space.objectives)
    rows = []
    for _, row in members.head(MAX_ROWS).iterrows():
        values = [number(row[f"{VALUES}{name}"]) for name in names]
        rows.append((int(row["number"]), *values, number(row["adds"], 2), _params(sweep, row)))
    headings = ["trial#", *(f"{name}#" for name in names), "adds#", "parameters"]
    return Table(headings, rows, "Trials of the front", "analysis/front.csv")


def _params(sweep: Sweep, row: pd.Series) -> str:
    """Return the parameters of a trial; one outside the space shows those of its own."""
    ledger = sweep.ledger
    own = ledger.trials[ledger.trials["number"] == row["number"]]
    if len(own):
        given = ledger.assignment(own.iloc[0])
        return ", ".join(f"{name} {describe_value(value)}" for name, value in given.items())
    other = ledger.outside[ledger.outside["number"] == row["number"]].iloc[0]
    prefix = "params_"
    given = {c.removeprefix(prefix): v for c, v in other.items() if str(c).startswith(prefix)}
    known = ", ".join(f"{n} {describe_value(v)}" for n, v in given.items() if pd.notna(v))
    return f"{known} (outside the space)"


def _effects(sweep: Sweep) -> Table | None:
    found = sweep.table("objectives")
    shown = found[found["p_holm"] < 0.05] if len(found) else found
    if shown.empty:
        return None
    rows = [
        (
            row.objective,
            code(row.parameter),
            describe_value(row.best),
            describe_value(row.worst),
            number(row.gap, 3),
            interval(row.gap_low, row.gap_high),
            probability(row.p_holm),
        )
        for row in shown.itertuples()
    ]
    headings = [
        "objective",
        "parameter",
        "best at",
        "worst at",
        "gap#",
        "95% interval#",
        "p (Holm)#",
    ]
    title = "What each parameter does to each objective, all others held equal"
    return Table(headings, rows, title, "analysis/objectives.csv")
