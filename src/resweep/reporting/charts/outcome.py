"""What came out: a sweep against its parent, and the champions."""

from __future__ import annotations

import json
from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from resweep.reporting.charts import style
from resweep.reporting.charts.style import (
    ELITES,
    Chart,
    Key,
    about_trials,
    jitter,
    layered,
    named_rows,
    notice,
    padded,
    rows,
)

TESTED = ("mean of the best quarter", "median", "mean")
MAX_CATEGORIES = 30
CORRECTED = "best point, corrected"


def comparison(
    table: pd.DataFrame, parent: pd.DataFrame, child: pd.DataFrame, names: tuple[str, str]
) -> Chart:
    """Return the points of a sweep beside its parent's, and the differences with their intervals.

    Parameters
    ----------
    table : DataFrame
        ``comparison.csv``.
    parent, child : DataFrame
        ``points.csv`` of the two sweeps.
    names : (str, str)
    """
    if parent.empty or child.empty:
        return notice("One of the sweeps has no complete trial, so there is nothing to compare.")
    left = columns(dict(zip(names, (parent, child), strict=True))).properties(width=260)
    right = differences(table, names).properties(width=190)
    return alt.hconcat(left, right).resolve_scale(color="independent", shape="independent")


def columns(sweeps: dict[str, pd.DataFrame], corrected: Sequence[float] = ()) -> alt.LayerChart:
    """Return the values of the points of some sweeps in columns beside each other.

    Parameters
    ----------
    sweeps : dict of str to DataFrame
        ``points.csv`` of each sweep, by name.
    corrected : sequence of float
        Of each sweep what its best point is worth, corrected for luck; NaN where unknown.
    """
    entries = {
        "points": (style.POINT, "circle"),
        ELITES: (style.ELITE, "diamond"),
        "mean": (style.BLACK, "stroke"),
    }
    best = [
        {"x": place, "value": value, "about": f"{name}: best point, corrected: {value:.4g}"}
        for place, (name, value) in enumerate(zip(sweeps, corrected, strict=False))
        if np.isfinite(value)
    ]
    entries |= {CORRECTED: (style.BEST, "triangle-up")} if best else {}
    key, table, means = Key(entries), [], []
    for place, points in enumerate(sweeps.values()):
        value = points["value"].to_numpy(dtype=float)
        elite = points["elite"].to_numpy(dtype=bool)
        table.append(
            pd.DataFrame(
                {
                    "x": place + 0.3 * jitter(len(value)),
                    "value": value,
                    "kind": np.where(elite, ELITES, "points"),
                    "about": about_trials(points),
                }
            )
        )
        means.append({"left": place - 0.36, "right": place + 0.36, "mean": value.mean()})
    every = pd.concat(table)
    names = [f"{name} ({len(points)} points)" for name, points in sweeps.items()]
    axis = alt.Axis(
        values=list(range(len(names))), labelExpr=f"{json.dumps(names)}[datum.value]", title=None
    )
    x = alt.X("x:Q", axis=axis, scale=alt.Scale(domain=[-0.5, len(names) - 0.5], nice=False))
    y = alt.Y("value:Q", title="value", axis=alt.Axis(tickCount=5),
              scale=alt.Scale(domain=padded(every["value"]), nice=False, zero=False))  # fmt: skip
    dots = alt.Chart(rows(every)).mark_point(filled=True, size=22, opacity=0.9)
    layers: list[alt.Chart] = [
        dots.encode(x=x, y=y, tooltip="about:N", description="about:N", **key.by("kind")),
        alt.Chart(rows(means)).mark_rule(strokeWidth=1.6)
        .encode(x="left:Q", x2="right:Q", y="mean:Q", **key.of("mean", shape=False)),
    ]  # fmt: skip
    if best:
        marks = alt.Chart(rows(best)).mark_point(
            filled=True, size=80, opacity=1, stroke=style.BLACK, strokeWidth=0.6
        )
        layers.append(
            marks.encode(x=x, y=y, tooltip="about:N", description="about:N", **key.of(CORRECTED))
        )
    return layered(*layers).properties(height=200)


def differences(table: pd.DataFrame, names: tuple[str, str]) -> alt.LayerChart:
    """Return the tested differences of two sweeps with their intervals."""
    shown = table[table["quantity"].isin(TESTED)].set_index("quantity").reindex(TESTED)
    shown = shown[["difference", "low", "high"]].reset_index()
    about = [
        f"{r.quantity}: {r.difference:+.3g} ({r.low:.3g} to {r.high:.3g})"
        for r in shown.itertuples()
    ]
    key = Key({"difference": (style.BEST, "circle"), "95% interval": (style.GREY, "stroke")})
    base = alt.Chart(rows(shown.assign(about=about)))
    y = named_rows("quantity", list(TESTED))
    title = f"{names[1]} less {names[0]}"
    x = alt.X("difference:Q", title=title, axis=alt.Axis(tickCount=5),
              scale=alt.Scale(nice=False, zero=True, padding=8))  # fmt: skip
    zero = alt.Chart(rows([{"at": 0}])).mark_rule(strokeWidth=0.7)
    spans = base.mark_rule().encode(
        x=alt.X("low:Q", title=title), x2="high:Q", y=y, **key.of("95% interval", shape=False)
    )
    dots = base.mark_point(filled=True, size=50, opacity=1).encode(
        x=x, y=y, tooltip="about:N", description="about:N", **key.of("difference")
    )
    layers = layered(zero.encode(x=alt.X("at:Q", title=title)), spans, dots)
    return layers.properties(height=3 * 22)


