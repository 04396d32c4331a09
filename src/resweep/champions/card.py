"""The model card of a sweep's champions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from resweep import markdown
from resweep.champions.succession import succession_line
from resweep.words import DIGITS, describe_value, interval, number, probability


def model_card(
    sweep: str, tables: Mapping[str, pd.DataFrame], data_card: Mapping[str, Any] | None
) -> str:
    """Return the model card of a sweep's champions, in Markdown.

    Parameters
    ----------
    sweep : str
        Name of the sweep.
    tables : mapping of str to DataFrame
        As `resweep.champions.judgement.classifier_tables` or ``value_tables`` returns them.
    data_card : mapping, optional
        What is known of the data set of the built-in classifier.
    """
    own = tables["champions"][tables["champions"]["sweep"] == sweep]
    measure = "test accuracy" if data_card else "value"
    lines = [
        f"# Model card: champions of {sweep}",
        "",
        f"Each champion is a point of the sweep, trained again {own['n_runs'].iloc[0]} times on "
        "seeds that the sweep did not use.",
    ]
    heir = succession_line(tables["succession"], sweep)
    lines += ["", heir] if heir else []
    if data_card:
        lines += [
            "",
            f"- Data: {data_card.get('source')}; digest `{str(data_card.get('digest'))[:16]}`; "
            f"licence: {data_card.get('licence', 'unknown')}.",
            f"- Tested on {own['n'].iloc[0]} tasks that neither trained a model nor chose one.",
            "- Intervals are 95%, by bootstrap over tasks; p of the exact McNemar test is for the "
            "averaged probabilities, two-sided, not corrected for the number of rows.",
        ]
        if data_card.get("source") in ("arc", "re_arc"):
            lines.append(
                "- The labels were read off the source of task generators; part of them cannot be "
                "seen in any number of grids."
            )
    headings = [
        "champion",
        "trial",
        "sweep's value",
        measure,
        "95% interval",
        "macro-F1",
        "one run",
    ]
    rows = [
        (
            row.rank + 1,
            row.trial,
            f"{number(row.sweep_value)} (n = {row.repeats})",
            number(row.accuracy),
            interval(row.accuracy_low, row.accuracy_high, DIGITS),
            number(row.macro_f1, 3),
            f"{number(row.single)} ({interval(row.lowest_seed, row.highest_seed, DIGITS)})",
        )
        for row in own.itertuples()
    ]
    objectives = tables.get("objectives", pd.DataFrame())
    if len(objectives):
        lines += ["", *_front(objectives[objectives["sweep"] == sweep])]
    else:
        lines += ["", *markdown.table(headings, rows)]
    if len(tables["comparison"]):
        rivals = [
            (row.second, row.n, number(row.difference, sign=True), probability(row.p))
            for row in tables["comparison"].itertuples()
        ]
        headings = ["against", "n", "difference", "p"]
        lines += ["", "## Compared", "", *markdown.table(headings, rivals)]
    categories = tables["per_category"]
    if len(categories):
        best = categories[(categories["sweep"] == sweep) & (categories["rank"] == 0)]
        found = [
            (row.category, row.n, row.correct, number(row.accuracy, 2)) for row in best.itertuples()
        ]
        headings = ["category", "n", "correct", "accuracy"]
        lines += ["", "## The first champion by category", "", *markdown.table(headings, found)]
    lines += ["", "## Parameters", ""]
    for row in own.itertuples():
        given = json.loads(row.params)
        text = ", ".join(f"{name} {describe_value(value)}" for name, value in given.items())
        lines.append(f"{row.rank + 1}. {text}")
    return "\n".join(lines) + "\n"


def _front(table: pd.DataFrame) -> list[str]:
    """Return the champions of several objectives: what each measured, and what the sweep had."""
    names = list(dict.fromkeys(table["objective"]))
    rows = []
    for rank, own in table.groupby("rank"):
        by_name = own.set_index("objective")
        cells = []
        for name in names:
            one = by_name.loc[name]
            ends = interval(one["low"], one["high"], DIGITS)
            cells.append(f"{number(one['mean'])} ({ends}); {number(one['sweep_value'])}")
        on = "yes" if own["on_front"].iloc[0] else "no"
        rows.append((int(str(rank)) + 1, own["trial"].iloc[0], *cells, on))
    goals = [f"{name}, {table['direction'][table['objective'] == name].iloc[0]}d" for name in names]
    return [
        "Each objective: mean over new trainings (95% interval); the sweep's value. A champion is "
        "on the front if no champion of this sweep or its ancestors beats it in one objective "
        "without losing in another. Under Compared, a sweep alone stands for its front: the "
        "difference is one of hypervolume, on the scale of all champions.",
        "",
        *markdown.table(["champion", "trial", *goals, "on the front"], rows),
    ]
