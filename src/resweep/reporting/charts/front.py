"""The front of a sweep of several objectives."""

from __future__ import annotations

from itertools import combinations

import altair as alt
import pandas as pd

from resweep.evidence.objectives import finished, front
from resweep.ledger.fronts import VALUES
from resweep.ledger.trials import Ledger
from resweep.reporting.charts import style
from resweep.reporting.charts.style import Chart, Key, layered, notice, rows

MAX_PAIRS = 3  # panels beside each other


def fronts(ledger: Ledger, parent: Ledger | None = None) -> Chart:
    """Return the trials and the front, a panel for each pair of objectives, up to three.

    Parameters
    ----------
    ledger : Ledger
    parent : Ledger, optional
        The sweep before it, whose front is drawn as a line if it has the same objectives.
    """
    names = list(ledger.space.objectives)
    if not names:
        return notice("The sweep has one objective, so there is no front.")
    if finished(ledger).empty:
        return notice("No trial has completed, so there is no front.")
    pairs = pairs_of(ledger)
    width = style.WIDE if len(pairs) == 1 else 150
    return alt.hconcat(*(front_of(ledger, pair, parent).properties(width=width) for pair in pairs))


def pairs_of(ledger: Ledger) -> list[tuple[str, str]]:
    """Return the pairs of objectives that are drawn."""
    return list(combinations(ledger.space.objectives, 2))[:MAX_PAIRS]


def front_of(ledger: Ledger, pair: tuple[str, str], parent: Ledger | None = None) -> alt.LayerChart:
    """Return the trials and the front in two objectives."""
    objectives = ledger.space.objectives
    before = pd.DataFrame()
    if parent is not None and list(parent.space.objectives) == list(objectives):
        before = front(parent)
    entries = {"trials": (style.POINT, "circle"), "front": (style.BEST, "diamond")}
    entries |= {"front of the parent": (style.GREY, "stroke")} if len(before) else {}
    key = Key(entries)
    axes = [
        kind(f"{field}:Q", title=f"{name} ({objectives[name]})",
             scale=alt.Scale(zero=False, nice=False, padding=8), axis=alt.Axis(tickCount=5))
        for kind, field, name in ((alt.X, "x", pair[0]), (alt.Y, "y", pair[1]))
    ]  # fmt: skip
    x, y = axes

    def table(found: pd.DataFrame) -> alt.Data:
        values = [found[f"{VALUES}{name}"].to_numpy(dtype=float) for name in pair]
        about = [
            f"trial {n}: {pair[0]} {a:.4g}, {pair[1]} {b:.4g}"
            for n, a, b in zip(found["number"], *values, strict=True)
        ]
        return rows(pd.DataFrame({"x": values[0], "y": values[1], "about": about}))

    best = table(front(ledger))
    layers: list[alt.Chart] = []
    if len(before):
        line = alt.Chart(table(before)).mark_line(strokeWidth=1, strokeDash=[4, 3])
        layers.append(line.encode(x=x, y=y, **key.of("front of the parent", shape=False)))
    for data, name, size in ((table(finished(ledger)), "trials", 20), (best, "front", 45)):
        if name == "front":
            line = alt.Chart(best).mark_line(strokeWidth=1)
            layers.append(line.encode(x=x, y=y, **key.of(name, shape=False)))
        dots = alt.Chart(data).mark_point(filled=True, size=size, opacity=1)
        layers.append(
            dots.encode(x=x, y=y, tooltip="about:N", description="about:N", **key.of(name))
        )
    return layered(*layers).properties(height=220)