def champions(found: pd.DataFrame, per_category: pd.DataFrame, sweep: str) -> Chart:
    """Return the champions, trained again, and what the first one knows of each category.

    Parameters
    ----------
    found, per_category : DataFrame
        ``champions.csv`` and ``per_category.csv``; the second may be empty.
    sweep : str
        Whose first champion the right panel shows.
    """
    if found.empty:
        return notice("No champion was trained.")
    panels: list[alt.LayerChart] = [ranking(found).properties(width=style.NARROW)]
    own = first_champion(per_category, sweep)
    if len(own):
        title = f"{sweep} no. 1 by category"
        panels.append(categories(own).properties(width=style.NARROW, title=title))
    return alt.hconcat(*panels).resolve_scale(color="independent", shape="independent")


def first_champion(table: pd.DataFrame, sweep: str) -> pd.DataFrame:
    """Return the rows of a table of the champions that are of the first one of a sweep."""
    if table.empty:
        return table
    return table[(table["sweep"].astype(str) == sweep) & (table["rank"] == 0)]


def ranking(found: pd.DataFrame) -> alt.LayerChart:
    """Return the champions, trained again, beside what they had in the sweep."""
    again, before = "trained again", "in the sweep (the luckiest of many)"
    key = Key(
        {
            again: (style.BEST, "circle"),
            "95% interval": (style.BEST, "stroke"),
            before: (style.VERMILLION, "stroke"),
        }
    )
    table = pd.DataFrame(
        {
            "label": [f"{r.sweep} no. {r.rank + 1}" for r in found.itertuples()],
            "accuracy": found["accuracy"],
            "low": found["accuracy_low"],
            "high": found["accuracy_high"],
            "before": found["sweep_value"],
        }
    )
    table["about"] = [
        f"{r.label}: {r.accuracy:.4g}, in the sweep {r.before:.4g}" for r in table.itertuples()
    ]
    base = alt.Chart(rows(table))
    y = named_rows()
    ends = padded(table[["accuracy", "low", "high", "before"]].to_numpy(dtype=float))
    x = alt.X("accuracy:Q", title="value", axis=alt.Axis(tickCount=5),
              scale=alt.Scale(domain=ends, nice=False, zero=False))  # fmt: skip
    spans = base.mark_rule(strokeWidth=1.4).encode(
        x=alt.X("low:Q", title="value"), x2="high:Q", y=y, **key.of("95% interval", shape=False)
    )
    ticks = base.mark_tick(thickness=2.2, height={"band": 0.6}).encode(
        x=alt.X("before:Q", title="value"), y=y, **key.of(before, shape=False)
    )
    dots = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=x, y=y, tooltip="about:N", description="about:N", **key.of(again)
    )
    return layered(spans, ticks, dots).properties(height=max(3, len(table)) * 22)


def categories(own: pd.DataFrame) -> alt.LayerChart:
    """Return the share of each category that a champion names right, with Wilson's interval."""
    own = own.head(MAX_CATEGORIES)
    low, high = wilson(own["correct"].to_numpy(dtype=float), own["n"].to_numpy(dtype=float))
    key = Key({"named right": (style.SKY, "square"), "95% interval": (style.BLACK, "stroke")})
    labels = [f"{r.category} ({r.correct} of {r.n})" for r in own.itertuples()]
    share = own["accuracy"].fillna(0.0).to_numpy(dtype=float)
    table = pd.DataFrame({"label": labels, "share": share, "low": low, "high": high})
    table["about"] = [f"{r.label}: {r.share:.0%}" for r in table.itertuples()]
    base = alt.Chart(rows(table))
    y = named_rows()
    x = alt.X("share:Q", title=None, scale=alt.Scale(domain=[0, 1]),
              axis=alt.Axis(format="%", tickCount=5))  # fmt: skip
    bars = base.mark_bar(height={"band": 0.66}).encode(
        x=x, y=y, tooltip="about:N", description="about:N", **key.of("named right", shape=False)
    )
    spans = base.mark_rule().encode(
        x=alt.X("low:Q", title=None), x2="high:Q", y=y, **key.of("95% interval", shape=False)
    )
    return layered(bars, spans).properties(height=style.ROW * len(table))


