"""What came out: the sweep against its parent, and the champions."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd

from resweep.champions.succession import succession_line
from resweep.evidence.comparison import compare
from resweep.evidence.objectives import together
from resweep.reporting.documents.several import MEANING, champion_rows
from resweep.reporting.inputs import Champions, Report, Sweep
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
    probability,
    table,
    tag,
)
from resweep.reporting.page.plot import (
    Scale,
    area,
    axis_row,
    bar,
    dots,
    figure,
    jitter,
    legend,
    line,
    mark,
    plot,
    row,
)
from resweep.reporting.page.section import Section, command
from resweep.words import describe_value

MAX_CATEGORIES = 30


def comparison(report: Report) -> Section | None:
    """Return the sweep against its parent; nothing for a first sweep."""
    sweep, parent = report.sweep, report.parent
    if parent is None:
        return None
    title = f"{parent.name} against {sweep.name}"
    missing = [s.name for s in (parent, sweep) if s.points.empty]
    if missing:
        text = f"No trial of {' and '.join(missing)} completed, so nothing can be compared."
        return Section("comparison", title, paragraph(text))
    first, second = together(parent.ledger, sweep.ledger)
    parent, sweep = replace(parent, ledger=first), replace(sweep, ledger=second)
    found = compare(first, second)
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
        for r in found.itertuples()
    ]
    headings = ["quantity", f"{parent.name}#", f"{sweep.name}#", "difference#", "95% interval#"]
    numbers = table(
        [*headings, "p#", "note"],
        rows,
        f"{parent.name} and {sweep.name}",
        "documents/comparison.csv",
    )
    remark = note(
        "Differences are those of the points, repeats averaged. Both bests are the luckiest of "
        "many; a difference of bests is believed once champions were trained again."
    )
    lead = "Did the refined space do better, or was it luck? The interval of the difference tells."
    body = join([_columns([parent, sweep]), numbers, remark])
    return Section("comparison", title, body, lead)


def _columns(sweeps: list[Sweep]) -> Html:
    """Draw the values of the points of some sweeps in columns beside each other."""
    up = Scale.over(*(s.points["value"] for s in sweeps))
    stretched, marks, n = [], [], len(sweeps)
    for place, sweep in enumerate(sweeps):
        points = sweep.points
        across = (place + 0.5 + 0.3 * jitter(len(points))) / n
        high = np.atleast_1d(up.at(points["value"].to_numpy(dtype=float)))
        elite = points["elite"].to_numpy(dtype=bool)
        stretched.append(dots(across[~elite], high[~elite], "point"))
        stretched.append(dots(across[elite], high[elite], "elite"))
        mean = up.at(float(points["value"].mean()))
        stretched.append(line([(place + 0.12) / n, (place + 0.88) / n], [mean] * 2, "mean"))
        corrected = sweep.fact("noise", "best_corrected")
        if math.isfinite(corrected):
            title = f"{sweep.name}: best point, corrected: {corrected:.4g}"
            marks.append(mark((place + 0.5) / n, up.at(corrected), "corrected", title, 6))
    ticks = [((i + 0.5) / n, s.name) for i, s in enumerate(sweeps)]
    label = "Values of the points of " + " and ".join(s.name for s in sweeps)
    axes = plot(
        area(stretched, marks, label=label),
        x_ticks=ticks,
        y_ticks=up.ticks(5),
        y_label="value",
        height=220,
    )
    entries = [("point", "points"), ("elite", "elites"), ("mean", "mean")]
    if marks:
        entries.append(("corrected", "best point, corrected"))
    return figure(join([legend(*entries), axes]), "Every point of both sweeps")


def champions(report: Report) -> Section:
    """Return the champions, or how to train them."""
    sweep, found = report.sweep, report.champions
    title = "Champions"
    if found is None or found.champions.empty:
        text = paragraph(
            "Champions were not trained. This trains the best points again on new seeds and "
            "judges them on what no sweep saw; until then the best value is an estimate."
        )
        how = command(report, f"champions_{sweep.name}")
        return Section("champions", title, join([text, how]))
    heir = succession_line(found.succession, sweep.name)
    parts = [paragraph(heir)] if heir else []
    ranking = _front(found) if len(found.objectives) else _ranking(found.champions)
    parts += [ranking, _rivals(found), _categories(sweep, found)]
    parts.append(_confusion(sweep, found))
    parts.append(_parameters(found.champions))
    lead = (
        "The best points, trained again on seeds that no sweep used. These figures carry no "
        "winner’s curse from the sweep."
    )
    return Section("champions", title, join(parts), lead)


def _front(found: Champions) -> Html:
    headings, rows = champion_rows(found)
    numbers = table(headings, rows, "Champions", "champions/objectives.csv")
    return join([numbers, note(MEANING)])


def _ranking(found: pd.DataFrame) -> Html:
    ends = found[["accuracy_low", "accuracy_high", "accuracy", "sweep_value"]]
    scale = Scale.over(ends.to_numpy(dtype=float).ravel())
    rows, lines = [], []
    for r in found.itertuples():
        name = f"{r.sweep} no. {r.rank + 1}"
        drawn = [line([scale.at(r.accuracy_low), scale.at(r.accuracy_high)], [0.5, 0.5], "span")]
        marks = [
            mark(scale.at(r.sweep_value), 0.5, "seen", f"in the sweep: {r.sweep_value:.4g}", 4),
            mark(scale.at(r.accuracy), 0.5, "elite", f"trained again: {r.accuracy:.4g}", 5.5),
        ]
        label = f"{name}: {r.accuracy:.4g}, in the sweep {r.sweep_value:.4g}"
        lines.append(row(name, area(drawn, marks, label=label), number(r.accuracy), height=26))
        rows.append(
            (
                name,
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
        )
    key = legend(
        ("elite", "trained again, averaged"), ("span", "95% interval"), ("seen", "in the sweep")
    )
    chart = tag("div", *lines, axis_row(scale.ticks(5)), class_="rows")
    headings = [
        "champion", "trial#", "in the sweep#", "trained again#", "95% interval#", "macro-F1#",
        "one run#", "runs from, to#", "tested on#", "runs#",
    ]  # fmt: skip
    numbers = table(headings, rows, "Champions", "champions/champions.csv")
    return figure(join([key, chart]), "Champions against their values in the sweep", numbers)


def _rivals(found: Champions) -> Html:
    if found.comparison.empty:
        return Html("")
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
    return table(
        headings, rows, "The first champion against its rivals", "champions/comparison.csv"
    )


def _first(sweep: Sweep, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the sweep's first champion."""
    if frame.empty:
        return frame
    return frame[(frame["sweep"].astype(str) == sweep.name) & (frame["rank"] == 0)]


