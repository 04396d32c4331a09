"""What a sweep found: its history, importances, directions and contours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from resweep.evidence.significance import SIGNIFICANT
from resweep.ledger.columns import choice_codes
from resweep.reporting.charts import style
from resweep.reporting.charts.style import (
    ELITES,
    Chart,
    Key,
    about_trials,
    at_pixel,
    axis_of,
    layered,
    named_rows,
    notice,
    padded,
    rows,
)
from resweep.space.model import Space
from resweep.space.parameter import Parameter

WELL_SUPPORTED = 1.0  # kernel weight, in points, below which a contour is left white
EVALUATORS = {"fanova": "fANOVA", "ped_anova": "PED-ANOVA"}
SEAM = 0.06  # of a cell: it goes a little under the next one, so that no line shows between them
HEIGHT = 200  # pixels of the history
STATES = {"PRUNED": ("pruned", style.PRUNED, "stroke"), "FAIL": ("failed", style.FAILED, "cross")}
PAIR = 150  # pixels of one map of several
MAX_POINTS, MAX_BEST = 300, 60  # above so many points of a contour, only so many best are drawn


def history(table: pd.DataFrame, parent: pd.DataFrame | None = None, name: str = "parent") -> Chart:
    """Return the values of the trials in their order and the best so far, against the parent's.

    On a page two sliders choose a stretch of trials, whose height the picture follows.

    Parameters
    ----------
    table : DataFrame
        ``best_so_far.csv`` of the sweep.
    parent : DataFrame, optional
        That of its parent.
    name : str
        Name of the parent.
    """
    done = table[(table["state"] == "COMPLETE") & table["value"].notna()]
    if done.empty:
        return notice("No trial has a value.")
    before = parent if parent is not None and parent["best"].notna().any() else None
    known = [*done["value"], *([] if before is None else [before["best"].dropna().iloc[-1]])]
    low, high = padded(known, 0.12)
    last = max(int(t["number"].max()) for t in (table, before) if t is not None)
    best, of_parent = "best so far", f"best so far of {name}"
    entries = {"complete": (style.POINT, "circle")}
    entries |= {w: (c, s) for state, (w, c, s) in STATES.items() if (table["state"] == state).any()}
    entries[best] = (style.BEST, "stroke")
    entries |= {} if before is None else {of_parent: (style.PARENT, "stroke")}
    key = Key(entries)
    first_trial, last_trial = (
        alt.param(
            name=word,
            value=value,
            bind=alt.binding_range(min=0, max=last, step=1, name=f"{word.replace('_', ' ')} "),
        )
        for word, value in (("from_trial", 0), ("to_trial", last))
    )
    within = "datum.number >= from_trial && datum.number <= to_trial"
    x = alt.X(
        "number:Q",
        title="trial",
        axis=alt.Axis(format="d", tickMinStep=1),
        scale=alt.Scale(
            domain=[
                alt.ExprRef("min(from_trial, to_trial - 1) - 0.01 * (to_trial - from_trial)"),
                alt.ExprRef("to_trial + 0.01 * (to_trial - from_trial) + 0.5"),
            ],
            nice=False,
            zero=False,
        ),
    )

    def y(field: str) -> alt.Y:
        return alt.Y(
            f"{field}:Q", title="value", scale=alt.Scale(zero=False, nice=False, padding=8)
        )

    shown = done.assign(about=about_trials(done))[["number", "value", "about"]]
    layers = [
        alt.Chart(rows(shown))
        .transform_filter(within)
        .mark_point(filled=True, size=22, opacity=0.9, clip=True)
        .encode(x=x, y=y("value"), tooltip="about:N", description="about:N", **key.of("complete"))
    ]
    for state, (word, _, _) in STATES.items():
        some = table.loc[table["state"] == state, ["number"]]
        if len(some):
            about = [f"trial {number}: {word}" for number in some["number"]]
            place = HEIGHT - (5 if state == "PRUNED" else 14)
            layers.append(
                alt.Chart(rows(some.assign(about=about)))
                .transform_filter(within)
                .mark_point(size=40, angle=90 if state == "PRUNED" else 45, clip=True)
                .encode(
                    x=x, y=at_pixel(place), tooltip="about:N", description="about:N",
                    **key.of(word),
                )
            )  # fmt: skip
    lines = [(table, best, [0, 0])] + ([] if before is None else [(before, of_parent, [5, 3])])
    for frame, word, dash in lines:
        layers.append(
            alt.Chart(rows(_steps(frame, last, low, high)))
            .transform_filter("datum.number <= to_trial && datum.next >= from_trial")
            .mark_line(interpolate="step-after", strokeWidth=1.6, strokeDash=dash, clip=True)
            .encode(x=x, y=y("best"), **key.of(word, shape=False))
        )
    sheet = layered(*layers).add_params(first_trial, last_trial)
    return sheet.properties(width=style.WIDE, height=HEIGHT)


def _steps(table: pd.DataFrame, last: int, low: float, high: float) -> pd.DataFrame:
    """Return the steps of the best so far, each until the ``next``; the last one goes on.

    Values outside `low` and `high` are left out: a bad start must not flatten the rest.
    """
    found = table[["number", "best"]].dropna()
    found = found[found["best"].between(low, high)]
    if len(found) and found["number"].iloc[-1] < last:
        found = pd.concat([found, found.tail(1).assign(number=last)])
    return found.assign(next=found["number"].shift(-1).fillna(last))


def importances(tables: Mapping[str, pd.DataFrame]) -> Chart:
    """Return the importances by each evaluator beside each other.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``importances_*.csv`` by evaluator.
    """
    shown = {name: t.dropna(subset=["importance"]) for name, t in tables.items()}
    panels = [
        importance_bars(t).properties(title=EVALUATORS.get(name, name), width=style.NARROW)
        for name, t in shown.items()
        if len(t)
    ]
    if not panels:
        return notice("Too few points to weigh the parameters.")
    return alt.hconcat(*panels)


def importance_bars(table: pd.DataFrame) -> alt.LayerChart:
    """Return importances with bootstrap intervals and the thresholds that noise reaches.

    Parameters
    ----------
    table : DataFrame
        ``importances_*.csv`` of one evaluator.
    """
    threshold = "threshold: what noise reaches"
    key = Key(
        {
            "passes its threshold": (style.SURE, "square"),
            "may be chance": (style.OPEN, "square"),
            "95% interval": (style.BLACK, "stroke"),
            threshold: (style.VERMILLION, "stroke"),
        }
    )
    shown = table.assign(
        label=with_n(table["parameter"], table["n"]),
        kind=np.where(table["important"].astype(bool), "passes its threshold", "may be chance"),
        about=[
            f"{r.parameter}: {r.importance:.3g}, threshold {r.threshold:.3g}, n {r.n}"
            for r in table.itertuples()
        ],
    )
    columns = ["label", "kind", "about", "importance", "importance_low", "importance_high"]
    base = alt.Chart(rows(shown[[*columns, "threshold"]]))
    y = named_rows()
    x = alt.X("importance:Q", title="share of the explained spread", axis=alt.Axis(tickCount=4))
    bars = base.mark_bar(height={"band": 0.66}).encode(
        x=x, y=y, tooltip="about:N", description="about:N", **key.by("kind", shape=False)
    )
    spans = base.mark_rule().encode(
        x="importance_low:Q", x2="importance_high:Q", y=y, **key.of("95% interval", shape=False)
    )
    ticks = base.mark_tick(thickness=2.2, height={"band": 0.8}).encode(
        x="threshold:Q", y=y, **key.of(threshold, shape=False)
    )
    return layered(bars, spans, ticks).properties(height=style.ROW * len(shown))


def with_n(names: pd.Series, counts: pd.Series) -> list[str]:
    """Return names, each with how many points tell of it."""
    return [f"{name} ({int(n)})" for name, n in zip(names, counts, strict=True)]


def directionality(trends: pd.DataFrame, choices: pd.DataFrame, tests: pd.DataFrame) -> Chart:
    """Return the trend of each ordered parameter and what each choice gains over the others.

    Parameters
    ----------
    trends : DataFrame
        ``directionality_continuous.csv``.
    choices : DataFrame
        ``directionality_categoricals.csv``; ladders are left out, since they have a trend.
    tests : DataFrame
        ``significance.csv``: a mark is sure where q is below 0.10 by the test that it shows.
    """
    panels = [
        panel.properties(title=title, width=style.NARROW)
        for panel, title in (
            (trend_marks(trends, tests), "Trends"),
            (choice_marks(trends, choices, tests), "Choices"),
        )
        if panel is not None
    ]
    if not panels:
        return notice("Too few points for any trend or contrast.")
    return alt.hconcat(*panels)


def trend_marks(trends: pd.DataFrame, tests: pd.DataFrame) -> alt.LayerChart | None:
    """Return the rank correlation of each ordered parameter with the score."""
    trends = trends.dropna(subset=["rho"]) if len(trends) else trends
    if trends.empty:
        return None
    trends = trends.sort_values("rho", ascending=False, kind="stable")
    by_trend = ~(tests["p_cluster"] < tests["p_trend"])
    sure = set(tests.loc[(tests["q"] < SIGNIFICANT) & by_trend, "parameter"])
    return _estimates(
        pd.DataFrame(
            {
                "label": with_n(trends["parameter"], trends["n"]),
                "value": trends["rho"],
                "low": trends["rho_low"],
                "high": trends["rho_high"],
                "sure": trends["parameter"].isin(sure),
            }
        ),
        ["less is better  ←     →  more is better", "rank correlation"],
        [-1.0, 1.0],
    )


def choice_marks(
    trends: pd.DataFrame, choices: pd.DataFrame, tests: pd.DataFrame
) -> alt.LayerChart | None:
    """Return what the mean value of each choice gains over the others."""
    if choices.empty:
        return None
    ladders = choices["parameter"].isin(trends["parameter"] if len(trends) else [])
    choices = choices[~ladders].dropna(subset=["difference"])
    if choices.empty:
        return None
    sure = set(tests.loc[tests["q"] < SIGNIFICANT, "parameter"])
    named = choices["parameter"] + ": " + [_plain(choice) for choice in choices["choice"]]
    return _estimates(
        pd.DataFrame(
            {
                "label": with_n(named, choices["n"]),
                "value": choices["difference"],
                "low": choices["difference_low"],
                "high": choices["difference_high"],
                "sure": choices["parameter"].isin(sure),
            }
        ),
        "mean value against the other choices",
    )


def _estimates(
    table: pd.DataFrame, title: str | list[str], ends: list[float] | None = None
) -> alt.LayerChart:
    """Return estimates with their intervals, those that are told from noise set apart."""
    told, chance = "told from noise (q < 0.10)", "may be chance"
    spanned = bool(table["low"].notna().any())
    entries = {told: (style.SURE, "circle"), chance: (style.LIGHT, "diamond")}
    entries |= {"95% interval": (style.GREY, "stroke")} if spanned else {}
    key = Key(entries)
    about = [
        f"{r.label}: {r.value:+.3g}" + (f" ({r.low:.3g} to {r.high:.3g})" if r.low == r.low else "")
        for r in table.itertuples()
    ]
    shown = table.assign(kind=np.where(table["sure"], told, chance), about=about)
    base = alt.Chart(rows(shown.drop(columns="sure")))
    y = named_rows()
    scale = alt.Scale(nice=False, zero=False, padding=6)
    if ends:
        scale = alt.Scale(domain=ends, nice=False)
    x = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=5))
    zero = alt.Chart(rows([{"at": 0}])).mark_rule(color=style.BLACK, strokeWidth=0.7)
    layers: list[alt.Chart] = [zero.encode(x=alt.X("at:Q", title=title))]
    if spanned:
        spans = base.mark_rule()
        layers.append(
            spans.encode(x=alt.X("low:Q"), x2="high:Q", y=y, **key.of("95% interval", shape=False))
        )
    dots = base.mark_point(filled=True, size=45, opacity=1, stroke=style.GREY, strokeWidth=0.6)
    layers.append(dots.encode(x=x, y=y, tooltip="about:N", description="about:N", **key.by("kind")))
    return layered(*layers).properties(height=style.ROW * len(shown))


def _plain(choice: object) -> str:
    return str(choice).lower() if str(choice) in ("True", "False") else str(choice)


def contours(space: Space, table: pd.DataFrame, points: pd.DataFrame) -> Chart:
    """Return the maps of the most informative pairs beside each other.

    Parameters
    ----------
    space : Space
    table : DataFrame
        ``contours.csv``.
    points : DataFrame
        ``points.csv``, drawn on top.
    """
    pairs = [group for _, group in table.groupby("pair", sort=True)] if len(table) else []
    if not pairs:
        return notice("Too few points for any pair of parameters.")
    maps = [
        contour(space, group, points).properties(width=PAIR, title=f"{group['n'].iloc[0]} points")
        for group in pairs
    ]
    return alt.hconcat(*maps)


def contour(space: Space, group: pd.DataFrame, points: pd.DataFrame) -> alt.LayerChart:
    """Return kernel means over a pair; nothing is drawn where hardly a point lies near.

    Parameters
    ----------
    space : Space
    group : DataFrame
        Rows of one pair of ``contours.csv``.
    points : DataFrame
        ``points.csv``; of many, the best alone are drawn on top.
    """
    a, b = (space[str(group[name].iloc[0])] for name in ("parameter_a", "parameter_b"))
    cells = pd.DataFrame({"value": group["value"].to_numpy(dtype=float)})
    for place, parameter, name in (("x", a, "a"), ("y", b, "b")):
        cells[place], cells[f"{place}2"] = _borders(parameter, group[name])
    near = group["support"].to_numpy(dtype=float) >= WELL_SUPPORTED
    cells["about"] = [f"{value:.4g}" for value in cells["value"]]
    x = alt.X("x:Q", title=a.name, **axis_of(a, titleLimit=PAIR))
    y = alt.Y("y:Q", title=b.name, **axis_of(b, titleLimit=PAIR))
    zoom = alt.selection_interval(
        name=f"zoom_{group['pair'].iloc[0]}", bind="scales", zoom="wheel![event.shiftKey]"
    )
    legend = alt.Legend(
        type="gradient", orient="right", direction="vertical", gradientLength=120,
        titleFontWeight="normal", labelExpr=style.SHORT,
    )  # fmt: skip
    value = alt.Color(
        "value:Q", title="value", scale=alt.Scale(scheme=style.COLOURS), legend=legend
    )
    shade = alt.Chart(rows(cells[near] if near.any() else cells)).mark_rect(clip=True)
    both = points[points[f"params_{a.name}"].notna() & points[f"params_{b.name}"].notna()]
    both = both.nlargest(MAX_BEST, "score") if len(both) > MAX_POINTS else both
    marks = pd.DataFrame(
        {
            "x": _places(a, both),
            "y": _places(b, both),
            "kind": np.where(both["elite"].astype(bool), ELITES, "points"),
            "about": about_trials(both),
        }
    )
    scale = alt.Scale(domain=["points", ELITES], range=["white", style.ELITE])
    shapes = alt.Scale(domain=["points", ELITES], range=["circle", "diamond"])
    dots = alt.Chart(rows(marks)).mark_point(
        filled=True, size=28, opacity=1, stroke=style.BLACK, strokeWidth=0.6, clip=True
    )
    return (
        layered(
            shade.encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=value, tooltip="about:N"),
            dots.encode(
                x=x,
                y=y,
                fill=alt.Fill("kind:N", scale=scale, title=None),
                shape=alt.Shape("kind:N", scale=shapes, title=None),
                tooltip="about:N",
                description="about:N",
            ),
        )
        .add_params(zoom)
        .properties(height=PAIR)
    )


def _borders(parameter: Parameter, values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the two ends of the cell of each value on the axis of its parameter."""
    grid = np.sort(values.astype(float).unique())
    index = np.searchsorted(grid, values.astype(float).to_numpy())
    if parameter.choices is not None:
        return index - 0.5, index + 0.5 + SEAM
    log = parameter.log and grid[0] > 0
    at = np.log(grid) if log else grid
    middle = (at[1:] + at[:-1]) / 2
    ends = np.concatenate([at[:1], middle, at[-1:]])
    right = np.minimum(ends[1:] + SEAM * np.diff(ends), ends[-1])
    left, right = (np.exp(v) if log else v for v in (ends[:-1], right))
    return left[index], right[index]


def _places(parameter: Parameter, points: pd.DataFrame) -> np.ndarray:
    """Return where points lie on the axis of a parameter."""
    values: Any = points[f"params_{parameter.name}"].to_numpy()
    if parameter.choices is None:
        return np.asarray(values, dtype=float)
    codes = choice_codes(parameter.choices, values)
    return np.asarray(codes + 0.3 * style.jitter(len(codes)), dtype=float)
