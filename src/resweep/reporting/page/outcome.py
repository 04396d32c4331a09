"""What came out: the sweep against its parent, and the champions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from resweep.champions.succession import succession_line
from resweep.evidence.comparison import compare
from resweep.evidence.objectives import together
from resweep.reporting.charts.outcome import (
    MAX_CATEGORIES,
    categories,
    columns,
    first_champion,
    ranking,
)
from resweep.reporting.documents.several import MEANING, champion_rows
from resweep.reporting.inputs import Champions, Report, Sweep
from resweep.reporting.page.render import (
    Picture,
    Table,
    code,
    interval,
    number,
    picture,
    probability,
)
from resweep.reporting.page.section import Section, command, plain
from resweep.words import UNKNOWN, describe_value


def comparison(report: Report) -> Section | None:
    """Return the sweep against its parent; nothing for a first sweep."""
    sweep, parent = report.sweep, report.parent
    if parent is None:
        return None
    title = f"{parent.name} against {sweep.name}"
    missing = [s.name for s in (parent, sweep) if s.points.empty]
    if missing:
        text = f"No trial of {' and '.join(missing)} completed, so nothing can be compared."
        return plain("comparison", title, text)
    first, second = together(parent.ledger, sweep.ledger)
    pair = (replace(parent, ledger=first), replace(sweep, ledger=second))
    context = {"picture": _columns(pair), "numbers": _differences(pair)}
    lead = "Did the refined space do better, or was it luck? The interval of the difference tells."
    return Section("comparison", title, "comparison", context, lead)


def _columns(sweeps: Sequence[Sweep]) -> Picture:
    corrected = [sweep.fact("noise", "best_corrected") for sweep in sweeps]
    chart = columns({sweep.name: sweep.points for sweep in sweeps}, corrected)
    return picture(chart, "Values of the points of " + " and ".join(s.name for s in sweeps))


def _differences(pair: tuple[Sweep, Sweep]) -> Table:
    parent, sweep = pair
    rows = [
        (
            r.quantity.replace("best of a", f"best of {parent.name}"),
            r.a,
            r.b,
            number(r.difference, 3, sign=True),
            interval(r.low, r.high),
            probability(r.p),
            str(r.note).replace("b never", f"{sweep.name} never") if pd.notna(r.note) else "",
        )
        for r in compare(parent.ledger, sweep.ledger).itertuples()
    ]
    names = [f"{parent.name}#", f"{sweep.name}#"]
    headings = ["quantity", *names, "difference#", "95% interval#", "p#", "note"]
    return Table(headings, rows, f"{parent.name} and {sweep.name}", "documents/comparison.csv")


def champions(report: Report) -> Section:
    """Return the champions, or how to train them."""
    sweep, found = report.sweep, report.champions
    if found is None or found.champions.empty:
        how = {"command": command(report, f"champions_{sweep.name}")}
        return Section("champions", "Champions", "no_champions", how)
    several = len(found.objectives) > 0
    own = first_champion(found.per_category, sweep.name)
    context = {
        "heir": succession_line(found.succession, sweep.name),
        "ranking": None if several else _ranking_picture(found.champions),
        "numbers": _front(found) if several else _ranking(found.champions),
        "meaning": MEANING if several else "",
        "rivals": _rivals(found) if len(found.comparison) else None,
        "categories": _categories(own) if len(own) else None,
        "confusion": confusion_of(first_champion(found.confusion, sweep.name)),
        "parameters": _parameters(found.champions),
    }
    lead = (
        "The best points, trained again on seeds that no sweep used. These figures carry no "
        "winner’s curse from the sweep."
    )
    return Section("champions", "Champions", "champions", context, lead)


def _front(found: Champions) -> Table:
    headings, rows = champion_rows(found)
    return Table(headings, rows, "Champions", "champions/objectives.csv")


def _ranking_picture(found: pd.DataFrame) -> Picture:
    return picture(ranking(found), f"{len(found)} champions against their values in the sweep")


def _ranking(found: pd.DataFrame) -> Table:
    rows = [
        (
            f"{r.sweep} no. {r.rank + 1}",
            r.trial,
            r.sweep_value,
            r.accuracy,
            interval(r.accuracy_low, r.accuracy_high),
            r.macro_f1,
            r.single,
            interval(r.lowest_seed, r.highest_seed),
            r.n,
            r.n_runs,
        )
        for r in found.itertuples()
    ]
    headings = [
        "champion", "trial#", "in the sweep#", "trained again#", "95% interval#", "macro-F1#",
        "one run#", "runs from, to#", "tested on#", "runs#",
    ]  # fmt: skip
    return Table(headings, rows, "Champions", "champions/champions.csv")


def _rivals(found: Champions) -> Table:
    rows = [
        (
            f"{r.first} against {r.second}",
            r.n,
            number(r.difference, 3, sign=True),
            probability(r.p),
            number(r.difference_single, 3, sign=True),
            probability(r.p_single),
        )
        for r in found.comparison.itertuples()
    ]
    headings = ["", "n#", "difference#", "p#", "one run each#", "p#"]
    title = "The first champion against its rivals"
    return Table(headings, rows, title, "champions/comparison.csv")


def _categories(own: pd.DataFrame) -> Picture:
    label = "Share of each category that the first champion names right"
    return picture(categories(own), label)


@dataclass(frozen=True)
class Confusion:
    """How often a champion names each category for each.

    Attributes
    ----------
    names : list of str
    rows : list of (str, list of (count, share, hit))
        A category, and for each name how often it was given, as a share of the category.
    """

    names: list[str]
    rows: list[tuple[str, list[tuple[int, float, bool]]]]


def confusion_of(own: pd.DataFrame) -> Confusion | None:
    """Return the confusion of one champion, or None if it names no categories."""
    if own.empty:
        return None
    names = list(dict.fromkeys(own["category"].astype(str)))[:MAX_CATEGORIES]
    count = own.assign(
        category=own["category"].astype(str), predicted=own["predicted"].astype(str)
    ).pivot_table(index="category", columns="predicted", values="count", aggfunc="sum")
    count = count.reindex(index=names, columns=names).fillna(0).astype(int)
    rows = []
    for truth in names:
        whole = max(int(count.loc[truth].sum()), 1)
        times = [int(count.loc[truth, guess]) for guess in names]
        pairs = zip(times, names, strict=True)
        rows.append((truth, [(n, n / whole, truth == guess) for n, guess in pairs]))
    return Confusion(names, rows)


def _parameters(found: pd.DataFrame) -> Table:
    points = {f"{r.sweep} no. {r.rank + 1}": json.loads(r.params) for r in found.itertuples()}
    names = list(dict.fromkeys(name for point in points.values() for name in point))
    rows = [(code(name), *(_value(point.get(name)) for point in points.values())) for name in names]
    return Table(["parameter", *points], rows, "Parameters of the champions", "champions.csv")


def _value(value: Any) -> str:
    return UNKNOWN if value is None else describe_value(value)