def wilson(hits: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return 95% intervals of proportions by Wilson's score; NaN where nothing was counted."""
    from statsmodels.stats.proportion import proportion_confint

    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = proportion_confint(hits, n, alpha=0.05, method="wilson")
    return np.asarray(low), np.asarray(high)


def confusion(found: pd.DataFrame, sweep: str) -> Chart:
    """Return how often the first champion names each category for each.

    Parameters
    ----------
    found : DataFrame
        ``confusion.csv``.
    sweep : str
    """
    own = first_champion(found, sweep)
    if own.empty:
        return notice("The champions are judged by a value, not by categories.")
    names = list(dict.fromkeys(own["category"].astype(str)))[:MAX_CATEGORIES]
    table = own.assign(category=own["category"].astype(str), named=own["predicted"].astype(str))
    table = table[table["category"].isin(names) & table["named"].isin(names)]
    whole = table.groupby("category")["count"].transform("sum")
    table = table.assign(
        share=table["count"] / whole.clip(lower=1),
        about=[
            f"{truth} named {named}: {times}"
            for truth, named, times in table[["category", "named", "count"]].to_numpy()
        ],
    )
    base = alt.Chart(rows(table[["category", "named", "count", "share", "about"]]))
    x = alt.X("named:N", sort=names, title="named by the champion",
              axis=alt.Axis(labelAngle=-45, ticks=False, labelOverlap=False))  # fmt: skip
    y = alt.Y("category:N", sort=names, title="category", axis=alt.Axis(ticks=False))
    legend = alt.Legend(
        type="gradient", orient="right", format="%", title="share of the category",
        direction="vertical", gradientLength=100, titleFontWeight="normal",
    )  # fmt: skip
    scale = alt.Scale(domain=[0, 1], scheme="blues")
    cells = base.mark_rect().encode(
        x=x, y=y, color=alt.Color("share:Q", scale=scale, legend=legend), tooltip="about:N",
        description="about:N",
    )  # fmt: skip
    white = alt.condition("datum.share > 0.6", alt.value("white"), alt.value("#111111"))
    texts = base.transform_filter("datum.count > 0").mark_text(fontSize=10)
    side = min(360, 34 * len(names) + 20)
    return layered(
        cells, texts.encode(x=x, y=y, text="count:Q", color=white)
    ).properties(width=side, height=side)  # fmt: skip


def values(
    points: pd.DataFrame, best: tuple[float, float, float], majority: float, title: str
) -> alt.LayerChart:
    """Return the values of all points on one line, what the best is worth, and the baseline.

    Parameters
    ----------
    points : DataFrame
        ``points.csv``.
    best : (float, float, float)
        The best point, corrected for luck, and its 95% interval; NaN where unknown.
    majority : float
        Accuracy of naming the most frequent class; NaN where unknown.
    title : str
        Of the axis.
    """
    corrected, baseline = f"{CORRECTED}, with its 95% interval", "most frequent class"
    entries = {"points": (style.POINT, "circle"), ELITES: (style.ELITE, "diamond")}
    entries |= {corrected: (style.BEST, "triangle-up")} if np.isfinite(best[0]) else {}
    entries |= {baseline: (style.BLACK, "stroke")} if np.isfinite(majority) else {}
    key = Key(entries)
    value = points["value"].to_numpy(dtype=float)
    repeats = [f", mean of {n}" if n > 1 else "" for n in points["n_repeats"]]
    pairs = zip(points["number"], value, repeats, strict=True)
    table = pd.DataFrame(
        {
            "value": value,
            "up": 0.3 + 0.6 * jitter(len(value)),
            "kind": np.where(points["elite"].astype(bool), ELITES, "points"),
            "about": [f"trial {n}: {v:.4g}{text}" for n, v, text in pairs],
        }
    )
    scale = alt.Scale(domain=padded([*value, *best, majority]), nice=False, zero=False)
    x = alt.X("value:Q", title=title, axis=alt.Axis(tickCount=6), scale=scale)
    y = alt.Y("up:Q", axis=None, scale=alt.Scale(domain=[-1, 1]))
    dots = alt.Chart(rows(table)).mark_point(filled=True, size=24, opacity=0.9)
    layers: list[alt.Chart] = [
        dots.encode(x=x, y=y, tooltip="about:N", description="about:N", **key.by("kind"))
    ]
    if np.isfinite(best[0]):
        about = f"corrected: {best[0]:.4g}"
        row = {"value": best[0], "low": best[1], "high": best[2], "up": -0.7, "about": about}
        one = alt.Chart(rows([row]))
        mark = one.mark_point(filled=True, size=90, opacity=1, stroke=style.BLACK, strokeWidth=0.6)
        layers += [
            one.mark_rule(color=style.BEST).encode(x=alt.X("low:Q", title=title), x2="high:Q", y=y),
            mark.encode(x=x, y=y, tooltip="about:N", description="about:N", **key.of(corrected)),
        ]
    if np.isfinite(majority):
        line = alt.Chart(rows([{"value": majority}])).mark_rule(strokeDash=[3, 3])
        layers.append(line.encode(x=x, **key.of(baseline, shape=False)))
    return layered(*layers).properties(height=90)
