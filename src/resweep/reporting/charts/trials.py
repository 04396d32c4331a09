"""The trials: learning curves, what pruning did, and what the spread between values is made of."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from resweep.reporting.charts import style
from resweep.reporting.charts.style import (
    Z95,
    Chart,
    Key,
    layered,
    named_rows,
    notice,
    padded,
    rows,
)

MAX_CURVES = 200
MAX_TOLD = 1500  # values of curves that can be pointed at
HEIGHT = 200
ENDS = {"PRUNED": "pruned here", "FAIL": "failed here"}


def learning_curves(curves: pd.DataFrame, trials: pd.DataFrame, points: pd.DataFrame) -> Chart:
    """Return the learning curves and how many trials reached each step.

    Parameters
    ----------
    curves, trials : DataFrame
        ``curves.csv`` and ``trials.csv``.
    points : DataFrame
        ``points.csv``, which tells the elites.
    """
    curves = curves[curves["number"].isin(trials["number"])]
    if curves.empty:
        return notice("The trials recorded no learning curves.")
    left = curve_lines(curves, trials, points).properties(width=330)
    right = reach(curves, trials).properties(width=150)
    return alt.hconcat(left, right).resolve_scale(color="independent")


def curve_lines(curves: pd.DataFrame, trials: pd.DataFrame, points: pd.DataFrame) -> alt.LayerChart:
    """Return the learning curves, those of elites set apart, and where trials ended early."""
    state = trials.set_index("number")["state"]
    elites = set(points.loc[points["elite"].astype(bool), "number"])
    numbers = list(dict.fromkeys(curves["number"]))
    quiet = [n for n in numbers if n not in elites]
    quiet = quiet[:: max(1, -(-len(quiet) // MAX_CURVES))]
    shown = curves[curves["number"].isin({*quiet, *(n for n in numbers if n in elites)})]
    shown = shown.assign(
        kind=np.where(shown["number"].isin(elites), "curve of an elite", "curve"),
        about=[f"trial {r.number}, step {r.step}: {r.value:.4g}" for r in shown.itertuples()],
    )
    last = shown.sort_values("step").groupby("number").tail(1)
    last = last.assign(kind=last["number"].map(state).map(ENDS)).dropna(subset=["kind"])
    return over_steps(shown, last, {"curve": style.LIGHT, "curve of an elite": style.ELITE})


def over_steps(curves: pd.DataFrame, ends: pd.DataFrame, colours: dict[str, str]) -> alt.LayerChart:
    """Return curves of values over steps.

    Parameters
    ----------
    curves : DataFrame
        ``number, step, value, kind, about``.
    ends : DataFrame
        The same of where trials ended early.
    colours : dict of str to str
        Of each kind of curve, in the order in which they are drawn.
    """
    known = set(curves["kind"])
    entries = {kind: (colour, "stroke") for kind, colour in colours.items() if kind in known}
    for state, shape, colour in (
        ("PRUNED", "circle", style.PRUNED),
        ("FAIL", "cross", style.FAILED),
    ):
        if (ends["kind"] == ENDS[state]).any():
            entries[ENDS[state]] = (colour, shape)
    key = Key(entries)
    x = alt.X("step:Q", title="step (epoch)", axis=alt.Axis(format="d", tickMinStep=1),
              scale=alt.Scale(nice=False, zero=False, padding=6))  # fmt: skip
    y = alt.Y("value:Q", title="value",
              scale=alt.Scale(domain=padded(curves["value"]), nice=False, zero=False))  # fmt: skip
    columns = ["number", "step", "value", "kind", "about"]
    layers: list[alt.Chart] = []
    for kind in colours:
        some = curves.loc[curves["kind"] == kind, columns]
        if some.empty:
            continue
        channels = key.of(kind, shape=False)
        lines = alt.Chart(rows(some)).mark_line(strokeWidth=1.1)
        layers.append(lines.encode(x=x, y=y, detail="number:N", **channels))
        alone = some.groupby("number")["step"].transform("size") == 1  # no line shows these
        if alone.any():
            dots = alt.Chart(rows(some[alone])).mark_point(filled=True, size=14, opacity=1)
            layers.append(dots.encode(x=x, y=y, tooltip="about:N", **channels))
        if len(some) <= MAX_TOLD:
            unseen = alt.Chart(rows(some)).mark_point(filled=True, size=14, opacity=0)
            layers.append(unseen.encode(x=x, y=y, tooltip="about:N"))
    for kind in ENDS.values():
        some = ends.loc[ends["kind"] == kind, columns]
        if len(some):
            marks = alt.Chart(rows(some)).mark_point(
                filled=True, size=32, opacity=1, stroke=style.BLACK, strokeWidth=0.4
            )
            layers.append(
                marks.encode(x=x, y=y, tooltip="about:N", description="about:N", **key.of(kind))
            )
    return layered(*layers).properties(height=HEIGHT)


def reach(curves: pd.DataFrame, trials: pd.DataFrame) -> alt.Chart:
    """Return how many trials reported at each step, and how many of these were pruned later."""
    state = trials.set_index("number")["state"]
    steps = np.sort(curves["step"].unique())
    last = curves.groupby("number")["step"].max()
    cut = state.reindex(last.index).eq("PRUNED").to_numpy()
    reached = last.to_numpy()[:, None] >= steps[None, :]
    kinds = {"not pruned": reached[~cut].sum(axis=0), "pruned at this step or later":
             reached[cut].sum(axis=0)}  # fmt: skip
    table = [
        {"step": step, "kind": kind, "trials": count, "about": f"step {step}: {count} {kind}"}
        for kind, counts in kinds.items()
        for step, count in zip(steps.tolist(), counts.tolist(), strict=True)
    ]
    key = Key(
        {
            "not pruned": (style.LIGHT, "square"),
            "pruned at this step or later": (style.PRUNED, "square"),
        }
    )
    axis = alt.Axis(labelOverlap=True, labelAngle=0, title="step (epoch)")
    return (
        alt.Chart(rows(table))
        .mark_bar()
        .encode(
            x=alt.X("step:O", axis=axis, scale=alt.Scale(paddingInner=0.2)),
            y=alt.Y("trials:Q", title="trials that reached it", axis=alt.Axis(tickMinStep=1)),
            order=alt.Order("kind:N", sort="descending"),
            tooltip="about:N",
            description="about:N",
            **key.by("kind", shape=False),
        )
        .properties(height=HEIGHT)
    )


def noise(table: pd.DataFrame) -> Chart:
    """Return what the spread between trials is made of, and what that does to the best value.

    Parameters
    ----------
    table : DataFrame
        ``noise.csv``.
    """
    row = table.set_index("quantity")
    value = row["value"].astype(float)
    if not np.isfinite(value["spread_sd"]):
        return notice("Fewer than two trials have a value: there is no spread.")
    share = value["noise_share"]
    title = (
        f"Noise is {share:.0%} of the variance" if np.isfinite(share) else "The noise is unknown"
    )
    left = spreads(row, value).properties(width=260, title=title)
    right = worth(value).properties(width=220, title="What the best value is worth")
    return alt.hconcat(left, right).resolve_scale(color="independent", shape="independent")


def spreads(row: pd.DataFrame, value: pd.Series) -> alt.LayerChart:
    """Return the standard deviations between trials and of noise."""
    words = {
        "spread_sd": "between trials",
        "replicate_sd": "same parameters, new seed",
        "binomial_se": "other examples",
    }
    table: list[dict[str, Any]] = []
    for name, word in words.items():
        known = bool(np.isfinite(value[name]))
        text = f"{value[name]:.3g}" if known else "unknown"
        kind = "spread" if name == "spread_sd" else "noise"
        sd = value[name] if known else 0.0
        label = f"{word} ({int(row.loc[name, 'n'])})" if known else word
        table.append({"label": label, "sd": sd, "text": text, "kind": kind})
    key = Key({"spread": (style.OPEN, "square"), "noise": (style.SURE, "square")})
    most = max(row["sd"] for row in table)
    base = alt.Chart(rows(table))
    y = named_rows()
    scale = alt.Scale(domain=[0, 1.6 * most], nice=False)
    x = alt.X("sd:Q", title="standard deviation", scale=scale, axis=alt.Axis(tickCount=4))
    bars = base.mark_bar(height={"band": 0.66}).encode(x=x, y=y, **key.by("kind", shape=False))
    texts = base.mark_text(align="left", dx=4).encode(x=x, y=y, text="text:N")
    return layered(bars, texts).properties(height=3 * 22)


def worth(value: pd.Series) -> alt.LayerChart:
    """Return the best value as recorded, and as expected when it is trained again."""
    middle, error = value["best_corrected"], value["best_standard_error"]
    recorded, expected, majority = "as recorded", "expected, 95% interval", "most frequent class"
    table = [{"label": "best, recorded", "value": value["best_value"], "kind": recorded}]
    if np.isfinite(middle):
        table.append(
            {"label": "best, repeated", "value": middle, "kind": expected,
             "low": middle - Z95 * error, "high": middle + Z95 * error}
        )  # fmt: skip
    seen = [row.get(name, np.nan) for row in table for name in ("value", "low", "high")]
    ends = padded([*seen, value["majority_baseline"]], 0.12)
    for row in table:
        row["about"] = f"{row['label']}: {row['value']:.4g}"
    entries = {recorded: (style.POINT, "circle"), expected: (style.BEST, "diamond")}
    known = np.isfinite(value["majority_baseline"])
    entries |= {majority: (style.BLACK, "stroke")} if known else {}
    key = Key(entries)
    base = alt.Chart(rows(table))
    y = named_rows(sort=[row["label"] for row in table])
    x = alt.X("value:Q", title="value", scale=alt.Scale(domain=ends, zero=False, nice=False),
              axis=alt.Axis(tickCount=5))  # fmt: skip
    spans = base.transform_filter("isValid(datum.low)").mark_rule(color=style.BEST)
    dots = base.mark_point(filled=True, size=50, opacity=1)
    layers: list[alt.Chart] = [
        spans.encode(x=alt.X("low:Q", title="value"), x2="high:Q", y=y),
        dots.encode(x=x, y=y, tooltip="about:N", description="about:N", **key.by("kind")),
    ]
    if known:
        line = alt.Chart(rows([{"at": value["majority_baseline"]}])).mark_rule(strokeDash=[2, 2])
        layers.append(line.encode(x=alt.X("at:Q", title="value"), **key.of(majority, shape=False)))
    return layered(*layers).properties(height=3 * 22)