def _categories(sweep: Sweep, found: Champions) -> Html:
    from statsmodels.stats.proportion import proportion_confint

    own = _first(sweep, found.per_category)
    if own.empty:
        return Html("")
    rows = []
    for r in own.head(MAX_CATEGORIES).itertuples():
        share = 0.0 if pd.isna(r.accuracy) else float(r.accuracy)
        drawn = [bar(0, share, 0.2, 0.8, "bar-sure")] if share else []
        if r.n:
            ends = proportion_confint(r.correct, r.n, method="wilson")
            drawn.append(line(ends, [0.5, 0.5], "whisker"))
        text = join([number(r.correct), " of ", number(r.n)])
        rows.append(row(str(r.category), area(drawn, label=f"{r.category}: {share:.0%}"), text))
    axis = axis_row([(0, "0%"), (0.5, "50%"), (1, "100%")])
    caption = join(
        ["Share of each category that the first champion names right, from ",
         code("champions/per_category.csv")]
    )  # fmt: skip
    marks = legend(("bar-sure", "named right"), ("whisker", "95% interval (Wilson)"))
    return figure(join([marks, tag("div", *rows, axis, class_="rows")]), caption)


def _confusion(sweep: Sweep, found: Champions) -> Html:
    own = _first(sweep, found.confusion)
    if own.empty:
        return Html("")
    names = list(dict.fromkeys(own["category"].astype(str)))[:MAX_CATEGORIES]
    pairs = zip(own["category"], own["predicted"], own["count"], strict=True)
    count = {(str(truth), str(guess)): int(times) for truth, guess, times in pairs}
    rows = []
    for truth in names:
        whole = sum(count.get((truth, guess), 0) for guess in names)
        cells = [tag("th", truth, scope="row")]
        for guess in names:
            times = count.get((truth, guess), 0)
            share = times / whole if whole else 0.0
            cells.append(
                tag(
                    "td",
                    number(times) if times else "·",
                    class_="hit" if truth == guess else "miss",
                    style=f"--share:{share:.2f}",
                )
            )
        rows.append(tag("tr", *cells))
    head = tag(
        "tr", tag("th", "is ↓ named →", scope="col"), *(tag("th", n, scope="col") for n in names)
    )
    inner = tag(
        "table",
        tag("caption", "Confusion of the first champion — ", code("champions/confusion.csv")),
        tag("thead", head),
        tag("tbody", *rows),
        class_="confusion",
    )
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label="confusion")


def _parameters(found: pd.DataFrame) -> Html:
    points = {f"{r.sweep} no. {r.rank + 1}": json.loads(r.params) for r in found.itertuples()}
    names = list(dict.fromkeys(name for point in points.values() for name in point))
    rows = [(code(name), *(_value(point.get(name)) for point in points.values())) for name in names]
    numbers = table(["parameter", *points], rows, "Parameters of the champions", "champions.csv")
    return details("Parameters of the champions", numbers)


def _value(value: object) -> Html:
    return escape("–" if value is None else describe_value(value))
