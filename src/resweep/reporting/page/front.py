"""Several objectives: the front, its trials, and what each parameter does to each objective."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from resweep.evidence.objectives import finished
from resweep.evidence.objectives import front as front_of
from resweep.ledger.fronts import VALUES
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.html import Html, code, interval, join, note, number, probability, table
from resweep.reporting.page.plot import Scale, area, dots, figure, legend, line, plot
from resweep.reporting.page.section import Section
from resweep.words import describe_value

MAX_PAIRS = 3
MAX_ROWS = 40


def front(report: Report) -> Section | None:
    """Return the front of a sweep; nothing for one objective."""
    sweep = report.sweep
    names = list(sweep.space.objectives)
    if not names:
        return None
    members = front_of(sweep.ledger)
    title = f"The front: {sweep.space.goal}"
    if members.empty:
        return Section("front", title, note("No trial has completed yet."))
    before = pd.DataFrame()
    if report.parent and list(report.parent.space.objectives) == names:
        before = front_of(report.parent.ledger)
    pictures = [
        _picture(sweep, pair, members, before) for pair in list(combinations(names, 2))[:MAX_PAIRS]
    ]
    body = join([*pictures, _members(sweep, members), _effects(sweep)])
    lead = (
        f"{len(members)} trials that no other beats in one objective without losing in another. "
        "Everywhere else in this report, the value of a trial is its rank: by front, then by the "
        "hypervolume that it adds."
    )
    return Section("front", title, body, lead)


def _picture(
    sweep: Sweep, pair: tuple[str, str], members: pd.DataFrame, before: pd.DataFrame
) -> Html:
    trials = finished(sweep.ledger)
    x, y = (f"{VALUES}{name}" for name in pair)
    tables = [table for table in (trials, before) if len(table)]
    across, up = (Scale.over(*(t[column] for t in tables)) for column in (x, y))

    def places(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        rows = rows.sort_values(x)
        return np.atleast_1d(across.at(rows[x])), np.atleast_1d(up.at(rows[y]))

    stretched = [dots(*places(trials), "point")]
    entries = [("point", "trials"), ("elite", "front")]
    if len(before) > 1:
        stretched.append(line(*places(before), "mean"))
        entries.append(("mean", "front of the parent"))
    if len(members) > 1:
        stretched.append(line(*places(members), "curve-elite"))
    stretched.append(dots(*places(members), "elite"))
    axes = plot(
        area(stretched, label=f"{pair[0]} and {pair[1]} of all trials, the front among them"),
        x_ticks=across.ticks(6),
        y_ticks=up.ticks(5),
        x_label=f"{pair[0]} ({sweep.space.objectives[pair[0]]})",
        y_label=f"{pair[1]} ({sweep.space.objectives[pair[1]]})",
        height=260,
    )
    return figure(join([legend(*entries), axes]), "")


def _members(sweep: Sweep, members: pd.DataFrame) -> Html:
    names = list(sweep.space.objectives)
    rows = []
    for _, row in members.head(MAX_ROWS).iterrows():
        values = [number(row[f"{VALUES}{name}"]) for name in names]
        rows.append((int(row["number"]), *values, number(row["adds"], 2), _params(sweep, row)))
    headings = ["trial#", *(f"{name}#" for name in names), "adds#", "parameters"]
    return table(headings, rows, "Trials of the front", "analysis/front.csv")


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


def _effects(sweep: Sweep) -> Html:
    found = sweep.table("objectives")
    if found.empty:
        return Html("")
    shown = found[found["p_holm"] < 0.05] if "p_holm" in found else found
    if shown.empty:
        return note("No parameter has an effect on an objective of its own that is told from none.")
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
    remark = note(
        "Gaps are in units of the score of that objective, normal scores where it says so."
    )
    return join([table(headings, rows, title, "analysis/objectives.csv"), remark])
