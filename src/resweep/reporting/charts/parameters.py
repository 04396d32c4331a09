"""The parameters: values tried, elites, old and new ranges; and all points across all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from resweep.ledger.columns import choice_codes, column
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
from resweep.reporting.inputs import form_in
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.words import describe_value

Form = tuple[str, Parameter | None, Any]  # name of the sweep, its range, or the fixed value

COLUMNS, LISTS = 3, 4  # panels beside each other: numbers, choices
WIDTH = 165  # pixels of one panel of the sheet of all ranges
LANE, CHOICE = 16, 22  # pixels of a lane of a number, of a choice
MAX_AXES, MAX_LINES, MAX_BEST = 12, 400, 60
MAX_TEXTS = 16  # choices of an axis that are named
MAX_POINTS, MAX_ELITES = 300, 80  # of one parameter that are drawn
INACTIVE = -0.14  # height of the lane of inactive parameters
VALUES = "values tried"
BEFORE, AFTER = "range before", "range after"
ALL, BEST_QUARTER = "share of all points", "share of the elites"


def bounds(
    space: Space,
    points: pd.DataFrame,
    choices: pd.DataFrame,
    old: Space,
    new: Space | None = None,
    names: tuple[str, str] = ("before", "after"),
    only: Collection[str] | None = None,
) -> Chart:
    """Return where values and elites lie in each range, and the range before and after refinement.

    Parameters
    ----------
    space : Space
        The space of the sweep.
    points, choices : DataFrame
        Its ``points.csv`` and ``elite_choices.csv``.
    old, new : Space
        The ranges to draw: before and after a refinement. One of them is `space`.
    names : (str, str)
        Of the two sweeps.
    only : collection of str, optional
        The parameters to draw (default: all).
    """
    numbers, lists = [], []
    for name in dict.fromkeys([*old.names, *space.names]):
        if only is not None and name not in only:
            continue
        parameter = space[name] if name in space else old[name]
        given = [(old, names[0])] + ([] if new is None else [(new, names[1])])
        forms: list[Form] = [(word, form_in(one, name), one.fixed.get(name)) for one, word in given]
        title = alt.TitleParams(name, subtitle=_change(forms), subtitleColor=style.GREY)
        if parameter.is_numeric:
            known = points if name in space else points.iloc[:0].assign(**{f"params_{name}": []})
            panel = strip(parameter, known, forms)
            numbers.append(panel.properties(title=title, width=WIDTH))
        else:
            panel = shares(parameter, choices[choices["parameter"] == name], forms)
            lists.append(panel.properties(title=title, width=WIDTH - 60))
    pairs = ((numbers, COLUMNS), (lists, LISTS))
    sheets = [alt.concat(*some, columns=columns) for some, columns in pairs if some]
    if not sheets:
        return notice("The space has no parameter.")
    return alt.vconcat(*sheets).resolve_scale(color="independent", shape="independent")


def _change(forms: Sequence[Form]) -> str:
    """Say what a parameter was and what it becomes."""
    texts = [describe_form(form, fixed) for _, form, fixed in forms]
    return texts[0] if len(set(texts)) == 1 else " → ".join(texts)


def describe_form(form: Parameter | None, fixed: Any) -> str:
    """Return a range, choices with their shares, or a fixed value, for a person."""
    if form is None:
        return "never active" if fixed is None else f"fixed at {describe_value(fixed)}"
    if form.is_numeric:
        ends = f"{describe_value(form.low)} to {describe_value(form.high)}"
        return f"{ends} (log)" if form.log else ends
    if form.weights is None:
        return ", ".join(describe_value(choice) for choice in form.choices)
    pairs = zip(form.choices, form.weights, strict=True)
    return ", ".join(f"{describe_value(choice)} ({weight:.0%})" for choice, weight in pairs)


def strip(parameter: Parameter, points: pd.DataFrame, forms: Sequence[Form]) -> alt.LayerChart:
    """Return the tried values of a number as ticks, the elites as marks, and its ranges below.

    Parameters
    ----------
    parameter : Parameter
        As it was searched.
    points : DataFrame
        ``points.csv`` of the sweep.
    forms : sequence of (str, Parameter or None, fixed value)
        The ranges to draw, oldest first.
    """
    key = _strip_key()
    lanes = ["values", *(name for name, _, _ in forms)]
    others, elites = thinned(points[points[f"params_{parameter.name}"].notna()])
    axis = axis_of(parameter, *(form for _, form, _ in forms))
    x = alt.X("x:Q", title=None, **axis)
    y = alt.YDatum("values", type="nominal")
    about = {"tooltip": "about:N", "description": "about:N"}
    ticks = _marks(parameter, others).mark_tick(thickness=1, opacity=0.8)
    marks = _marks(parameter, elites).mark_point(
        filled=True, size=36, opacity=1, stroke=style.BLACK, strokeWidth=0.4
    )
    layers: list[alt.Chart] = [
        ticks.encode(x=x, y=y, **about, **key.of(VALUES, shape=False)),
        marks.encode(x=x, y=y, **about, **key.of(ELITES)),
    ]
    spans = _spans(forms)
    bars = (
        alt.Chart(rows(spans))
        .mark_bar(height={"band": 0.5}, minBandSize=3)
        .encode(
            x=alt.X("low:Q", title=None, **axis), x2="high:Q",
            y=alt.Y("name:N", sort=lanes, title=None, scale=alt.Scale(domain=lanes),
                    axis=alt.Axis(ticks=False, domain=False, minExtent=40)),
            tooltip="about:N", **key.by("kind", shape=False),
        )
    )  # fmt: skip
    pins = (
        alt.Chart(rows([span for span in spans if span["low"] == span["high"]]))
        .mark_point(filled=True, size=40, opacity=1)
        .encode(x="low:Q", y=alt.Y("name:N", sort=lanes, title=None), tooltip="about:N",
                **key.by("kind"))
    )  # fmt: skip
    pinned = [pins] if any(span["low"] == span["high"] for span in spans) else []
    return layered(bars, *pinned, *layers).properties(height=LANE * len(lanes))


def _strip_key() -> Key:
    return Key(
        {
            VALUES: (style.POINT, "stroke"),
            ELITES: (style.ELITE, "diamond"),
            BEFORE: (style.OLD, "square"),
            AFTER: (style.NEW, "square"),
        }
    )


def _spans(forms: Sequence[Form]) -> list[dict[str, Any]]:
    """Return the ranges of a number as rows: ``name, kind, low, high, about``."""
    found = []
    for place, (name, form, fixed) in enumerate(forms):
        kind = AFTER if place and place == len(forms) - 1 else BEFORE
        if form is not None and form.is_numeric:
            low, high = form.low, form.high
        elif isinstance(fixed, int | float) and not isinstance(fixed, bool):
            low = high = float(fixed)
        else:
            continue
        about = f"{name}: {describe_form(form, fixed)}"
        found.append({"name": name, "kind": kind, "low": low, "high": high, "about": about})
    return found


def range_layers(parameter: Parameter, forms: Sequence[Form]) -> list[alt.Chart]:
    """Return the ranges of a number as bars along the top of a chart over its values."""
    if not parameter.is_numeric:
        return []
    colours = {BEFORE: style.OLD, AFTER: style.NEW}
    return [
        alt.Chart(rows([span]))
        .mark_rule(strokeWidth=4, color=colours[span["kind"]], strokeCap="square")
        .encode(x="low:Q", x2="high:Q", y=at_pixel(3 + 7 * place), tooltip="about:N")
        for place, span in enumerate(_spans(forms))
    ]


def shares(parameter: Parameter, choices: pd.DataFrame, forms: Sequence[Form]) -> alt.LayerChart:
    """Return the share of each choice among all points and among the elites.

    Parameters
    ----------
    parameter : Parameter
        As it was searched.
    choices : DataFrame
        Its rows of ``elite_choices.csv``.
    forms : sequence of (str, Parameter or None, fixed value)
        Of the last one is said what becomes of each choice.
    """
    key = Key({ALL: (style.POINT, "square"), BEST_QUARTER: (style.ELITE, "square")})
    counts = {str(row.choice): row for row in choices.itertuples()}
    every = [form for _, form, _ in forms if form is not None and form.choices is not None]
    table = []
    for choice in dict.fromkeys(c for form in (*every, parameter) for c in form.choices):
        row = counts.get(str(choice))
        label = describe_value(choice) + (f" ({row.n})" if row else "")
        fate = _fate(choice, forms)
        for kind, field in ((ALL, "share"), (BEST_QUARTER, "elite_share")):
            value = float(getattr(row, field)) if row else float("nan")
            about = f"{describe_value(choice)}: {value:.0%}, {kind}"
            table.append(
                {"label": label, "kind": kind, "share": value, "about": about,
                 "fate": fate if kind == ALL else ""}
            )  # fmt: skip
    labels = list(dict.fromkeys(str(row["label"]) for row in table))
    base = alt.Chart(rows(table))
    y = named_rows(minExtent=64)
    percent = alt.Axis(format="%", values=[0, 0.5, 1])
    bars = base.mark_bar().encode(
        x=alt.X("share:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=percent), y=y,
        yOffset=alt.YOffset("kind:N", sort=[ALL, BEST_QUARTER]), tooltip="about:N",
        description="about:N", **key.by("kind", shape=False),
    )  # fmt: skip
    texts = base.mark_text(align="left", dx=3, fontSize=9, color=style.GREY).encode(
        x=alt.XDatum(1), y=y, text="fate:N"
    )
    return layered(bars, texts).properties(height=CHOICE * len(labels))


def _fate(choice: Any, forms: Sequence[Form]) -> str:
    """Say what the last form does to a choice, where it does not keep it as it was."""
    if len(forms) < 2:
        return ""
    (_, before, _), (_, after, fixed) = forms[0], forms[-1]
    if after is None:
        if fixed is None:
            return "never active"
        return "fixed" if fixed == choice else "dropped"
    if not after.contains(choice):
        return "dropped"
    if before is not None and not before.contains(choice):
        return "added"
    if after.weights is not None and (before is None or after.weights != before.weights):
        return f"weight {after.weights[after.choices.index(choice)]:.2g}"
    return ""


def isolation(
    parameter: Parameter, points: pd.DataFrame, forms: Sequence[Form] = ()
) -> alt.LayerChart:
    """Return the value of every point against one parameter, with the ranges of it.

    Parameters
    ----------
    parameter : Parameter
        As it was searched.
    points : DataFrame
        ``points.csv`` of the sweep.
    forms : sequence of (str, Parameter or None, fixed value)
        The ranges to draw, oldest first.
    """
    entries = {"points": (style.POINT, "circle"), ELITES: (style.ELITE, "diamond")}
    if not parameter.is_numeric:
        entries["mean"] = (style.BLACK, "stroke")
    key = Key(entries)
    known = points[points[f"params_{parameter.name}"].notna()]
    value = known["value"].to_numpy(dtype=float)
    axis = axis_of(parameter, *(form for _, form, _ in forms))
    place = alt.X("x:Q", title=parameter.name, **axis)
    up = alt.Y("value:Q", title="value", axis=alt.Axis(tickCount=4),
               scale=alt.Scale(domain=padded(value, 0.15), nice=False, zero=False))  # fmt: skip
    layers = []
    for some, name, size in zip(thinned(known), ("points", ELITES), (16, 36), strict=True):
        dots = _marks(parameter, some, values=True)
        layers.append(
            dots.mark_point(filled=True, size=size, opacity=0.85).encode(
                x=place, y=up, tooltip="about:N", description="about:N", **key.of(name)
            )
        )
    if not parameter.is_numeric:
        codes = choice_codes(parameter.choices, known[f"params_{parameter.name}"].to_numpy())
        means = pd.DataFrame({"code": codes, "mean": value}).groupby("code", as_index=False).mean()
        means = means.assign(left=means["code"] - 0.35, right=means["code"] + 0.35)
        bars = alt.Chart(rows(means)).mark_rule(strokeWidth=2)
        left = alt.X("left:Q", title=parameter.name, **axis)
        layers.append(bars.encode(x=left, x2="right:Q", y="mean:Q", **key.of("mean", False)))
    return layered(*layers, *range_layers(parameter, forms)).properties(height=150)


def thinned(points: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the points that are drawn and the elites among them: of many, some and the best."""
    elite = points["elite"].to_numpy(dtype=bool)
    others = points[~elite]
    others = others.iloc[:: max(1, -(-len(others) // MAX_POINTS))]
    return others, points[elite].nlargest(MAX_ELITES, "score")


def _marks(parameter: Parameter, points: pd.DataFrame, values: bool = False) -> alt.Chart:
    """Return points with what is said of each; a page is smaller where the reader puts it so."""
    found = points[f"params_{parameter.name}"].to_numpy()
    if parameter.is_numeric:
        x, name = found.astype(float), "format(datum.x, '.4~g')"
    else:
        codes = choice_codes(parameter.choices, found)
        x = codes + 0.28 * style.jitter(len(codes))
        name = f"{json.dumps([describe_value(c) for c in parameter.choices])}[round(datum.x)]"
    table = pd.DataFrame({"n": points["number"].to_numpy(), "x": x})
    text = f"'trial ' + datum.n + ': ' + {name}"
    if values:
        table["value"] = points["value"].to_numpy(dtype=float)
        text += " + ', value ' + format(datum.value, '.4~g')"
    return alt.Chart(rows(table)).transform_calculate(about=text)


def parallel(space: Space, points: pd.DataFrame, importances: pd.DataFrame | None = None) -> Chart:
    """Return one line per point across the parameters and the value.

    On a page, dragging along an axis keeps the lines that pass there (signal ``kept``). The
    columns of the data are the axes; a ``_`` begins the names of the others.

    Parameters
    ----------
    space : Space
    points : DataFrame
        ``points.csv``.
    importances : DataFrame, optional
        ``importances_fanova.csv``: where there are many parameters, the most important are shown.
    """
    if len(points) < 2:
        return notice("Fewer than two points: nothing to compare.")
    shown = most_important(space, importances)
    best = int(points["score"].to_numpy().argmax())
    elite = points["elite"].to_numpy(dtype=bool)
    order = np.argsort(-points["score"].to_numpy(dtype=float), kind="stable")
    others = np.flatnonzero(~elite)
    others = others[:: max(1, -(-len(others) // MAX_LINES))]
    elites = [i for i in order if elite[i] and i != best][:MAX_BEST]
    named = f"best (trial {int(points['number'].iloc[best])})"
    key = Key(
        {
            "points": (style.LIGHT, "stroke"),
            ELITES: (style.ELITE, "stroke"),
            named: (style.BEST, "stroke"),
        }
    )
    table = pd.DataFrame({p.name: _heights(p, points) for p in shown})
    value = points["value"].to_numpy(dtype=float)
    low, high = float(value.min()), float(value.max())
    axes: list[Any] = axis_names(shown)
    table[axes[-1]] = (value - low) / (high - low) if high > low else 0.5
    table["_trial"], table["_kind"] = points["number"].to_numpy(), "points"
    table["_about"] = about_trials(points)
    table.loc[elites, "_kind"] = ELITES
    table.loc[best, "_kind"] = named
    x = alt.X("_axis:N", sort=axes, title=None, scale=alt.Scale(padding=0.4),
              axis=alt.Axis(labelAngle=-30, labelOverlap=False, labelLimit=160, ticks=False,
                            domain=False, grid=True, gridColor=style.GREY))  # fmt: skip
    y = alt.Y("_height:Q", title=None, scale=alt.Scale(domain=[INACTIVE - 0.05, 1.05], nice=False),
              axis=alt.Axis(values=[INACTIVE], labelExpr="'not active'", ticks=False,
                            domain=False))  # fmt: skip
    kept = alt.param(name="kept", value={})
    # Of each line whether all its heights lie within what was kept of their axes.
    inside = "datum._height >= kept[datum._axis][0] && datum._height <= kept[datum._axis][1]"
    width = alt.condition(f"datum._kind == {json.dumps(named)}", alt.value(2.4), alt.value(0.9))
    lines = (
        alt.Chart(rows(table.iloc[[*others, *elites, best]]))
        .transform_fold([_escaped(axis) for axis in axes], as_=["_axis", "_height"])
        .transform_calculate(_passes=f"(!kept[datum._axis] || ({inside})) ? 1 : 0")
        .transform_joinaggregate(_all_pass="min(_passes)", groupby=["_trial"])
        .transform_calculate(_order=f"indexof({json.dumps(axes)}, datum._axis)")
        .mark_line()
        .encode(
            x=x,
            y=y,
            detail=["_trial:N"],
            order="_order:Q",
            strokeWidth=width,
            strokeOpacity=alt.condition("datum._all_pass", alt.value(1), alt.value(0.05)),
            tooltip="_about:N",
            **key.by("_kind", shape=False),
        )
    )
    texts = alt.Chart(rows(_axis_texts(shown, axes[-1], low, high)))
    room = max(72.0, 0.9 * style.WIDE / len(axes))  # to the next axis
    halo: dict[str, Any] = {"stroke": "white", "strokeWidth": 2.5, "strokeOpacity": 0.85}
    names = [
        texts.mark_text(align="left", dx=3, fontSize=8.5, limit=room, **behind).encode(
            x=x, y=y, text="text:N"
        )
        for behind in (halo, {})
    ]
    sheet = layered(lines, *names).add_params(kept)
    return sheet.properties(width=style.WIDE, height=220)


def most_important(space: Space, importances: pd.DataFrame | None) -> list[Parameter]:
    """Return at most a dozen parameters, the most important where that is known, in their order."""
    if len(space.params) <= MAX_AXES:
        return list(space.params)
    weight = dict.fromkeys(space.names, 0.0)
    if importances is not None and len(importances):
        known = importances.dropna(subset=["importance"])
        weight |= dict(zip(known["parameter"], known["importance"], strict=True))
    chosen = sorted(space.names, key=lambda name: -weight[name])[:MAX_AXES]
    return [parameter for parameter in space.params if parameter.name in chosen]


def axis_names(shown: Sequence[Parameter]) -> list[str]:
    """Return the names of the axes of parallel coordinates: parameters, and the value last."""
    names = [parameter.name for parameter in shown]
    return [*names, "objective value" if "value" in names else "value"]


def _heights(parameter: Parameter, points: pd.DataFrame) -> np.ndarray:
    one = column(parameter, points)
    at = one.x
    if not one.has_order and len(parameter.choices) > 1:
        at = at / (len(parameter.choices) - 1)
    heights = np.full(len(points), INACTIVE)
    heights[one.active] = at
    return heights


def _axis_texts(
    shown: Sequence[Parameter], last_axis: str, low: float, high: float
) -> list[dict[str, Any]]:
    """Return the ends of each axis, or its choices, as rows: ``axis, height, text``."""
    found = [(last_axis, 0.0, f"{low:.3g}"), (last_axis, 1.0, f"{high:.3g}")]
    for parameter in shown:
        if parameter.is_numeric:
            ends = [(0.0, describe_value(parameter.low)), (1.0, describe_value(parameter.high))]
        else:
            last = max(len(parameter.choices) - 1, 1)
            ends = [(i / last, describe_value(c)) for i, c in enumerate(parameter.choices)]
            ends = ends[:: -(-len(ends) // MAX_TEXTS)]
        found += [(parameter.name, at, text) for at, text in ends]
    return [{"_axis": axis, "_height": at, "text": text} for axis, at, text in found]


def _escaped(name: str) -> str:
    """Return the name of a column as the path to it: dots, brackets and quotes are not parts."""
    return re.sub(r"([\\.\[\]'\"])", r"\\\1", name)
